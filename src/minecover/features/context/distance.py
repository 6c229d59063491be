"""Distances to lines, areas and pixels, on a site and beyond its edge."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.raster import burn
from minecover.features.context.layers import Layer, nearby_features
from minecover.features.context.surfaces import Surface, read_with_margin

F64 = NDArray[np.float64]

#: Distances are clipped here [m]: a larger one identifies the site instead of the ground.
FARTHEST_M = 5000.0


@dataclass(frozen=True, slots=True)
class DistanceTo:
    """Distance to the nearest feature of a layer.

    Parameters
    ----------
    layer : Layer
        Lines, areas or points. It counts as complete: what it does not hold does not exist.
    """

    layer: Layer

    def __call__(self, grid: Grid) -> F32:
        """Compute the distance from every pixel.

        The features are burned on the grid with a margin of `FARTHEST_M`, so that a river
        outside the site counts as much as one inside.

        Returns
        -------
        (row, col) float32
            Distance to the centre of the nearest pixel that a feature touches, 0 on such a
            pixel, at most `FARTHEST_M` [m].
        """
        wide = grid.grown(margin_px(grid))
        touching = nearby_features(self.layer(), wide)
        touched = burn(touching.to_crs(wide.crs).geometry, wide, all_touched=True)
        return _clipped(touched, grid)


@dataclass(frozen=True, slots=True)
class DistanceToPixels:
    """Distance to the nearest pixel where a surface reaches a threshold, e.g. to water.

    Parameters
    ----------
    surface : Surface
        E.g. water occurrence [%].
    at_least : float
        The threshold, in the surface's unit.
    """

    surface: Surface
    at_least: float

    def __post_init__(self) -> None:
        """Refuse a threshold that is not finite."""
        if not math.isfinite(self.at_least):
            raise ConfigError(
                f"at_least must be a number, found {self.at_least}. "
                "Fix context.planes.*.at_least."
            )

    def __call__(self, grid: Grid) -> F32:
        """Compute the distance from every pixel.

        Returns
        -------
        (row, col) float32
            Distance to the nearest pixel that reaches the threshold, 0 on such a pixel, at most
            `FARTHEST_M` [m]. NaN where an unknown pixel is nearer: it could reach it too.
        """
        values = read_with_margin(self.surface, grid, margin_px(grid))
        known = _clipped(values >= self.at_least, grid)
        unknown = _clipped(np.isnan(values), grid)
        return np.where(unknown < known, np.float32(np.nan), known).astype(np.float32)


def margin_px(grid: Grid) -> int:
    """Return `FARTHEST_M` in pixels of a grid, rounded up."""
    return math.ceil(FARTHEST_M / min(grid.pixel_m))


def _clipped(wide: NDArray[np.bool_], grid: Grid) -> F32:
    """Return the distance to the marked pixels of the grid with its margin, clipped [m]."""
    margin, (rows, cols) = margin_px(grid), grid.shape
    if not wide.any():
        return np.full(grid.shape, FARTHEST_M, np.float32)
    width_m, height_m = grid.pixel_m
    far = distance_transform_edt(~wide, sampling=(height_m, width_m))
    inner: F64 = far[margin : margin + rows, margin : margin + cols]
    return np.minimum(inner, FARTHEST_M).astype(np.float32)
