"""Resample a raster to a grid of other pixels or another CRS, reading only what is needed."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.windows import Window

from minecover.core.grid import Grid
from minecover.core.interpolation import block_mean, sampled
from minecover.core.raster.one_band import OneBand

F64 = NDArray[np.float64]
Method = Literal["nearest", "bilinear", "average", "adaptive"]

#: Largest number of points per axis over which a pixel is averaged.
MAX_POINTS = 16
#: Tolerance when counting source pixels in a target pixel [pixels].
LATTICE_TOLERANCE_PX = 1e-4
#: A coordinate outside of every raster [m].
OUTSIDE_M = -1e12


def resampled(
    source: OneBand, grid: Grid, resampling: Method, fill: float, saturated: int | None
) -> F64:
    """Return a raster resampled to a grid.

    Parameters
    ----------
    source : OneBand
        A band.
    grid : Grid
        Grid of the result.
    resampling : {"nearest", "bilinear", "average", "adaptive"}
        Resampling method; adaptive is bilinear here.
    fill : float
        Value that means "no data", besides the file's own nodata.
    saturated : int or None
        Value of saturated pixels: a pixel to which one contributes has it, too.

    Returns
    -------
    (row, col) float64
        NaN where there is no data.
    """
    n = _points_a_side(source, grid) if resampling == "average" else 1
    col, row = _positions(source, grid.split(n))
    left, right = (
        np.clip([col.min() - 1, col.max() + 2], 0, source.shape[1]).astype(int).tolist()
    )
    top, bottom = (
        np.clip([row.min() - 1, row.max() + 2], 0, source.shape[0]).astype(int).tolist()
    )
    if left == right or top == bottom:
        return np.full(grid.shape, np.nan)
    values = _values(source, Window(left, top, right - left, bottom - top), fill)
    is_smooth = resampling in ("bilinear", "adaptive")
    mean = block_mean(sampled(values, col - left, row - top, is_smooth=is_smooth), n)
    if saturated is not None and (marked := values == saturated).any():
        marks = np.where(np.isnan(values), np.nan, marked)
        share = block_mean(sampled(marks, col - left, row - top, is_smooth=is_smooth), n)
        mean[share > 0] = saturated
    return mean


def _points_a_side(source: OneBand, grid: Grid) -> int:
    """Return the points per axis to average: two per source pixel, at most `MAX_POINTS`."""
    col, row = _positions(source, grid.split(2))
    source_px = 2 * max(np.abs(np.diff(col)).max(), np.abs(np.diff(row, axis=0)).max())
    return int(np.clip(2 * math.ceil(source_px - LATTICE_TOLERANCE_PX), 2, MAX_POINTS))


def _positions(source: OneBand, grid: Grid) -> tuple[F64, F64]:
    """Return column and row of the pixel centres of `grid` in a source [pixels]."""
    x, y = np.meshgrid(*grid.centres())
    if source.crs != rasterio.CRS.from_user_input(grid.crs):
        to_source = Transformer.from_crs(grid.crs, source.crs.to_wkt(), always_xy=True)
        x, y = to_source.transform(x, y)
    # Points where the source's CRS is not defined are treated as outside of the source.
    x, y = (np.where(np.isfinite(at), at, OUTSIDE_M) for at in (x, y))
    col, row = ~source.transform @ (x, y)
    return col, row


def _values(source: OneBand, window: Window, fill: float) -> F64:
    """Read a window as float64; masked pixels, the file's nodata and `fill` become NaN."""
    values: F64 = source.read(window).astype(np.float64)
    values[(values == fill) | (values == source.nodata)] = np.nan
    if (hidden := source.masked(window)) is not None:
        values[hidden] = np.nan
    return values
