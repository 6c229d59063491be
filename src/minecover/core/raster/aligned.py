"""Read pixels of the same CRS as a grid: copies where they nest, area-weighted means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minecover.core.grid import Grid
from minecover.core.raster.one_band import OneBand

#: Largest deviation of a position that counts as an integer [pixels], and its decimals.
WHOLE_PX, DECIMALS = 1e-6, 6

Integers = NDArray[np.integer]
F64 = NDArray[np.float64]
Ints = NDArray[np.int64]


def read_nested(
    source: OneBand, grid: Grid, fill: float, *, is_larger_allowed: bool
) -> Integers | None:
    """Return the pixels of a file in which the pixels of a grid lie, if each lies in one.

    Parameters
    ----------
    source : OneBand
        A band of integers.
    grid : Grid
        Grid of the result, which may lie outside of the file.
    fill : float
        Value that means "no data", besides the file's own nodata.
    is_larger_allowed : bool
        Whether the file may have larger pixels, which are then repeated.

    Returns
    -------
    (row, col) array or None
        Of the dtype of the file; None if pixels would have to be resampled.
    """
    if not _is_comparable(source, grid):
        return None
    t, g = source.transform, grid.transform
    n = round(t.a / g.a)
    if (n * g.a, n * g.e) != (t.a, t.e) or (n > 1 and not is_larger_allowed):
        return None
    col, row = ~t @ (g.c, g.f)
    first = (round(row * n), round(col * n))
    if max(abs(row * n - first[0]), abs(col * n - first[1])) >= WHOLE_PX:
        return None
    (rows, cols), (top, left) = grid.shape, (at // n for at in first)
    bottom, right = -(-(first[0] + rows) // n), -(-(first[1] + cols) // n)
    found = _window(source, (top, left, bottom - top, right - left), fill)
    if n == 1:
        return found
    down, across = first[0] - top * n, first[1] - left * n
    repeated: Integers = found.repeat(n, 0).repeat(n, 1)
    return repeated[down : down + rows, across : across + cols]


def read_area_mean(
    source: OneBand, grid: Grid, fill: float, saturated: int | None
) -> Integers | None:
    """Return means of a file's pixels over the larger pixels of a grid.

    Each pixel with data counts by the area that it shares with the pixel of the grid, wherever
    the edges of the two lie, so that nothing depends on the window that is read.

    Parameters
    ----------
    source, grid, fill
        See `read_nested`.
    saturated : int or None
        Value of saturated pixels, which makes the mean that value.

    Returns
    -------
    (row, col) array or None
        Of the dtype of the file; None if its pixels are not smaller, or lie in another CRS.
    """
    t, g = source.transform, grid.transform
    if not _is_comparable(source, grid) or t.a >= g.a or t.e <= g.e:
        return None
    from minecover.core.kernels.lattices import area_average  # numba takes a second to import

    top, down = _shares((g.f - t.f) / t.e, g.e / t.e, grid.shape[0])
    left, across = _shares((g.c - t.c) / t.a, g.a / t.a, grid.shape[1])
    first = (int(top[0]), int(left[0]))
    rows = int(top[-1]) - first[0] + down.shape[1]
    cols = int(left[-1]) - first[1] + across.shape[1]
    fine = _window(source, (*first, rows, cols), fill)
    special = (int(fill), int(fill) if saturated is None else saturated)
    return area_average(fine, special, (top - first[0], down), (left - first[1], across))


def _shares(start: float, step: float, n: int) -> tuple[Ints, F64]:
    """Return which pixels of a file lie in each pixel of a grid, along an axis.

    Parameters
    ----------
    start, step : float
        First edge of the grid, and the side of its pixels [pixels of the file].
    n : int
        Number of pixels of the grid.

    Returns
    -------
    first : (n,) int64
        The first pixel of the file.
    shares : (n, m) float64
        Length that it and the m - 1 after it share with the grid's pixel [pixels of the file].
    """
    edges = np.round(start + step * np.arange(n + 1), DECIMALS)
    low, high = edges[:-1, None], edges[1:, None]
    first = np.floor(low).astype(np.int64)
    pixels = first + np.arange(int(np.ceil(step - WHOLE_PX)) + 1)
    shared = np.minimum(high, pixels + 1) - np.maximum(low, pixels)
    return first[:, 0], np.maximum(shared, 0.0)


def _is_comparable(source: OneBand, grid: Grid) -> bool:
    """Return whether a file of integers is north-up in the CRS of a grid."""
    t = source.transform
    is_north_up = (t.b, t.d) == (0, 0) and t.a > 0 > t.e
    is_integer = np.issubdtype(source.dtype, np.integer)
    return bool(is_north_up and is_integer and source.crs.to_string() == grid.crs)


def _window(source: OneBand, window: tuple[int, int, int, int], fill: float) -> Integers:
    """Read the window (row, col, rows, cols); `fill` where the file has no data, or none."""
    row, col, rows, cols = window
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + rows, source.shape[0]), min(col + cols, source.shape[1])
    if top >= bottom or left >= right:
        return np.full((rows, cols), fill, source.dtype)
    # Both readers have checked that they are integers.
    inside = Window(left, top, right - left, bottom - top)
    found: Integers = source.read(inside)  # type: ignore[assignment]
    if source.nodata is not None and source.nodata != fill:
        found[found == source.nodata] = fill
    if (hidden := source.masked(inside)) is not None:
        found[hidden] = fill
    if found.shape == (rows, cols):
        return found
    values = np.full((rows, cols), fill, source.dtype)
    values[top - row : bottom - row, left - col : right - col] = found
    return values
