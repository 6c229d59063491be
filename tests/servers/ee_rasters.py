"""Rasters of the local Earth Engine, and their resampling to the requested grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.sparse import csr_array

from minecover.core.grid import Grid
from minecover.core.interpolation import block_mean, sampled

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Raster:
    """Pixels on their own grid; NaN where there is no data."""

    values: F64
    grid: Grid


def sample(raster: Raster, grid: Grid, mode: str) -> F64:
    """Return a raster on a grid, resampled like the real service."""
    if mode == "mean":
        return _area_mean(raster, grid)
    if (window := _window(raster.grid, grid)) is not None:
        return _cut(raster.values, *window, grid.shape)
    x, y = np.meshgrid(*grid.centres())
    if raster.grid.crs != grid.crs:
        x, y = Transformer.from_crs(grid.crs, raster.grid.crs, always_xy=True).transform(x, y)
    col, row = ~raster.grid.transform @ (x, y)
    return sampled(raster.values, col, row, is_smooth=mode == "bilinear")


def _window(source: Grid, grid: Grid) -> tuple[int, int] | None:
    """Return the first row and column of a grid on an aligned source; None if not aligned."""
    s, t = source.transform, grid.transform
    if source.crs != grid.crs or (s.a, s.e) != (t.a, t.e):
        return None
    col, row = ~s @ (t.c, t.f)
    return (int(row), int(col)) if float(row).is_integer() and float(col).is_integer() else None


def _cut(values: F64, row: int, col: int, shape: tuple[int, int]) -> F64:
    """Return a window that may extend beyond the values."""
    height, width = shape
    window: F64 = np.full(shape, np.nan)
    top, left = max(row, 0), max(col, 0)
    inside = values[top : max(row + height, 0), left : max(col + width, 0)]
    down, across = top - row, left - col
    window[down : down + inside.shape[0], across : across + inside.shape[1]] = inside
    return window


def _area_mean(raster: Raster, grid: Grid) -> F64:
    """Return the mean of the pixels that overlap each pixel of the grid, weighted by area."""
    if raster.grid.crs != grid.crs:
        fine = grid.split(8)
        return block_mean(sample(raster, fine, "nearest"), 8)
    down, across = (_shares(raster.grid, grid, axis) for axis in (0, 1))
    seen = np.isfinite(raster.values).astype(np.float64)
    weight: F64 = down @ seen @ across.T
    total: F64 = down @ np.nan_to_num(raster.values) @ across.T
    mean: F64 = np.full(grid.shape, np.nan)
    np.divide(total, weight, out=mean, where=weight > 0)
    return mean


def _shares(source: Grid, grid: Grid, axis: int) -> csr_array:
    """Return the overlap of pixels of two grids along rows (0) or columns (1) [m]."""

    def edges(of: Grid) -> F64:
        step, start = (
            (of.transform.e, of.transform.f) if axis == 0 else (of.transform.a, of.transform.c)
        )
        line = start + step * np.arange(of.shape[axis] + 1)
        return np.stack([np.minimum(line[1:], line[:-1]), np.maximum(line[1:], line[:-1])])

    ours, theirs = edges(grid), edges(source)
    low = np.maximum(ours[0][:, None], theirs[0][None])
    high = np.minimum(ours[1][:, None], theirs[1][None])
    return csr_array(np.maximum(high - low, 0.0))
