"""Bring a raster onto a grid of another lattice or CRS, reading no more of it than needed."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minecover.core.grid import Grid, block_mean, sampled

F64 = NDArray[np.float64]
Method = Literal["nearest", "bilinear", "average"]

#: Pixels are averaged over this many points an axis at most.
MAX_POINTS = 16
#: Slack when counting source pixels in a target pixel.
LATTICE_TOLERANCE_PX = 1e-4
#: A coordinate that no raster reaches.
OUTSIDE_M = -1e12


def resampled(source: DatasetReader, grid: Grid, resampling: Method, fill: float) -> F64:
    """Bring a source onto `grid`, NaN where it has nothing, reading no more than it needs."""
    n = _points_a_side(source, grid) if resampling == "average" else 1
    col, row = _positions(source, grid.split(n))
    left, right = np.clip([col.min() - 1, col.max() + 2], 0, source.width).astype(int).tolist()
    top, bottom = np.clip([row.min() - 1, row.max() + 2], 0, source.height).astype(int).tolist()
    if left == right or top == bottom:
        return np.full(grid.shape, np.nan)
    values = _values(source, Window(left, top, right - left, bottom - top), fill)
    points = sampled(values, col - left, row - top, is_smooth=resampling == "bilinear")
    return block_mean(points, n)


def _points_a_side(source: DatasetReader, grid: Grid) -> int:
    """Points to average a pixel and axis: two in every source pixel, `MAX_POINTS` at most."""
    col, row = _positions(source, grid.split(2))
    source_px = 2 * max(np.abs(np.diff(col)).max(), np.abs(np.diff(row, axis=0)).max())
    return int(np.clip(2 * math.ceil(source_px - LATTICE_TOLERANCE_PX), 2, MAX_POINTS))


def _positions(source: DatasetReader, grid: Grid) -> tuple[F64, F64]:
    """Where the pixel centres of `grid` lie in a source: column and row [px]."""
    x, y = np.meshgrid(*grid.centres())
    if source.crs != rasterio.CRS.from_user_input(grid.crs):
        to_source = Transformer.from_crs(grid.crs, source.crs.to_wkt(), always_xy=True)
        x, y = to_source.transform(x, y)
    # What has no place in the source's CRS lies outside of it.
    x, y = (np.where(np.isfinite(at), at, OUTSIDE_M) for at in (x, y))
    col, row = ~source.transform @ (x, y)
    return col, row


def _values(source: DatasetReader, window: Window, fill: float) -> F64:
    """Read a window as float64; the file's nodata and `fill` become NaN."""
    values: F64 = source.read(1, window=window).astype(np.float64)
    values[(values == fill) | (values == source.nodata)] = np.nan
    return values
