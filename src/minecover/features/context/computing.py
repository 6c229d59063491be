"""Context planes of a site by name, each vector layer read once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.features.context.distance import DistanceTo, margin_px
from minecover.features.context.layers import Layer, LoadedLayer, nearby_features


class Plane(Protocol):
    """Anything that has one value for every pixel, e.g. the distance to a river."""

    def __call__(self, grid: Grid) -> F32:
        """Compute the plane on a grid, (row, col) float32, NaN where it is not known.

        A pixel's value is the same on every grid that holds the pixel.
        """
        ...


def load_layers(planes: Mapping[str, Plane]) -> dict[str, Plane]:
    """Read every vector layer, once however many planes use it.

    Parameters
    ----------
    planes : mapping of str to Plane
        As configured in ``context.planes``.

    Returns
    -------
    dict of str to Plane
        The same planes, with `LoadedLayer` in place of files.

    Raises
    ------
    ConfigError
        If a layer cannot be read; it names the configuration key.
    """
    loaded: dict[Layer, LoadedLayer] = {}
    ready: dict[str, Plane] = {}
    for name, plane in planes.items():
        if isinstance(plane, DistanceTo):
            if plane.layer not in loaded:
                with naming_key(f"context.planes.{name}.layer"):
                    loaded[plane.layer] = LoadedLayer(plane.layer())
            plane = replace(plane, layer=loaded[plane.layer])
        ready[name] = plane
    return ready


def clip_layers(planes: Mapping[str, Plane], grid: Grid) -> dict[str, Plane]:
    """Reduce every layer to the features near a grid, to send little to worker processes.

    Parameters
    ----------
    planes : mapping of str to Plane
        From `load_layers`.
    grid : Grid
        The site's grid, halo included.

    Returns
    -------
    dict of str to Plane
        Planes with the same values on this grid.
    """
    wide = grid.grown(margin_px(grid))
    return {
        name: replace(plane, layer=LoadedLayer(nearby_features(plane.layer(), wide)))
        if isinstance(plane, DistanceTo)
        else plane
        for name, plane in planes.items()
    }


def compute_context(planes: Mapping[str, Plane], grid: Grid) -> dict[str, F32]:
    """Compute context planes on a grid.

    Parameters
    ----------
    planes : mapping of str to Plane
        By name.
    grid : Grid
        The site's grid, halo included.

    Returns
    -------
    dict of str to (row, col) float32
        By name, in each plane's unit; NaN where it is not known.

    Raises
    ------
    ConfigError
        If a plane cannot be computed; it names the configuration key.
    """
    values = {}
    for name, plane in planes.items():
        with naming_key(f"context.planes.{name}"):
            values[name] = plane(grid)
    return values


@contextmanager
def naming_key(key: str) -> Iterator[None]:
    """Put a configuration key in front of the message of any `ConfigError` raised inside."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from error
