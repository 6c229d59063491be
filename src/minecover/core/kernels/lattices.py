"""Aggregate pixels to coarser cells, and interpolate from cells to pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minecover.core.kernels import F32, F64, Bools, Ints, compiled_loop

Integers = NDArray[np.integer]
Between = tuple[Ints, F32, Bools]
Shares = tuple[Ints, F64]


def block_means(values: F32, side: int, *, corner: tuple[int, int] = (0, 0)) -> F32:
    """Return the mean of each complete block of side x side pixels, ignoring NaN.

    Parameters
    ----------
    values : (n, row, col) float32
        NaN where there is no data.
    side : int
        Side of a block [pixels].
    corner : (int, int)
        Row and column of the first block's upper left pixel.

    Returns
    -------
    (n, (row - corner) // side, (col - corner) // side) float32
        NaN where a block has no data.
    """
    return _block_means(np.ascontiguousarray(values), side, corner)


@compiled_loop
def _block_means(values: F32, side: int, corner: tuple[int, int]) -> F32:
    (top, left), n = corner, len(values)
    rows, cols = (values.shape[1] - top) // side, (values.shape[2] - left) // side
    means = np.empty((n, rows, cols), np.float32)
    total, count = np.empty(cols * side), np.empty(cols * side, np.int32)
    for k in range(n):
        for i in range(rows):
            total[:] = 0
            count[:] = 0
            for down in range(side):
                row = values[k, top + i * side + down, left : left + cols * side]
                for x in range(cols * side):
                    value = row[x]
                    is_there = abs(value) < np.float32(np.inf)
                    total[x] += np.float64(value) if is_there else 0.0
                    count[x] += is_there
            for j in range(cols):
                summed, seen = 0.0, 0
                for x in range(j * side, (j + 1) * side):
                    summed += total[x]
                    seen += count[x]
                means[k, i, j] = summed / seen if seen > 0 else np.nan
    return means


def interpolated(windows: F32, rows: Between, cols: Between) -> F32:
    """Return values interpolated bilinearly from window centres to pixels, ignoring NaN.

    Parameters
    ----------
    windows : (n, i, j) float32
        Values at window centres, NaN where there is none.
    rows, cols : (int64, float32, bool) arrays, each (pixels,)
        Positions of the pixels between the window centres: index of the window before, weight
        of the window after, and whether the pixel lies between two windows.

    Returns
    -------
    (n, row, col) float32
        NaN outside, and where the windows with a value have a weight of at most 1/4.
    """
    nothing = np.zeros((len(windows), len(rows[0]), len(cols[0])), np.float32)
    return _interpolated(windows, rows, cols, nothing, False)


def minus_interpolated(values: F32, windows: F32, rows: Between, cols: Between) -> F32:
    """Return `values` (n, row, col) minus the result of `interpolated`, in one pass."""
    return _interpolated(windows, rows, cols, values, True)


@compiled_loop
def _interpolated(
    windows: F32, at: Between, across: Between, values: F32, is_over: bool
) -> F32:
    (i, f, row_in), (j, g, col_in) = at, across
    n, last_row, last_col = len(windows), windows.shape[1] - 1, windows.shape[2] - 1
    rows, cols = len(i), len(j)
    out = np.empty((n, rows, cols), np.float32)
    weight, total = np.empty(last_col + 1, np.float32), np.empty(last_col + 1, np.float32)
    one, nothing, quarter = np.float32(1), np.float32(np.nan), np.float32(0.25)
    # Columns between the same two windows are processed together, without lookups.
    edges = np.append(np.append(0, np.flatnonzero(np.diff(j)) + 1), cols)
    for k in range(n):
        for r in range(rows):
            if not row_in[r]:
                out[k, r] = nothing
                continue
            upper, lower = windows[k, i[r]], windows[k, min(i[r] + 1, last_row)]
            for w in range(last_col + 1):
                a, b = upper[w], lower[w]
                has_a, has_b = abs(a) < np.float32(np.inf), abs(b) < np.float32(np.inf)
                share_a = one - f[r] if has_a else np.float32(0)
                share_b = f[r] if has_b else np.float32(0)
                weight[w] = share_a + share_b
                known_a = a if has_a else np.float32(0)
                known_b = b if has_b else np.float32(0)
                total[w] = known_a * (one - f[r]) + known_b * f[r]
            for e in range(len(edges) - 1):
                w = j[edges[e]]
                v = min(w + 1, last_col)
                weight_w, weight_v, total_w, total_v = weight[w], weight[v], total[w], total[v]
                here = slice(edges[e], edges[e + 1])
                shares, inside, row, found = (
                    g[here],
                    col_in[here],
                    values[k, r, here],
                    out[k, r, here],
                )
                for x in range(len(found)):
                    heavy = weight_w * (one - shares[x]) + weight_v * shares[x]
                    value = (total_w * (one - shares[x]) + total_v * shares[x]) / heavy
                    value = value if inside[x] & (heavy > quarter) else nothing
                    found[x] = row[x] - value if is_over else value
    return out


@compiled_loop
def area_average(
    fine: Integers, special: tuple[int, int], rows: Shares, cols: Shares
) -> Integers:
    """Return means of pixels over larger ones, weighted by the area that they share.

    Parameters
    ----------
    fine : (row, col) integers
        The smaller pixels.
    special : (int, int)
        Value that means "no data", and value of saturated pixels, which makes every mean to
        which it contributes the same; twice the first where there is none.
    rows, cols : ((n,) int64, (n, m) float64)
        For each row and column of the result the first of `fine` in it, and the lengths that
        this one and the following ones share with it.

    Returns
    -------
    (n rows, n cols) array of the dtype of `fine`
        Means rounded to integers; "no data" where no pixel has data.
    """
    (top, down), (left, across), (fill, saturated) = rows, cols, special
    coarse = np.empty((len(top), len(left)), fine.dtype)
    for i in range(len(top)):
        for j in range(len(left)):
            total, weight, is_saturated = 0.0, 0.0, False
            for k in range(down.shape[1]):
                for m in range(across.shape[1]):
                    share = down[i, k] * across[j, m]
                    if share > 0:
                        value = fine[top[i] + k, left[j] + m]
                        if value != fill:
                            is_saturated |= value == saturated
                            total += share * value
                            weight += share
            if is_saturated:
                coarse[i, j] = saturated
            else:
                coarse[i, j] = np.rint(total / weight) if weight > 0 else fill
    return coarse
