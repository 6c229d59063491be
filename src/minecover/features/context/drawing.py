"""The planes of a site by name, each layer read once for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.features.context.distance import DistanceTo, margin_px
from minecover.features.context.layers import Held, Layer, near


class Plane(Protocol):
    """One thing that is known of every pixel."""

    def __call__(self, grid: Grid) -> F32:
        """Give it on a grid, (row, col), NaN where it is not known.

        A pixel's value is the same on every grid that holds the pixel.
        """
        ...


def held(planes: Mapping[str, Plane]) -> dict[str, Plane]:
    """Read every vector layer, once however many planes ask for it.

    Raises
    ------
    ConfigError
        If one cannot be read: it names the key.
    """
    read: dict[Layer, Held] = {}
    ready: dict[str, Plane] = {}
    for name, plane in planes.items():
        if isinstance(plane, DistanceTo):
            if plane.layer not in read:
                with naming(f"context.planes.{name}.layer"):
                    read[plane.layer] = Held(plane.layer())
            plane = replace(plane, layer=read[plane.layer])
        ready[name] = plane
    return ready


def cut(planes: Mapping[str, Plane], grid: Grid) -> dict[str, Plane]:
    """Keep of every layer only what a grid can see: what one site's work has to carry."""
    wide = grid.grown(margin_px(grid))
    return {
        name: replace(plane, layer=Held(near(plane.layer(), wide)))
        if isinstance(plane, DistanceTo)
        else plane
        for name, plane in planes.items()
    }


def drawn(planes: Mapping[str, Plane], grid: Grid) -> dict[str, F32]:
    """Draw the planes on a grid.

    Raises
    ------
    ConfigError
        If one cannot be drawn: it names the key.
    """
    done = {}
    for name, plane in planes.items():
        with naming(f"context.planes.{name}"):
            done[name] = plane(grid)
    return done


@contextmanager
def naming(key: str) -> Iterator[None]:
    """Say which key of the configuration a failure inside is about."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from error
