"""Read windows of all bands from rasters that may have the south on top."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minecover.core.grid import Grid
from minecover.core.hemispheres import named_as
from minecover.core.raster.opening import grid_of, opened

#: Pixels that are read around a grid, for values between pixels.
MARGIN_PX = 2


@dataclass(frozen=True, slots=True, eq=False)
class RasterWindow:
    """A window of a raster, with the north on top.

    Parameters
    ----------
    values : (band, row, col) array
        As stored.
    grid : Grid
        Grid of the window.
    """

    values: NDArray[np.generic]
    grid: Grid


def north_up_grid(path: Path) -> tuple[Grid, int, np.dtype[np.generic]]:
    """Return the grid of a file with the north on top, the number of its bands, and their type.

    Raises
    ------
    SceneError
        If the file is missing, damaged, not a raster, without CRS, or rotated.
    """
    with opened(path) as source:
        return _north_up(source, path)[0], source.count, np.dtype(source.dtypes[0])


def read_window(path: Path, grid: Grid) -> RasterWindow | None:
    """Return all bands of a file in a window around a grid, with the north on top.

    Parameters
    ----------
    path : Path
        A raster file that GDAL can read; its first row may be the southernmost.
    grid : Grid
        The grid, in any CRS.

    Returns
    -------
    RasterWindow or None
        At least the pixels that touch the grid, and one more on every side where the file has
        them; None if it has no pixel there.

    Raises
    ------
    SceneError
        See `north_up_grid`.
    """
    with opened(path) as source:
        whole, is_turned = _north_up(source, path)
        col, row = whole.positions(named_as(grid, whole.crs))
        rows, cols = whole.shape
        # A pixel of the grid reaches half its side beyond its centre.
        reach = MARGIN_PX + math.ceil(max(1.0, grid.transform.a / whole.transform.a) / 2)
        left, right = (
            int(np.clip(at, 0, cols))
            for at in (math.floor(col.min()) - reach, math.ceil(col.max()) + reach)
        )
        top, bottom = (
            int(np.clip(at, 0, rows))
            for at in (math.floor(row.min()) - reach, math.ceil(row.max()) + reach)
        )
        if left == right or top == bottom:
            return None
        first = rows - bottom if is_turned else top
        found = source.read(window=Window(left, first, right - left, bottom - top))
        values = found[:, ::-1] if is_turned else found
        return RasterWindow(values, whole.cut(top, left, bottom, right))


def _north_up(source: DatasetReader, path: Path) -> tuple[Grid, bool]:
    """Return the grid of a raster with the north on top, and whether that turns its rows."""
    t = source.transform
    is_turned = (t.b, t.d) == (0, 0) and t.a > 0 and t.e > 0
    if not is_turned:
        return grid_of(source, path), False
    north_up = Affine(t.a, 0, t.c, 0, -t.e, t.f + t.e * source.height)
    return Grid(source.crs.to_string(), north_up, source.shape), True
