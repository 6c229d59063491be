"""What lies in squares round every pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minecover.kernels import F32, F64, Ints, looped


def means_and_sds(values: F32, sizes_px: Sequence[int]) -> F32:
    """Mean and standard deviation in squares round every pixel, leaving NaN out.

    Values are added in a fixed order: row after row from the middle outwards, so that a square
    goes on from the next smaller one, and neighbours by powers of two. A running sum would be
    quicker still, and its last bits would tell where the array begins.

    Parameters
    ----------
    values : (n, row, col) float32
        NaN where there is no data, and beyond the edges.
    sizes_px : sequence of int
        Odd sides of the squares, ascending.

    Returns
    -------
    (size, 2, n, row, col) float32
        Means and standard deviations; NaN where a square holds no data.
    """
    halves = np.array([size // 2 for size in sizes_px], np.int64)
    edge = (int(halves[-1]), int(halves[-1]))
    padded = np.pad(values, ((0, 0), edge, edge), constant_values=np.nan)
    return _means_and_sds(padded, halves)


@looped
def _means_and_sds(padded: F32, halves: Ints) -> F32:
    n, wide, edge = len(padded), padded.shape[2], halves[-1]
    rows, cols = padded.shape[1] - 2 * edge, wide - 2 * edge
    both = np.empty((len(halves), 2, n, rows, cols), np.float32)
    down, across = np.empty((3, wide)), np.empty((3, cols))
    doubled = np.empty((_doublings(2 * edge + 1) + 1, wide))
    count, total, squares = across[0], across[1], across[2]
    for k in range(n):
        for r in range(rows):
            middle, reach = r + edge, 0
            down[:] = 0
            _count_in(padded[k, middle], down[0], down[1], down[2])
            for s in range(len(halves)):
                while reach < halves[s]:
                    reach += 1
                    _count_in(padded[k, middle - reach], down[0], down[1], down[2])
                    _count_in(padded[k, middle + reach], down[0], down[1], down[2])
                for m in range(3):
                    _add_across(
                        down[m], edge - halves[s], 2 * halves[s] + 1, doubled, across[m]
                    )
                means, spreads = both[s, 0, k, r], both[s, 1, k, r]
                for x in range(cols):
                    average = total[x] / count[x]
                    variance = squares[x] / count[x] - average * average
                    means[x] = average
                    spreads[x] = np.sqrt(variance if not variance < 0 else 0.0)
    return both


@looped
def _count_in(row: F32, count: F64, total: F64, squares: F64) -> None:
    """Add a row to the running counts, sums and sums of squares of its columns."""
    for x in range(len(row)):
        is_there = abs(row[x]) < np.float32(np.inf)
        known = np.float64(row[x]) if is_there else 0.0
        count[x] += 1.0 if is_there else 0.0
        total[x] += known
        squares[x] += known * known


@looped
def _doublings(size: int) -> int:
    """How often 1 can be doubled up to `size`."""
    found = 0
    while 2 << found <= size:
        found += 1
    return found


@looped
def _add_across(down: F64, first: int, size: int, doubled: F64, across: F64) -> None:
    """Add `size` neighbours, from `first` on: 9 are 8 and 1, 8 are 4 and 4."""
    deepest, cols = _doublings(size), len(across)
    doubled[0] = down
    for power in range(deepest):
        step = 1 << power
        some = len(down) - 2 * step + 1
        narrow, broad, beside = doubled[power], doubled[power + 1], doubled[power][step:]
        for x in range(some):
            broad[x] = narrow[x] + beside[x]
    at = first
    across[:] = doubled[deepest, at : at + cols]
    at += 1 << deepest
    for power in range(deepest - 1, -1, -1):
        if size & (1 << power):
            more = doubled[power, at : at + cols]
            for x in range(cols):
                across[x] += more[x]
            at += 1 << power
