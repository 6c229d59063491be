"""Read pixels without resampling from files aligned with the grid, including pan bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minecover.core.grid import Grid

#: Largest deviation of a position that counts as an integer [pixels].
WHOLE_PX = 1e-6

Integers = NDArray[np.integer]


def read_aligned(source: DatasetReader, grid: Grid, fill: float) -> Integers | None:
    """Return the pixels of a grid, if the file is aligned with it.

    Parameters
    ----------
    source : DatasetReader
        A file with one band of integers.
    grid : Grid
        Grid of the result, which may lie outside of the file.
    fill : float
        Value that means "no data", besides the file's own nodata.

    Returns
    -------
    (row, col) array or None
        Of the dtype of the file; None if pixels would have to be resampled.
    """
    corner = _corner(source, grid, scale=1)
    if corner is None:
        return None
    row, col = corner
    return _window(source, (row, col, *grid.shape), fill)


def read_pan_mean(source: DatasetReader, grid: Grid, fill: float) -> Integers | None:
    """Return pan pixels averaged over the pixels of a grid, if both share their centres.

    A 30 m pixel is the mean of the 15 m pixels that have data, weighted [1/4, 1/2, 1/4] in rows
    and columns, which equals sampling the pixel at 4 x 4 points.

    Parameters
    ----------
    source, grid, fill
        See `read_aligned`.

    Returns
    -------
    (row, col) array or None
        Of the dtype of the file; None if the centres differ.
    """
    corner = _corner(source, grid, scale=2)
    if corner is None:
        return None
    from minecover.core.kernels.lattices import pan_average  # numba takes a second to import

    rows, cols = grid.shape
    window = (corner[0], corner[1], 2 * rows + 1, 2 * cols + 1)
    return pan_average(_window(source, window, fill), int(fill))


def _corner(source: DatasetReader, grid: Grid, *, scale: int) -> tuple[int, int] | None:
    """Return row and column of the file's pixel at the grid's corner; None if not aligned.

    `scale` is the number of file pixels along a pixel of the grid. For pan pixels, the corner
    is the centre of the returned pixel.
    """
    t, g = source.transform, grid.transform
    if (t.b, t.d) != (0, 0) or not np.issubdtype(source.dtypes[0], np.integer):
        return None
    if (t.a * scale, t.e * scale) != (g.a, g.e) or source.crs.to_string() != grid.crs:
        return None
    col, row = ~t @ (g.c, g.f)
    if scale == 2:
        col, row = col - 0.5, row - 0.5
    at = (round(row), round(col))
    return at if max(abs(row - at[0]), abs(col - at[1])) < WHOLE_PX else None


def _window(source: DatasetReader, window: tuple[int, int, int, int], fill: float) -> Integers:
    """Read the window (row, col, rows, cols); `fill` outside of the file and for its nodata."""
    row, col, rows, cols = window
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + rows, source.height), min(col + cols, source.width)
    if top >= bottom or left >= right:
        return np.full((rows, cols), fill, source.dtypes[0])
    found: Integers = source.read(1, window=Window(left, top, right - left, bottom - top))
    if source.nodata is not None and source.nodata != fill:
        found[found == source.nodata] = fill
    if found.shape == (rows, cols):
        return found
    values = np.full((rows, cols), fill, source.dtypes[0])
    values[top - row : bottom - row, left - col : right - col] = found
    return values
