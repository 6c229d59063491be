"""Pixels that need no resampling: windows of files on the same lattice, pan bands too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minecover.core.grid import Grid

#: Slack when a position counts as whole [px].
WHOLE_PX = 1e-6

Integers = NDArray[np.integer]


def copied(source: DatasetReader, grid: Grid, fill: float) -> Integers | None:
    """Copy the pixels of `grid`, in the file's dtype, if the file has that very lattice.

    Parameters
    ----------
    source : DatasetReader
        Of integers, one band.
    grid : Grid
        The pixels wanted, which may lie outside of the file.
    fill : float
        Stands for "no data", beside the file's own nodata.

    Returns
    -------
    (row, col) array or None
        None if pixels would have to be resampled.
    """
    corner = _corner(source, grid, scale=1)
    if corner is None:
        return None
    row, col = corner
    return _window(source, (row, col, *grid.shape), fill)


def pan_mean(source: DatasetReader, grid: Grid, fill: float) -> Integers | None:
    """Average pan pixels over those of `grid`, if both share their centres.

    A 30 m pixel takes [1/4, 1/2, 1/4] of the 15 m pixels in rows and columns, leaving out those
    without data: what sampling a pixel at 4 x 4 points gives.

    Parameters
    ----------
    source, grid, fill
        See `copied`.

    Returns
    -------
    (row, col) array or None
        None if the lattices lie otherwise.
    """
    corner = _corner(source, grid, scale=2)
    if corner is None:
        return None
    from minecover.core.kernels.lattices import smoothed  # numba takes a second to import

    rows, cols = grid.shape
    around = (corner[0], corner[1], 2 * rows + 1, 2 * cols + 1)
    return smoothed(_window(source, around, fill), int(fill))


def _corner(source: DatasetReader, grid: Grid, *, scale: int) -> tuple[int, int] | None:
    """Find the file's pixel at a grid's corner; None if theirs are not `scale` to a pixel.

    For pan pixels it is the one that is halved by the corner.
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
    """Read (row, col, rows, cols) of a file; `fill` outside of it and for its nodata."""
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
