"""Means and standard deviations in square neighbourhoods of every pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minecover.core.kernels import F32, F64, Bools, Ints, compiled_loop

INFINITY = np.float32(np.inf)


def means_and_sds(values: F32, sizes_px: Sequence[int]) -> F32:
    """Return mean and standard deviation in squares around every pixel, ignoring NaN.

    Values are added in a fixed order: rows from the centre outwards, so that each square
    extends the next smaller one, and columns by powers of two. A running sum would be faster,
    but its last bits would depend on where the array starts.

    Parameters
    ----------
    values : (n, row, col) float32
        NaN where there is no data; pixels outside of the array count as NaN.
    sizes_px : sequence of int
        Sides of the squares [pixels], odd and ascending.

    Returns
    -------
    (size, 2, n, row, col) float32
        Means and standard deviations; NaN where a square has no data.
    """
    halves = np.array([size // 2 for size in sizes_px], np.int64)
    edge = (int(halves[-1]), int(halves[-1]))
    padded = np.pad(values, ((0, 0), edge, edge), constant_values=np.nan)
    return _means_and_sds(padded, halves)


def data_shares(values: F32, sizes_px: Sequence[int]) -> F32:
    """Return the share of the pixels with data in squares around every pixel.

    Parameters
    ----------
    values : (n, row, col) float32
        NaN where there is no data; pixels outside of the array have none.
    sizes_px : sequence of int
        Sides of the squares [pixels], odd.

    Returns
    -------
    (size, n, row, col) float32
        0 ... 1, of all pixels of the square.
    """
    rows, cols = values.shape[1:]
    shares = np.empty((len(sizes_px), *values.shape), np.float32)
    for share, size in zip(shares, sizes_px, strict=True):
        half = size // 2
        padded = np.pad(np.isfinite(values), ((0, 0), (half + 1, half), (half + 1, half)))
        # Whole numbers: their running sums are exact, wherever the array starts.
        sums = padded.cumsum(axis=1, dtype=np.int64).cumsum(axis=2)
        upper, lower = sums[:, :rows], sums[:, size : size + rows]
        right, left = lower - upper, slice(size, size + cols)
        share[:] = (right[:, :, left] - right[:, :, :cols]) / size**2
    return shares


@compiled_loop
def _means_and_sds(padded: F32, halves: Ints) -> F32:
    n, wide, edge = len(padded), padded.shape[2], halves[-1]
    rows, cols = padded.shape[1] - 2 * edge, wide - 2 * edge
    both = np.empty((len(halves), 2, n, rows, cols), np.float32)
    doubled = np.empty((_doublings(2 * edge + 1) + 1, wide))
    down, shares, sums = np.empty((3, wide)), np.empty((len(halves), cols)), np.empty((2, cols))
    differs = _masks_differ(padded)
    for r in range(rows):
        for k in range(n):
            if differs[k]:
                _inverse_counts(padded[k], r + edge, halves, down[2], doubled, shares)
            down[:2] = 0
            reach = -1
            for s in range(len(halves)):
                while reach < halves[s]:
                    reach += 1
                    for side in range(-1, min(reach, 1) + 1, 2):
                        _add_row(padded[k, r + edge + side * reach], down[0], down[1])
                for m in range(2):
                    _add_across(down[m], edge - halves[s], halves[s], doubled, sums[m])
                _finish(sums[0], sums[1], shares[s], both[s, 0, k, r], both[s, 1, k, r])
    return both


@compiled_loop
def _masks_differ(planes: F32) -> Bools:
    """Return which planes have data at other pixels than the plane before."""
    differs = np.ones(len(planes), np.bool_)
    for k in range(1, len(planes)):
        differing = 0
        for r in range(planes.shape[1]):
            one, other = planes[k - 1, r], planes[k, r]
            for x in range(len(one)):
                differing += (abs(one[x]) < INFINITY) != (abs(other[x]) < INFINITY)
        differs[k] = differing > 0
    return differs


@compiled_loop
def _finish(total: F64, squares: F64, share: F64, means: F32, spreads: F32) -> None:
    """Compute means and standard deviations from sums."""
    for x in range(len(total)):
        average = total[x] * share[x]
        variance = squares[x] * share[x] - average * average
        means[x] = average
        spreads[x] = np.sqrt(variance if not variance < 0 else 0.0)


@compiled_loop
def _inverse_counts(
    plane: F32, middle: int, halves: Ints, down: F64, doubled: F64, shares: F64
) -> None:
    """Compute one over the number of pixels with data in the squares around a row's pixels."""
    down[:] = 0
    reach = -1
    for s in range(len(halves)):
        while reach < halves[s]:
            reach += 1
            for side in range(-1, min(reach, 1) + 1, 2):
                row = plane[middle + side * reach]
                for x in range(len(row)):
                    down[x] += 1.0 if abs(row[x]) < INFINITY else 0.0
        _add_across(down, halves[-1] - halves[s], halves[s], doubled, shares[s])
        for x in range(shares.shape[1]):
            shares[s, x] = 1.0 / shares[s, x]


@compiled_loop
def _add_row(row: F32, total: F64, squares: F64) -> None:
    """Add a row to the sums, and sums of squares, of its columns."""
    for x in range(len(row)):
        known = np.float64(row[x] if abs(row[x]) < INFINITY else np.float32(0))
        total[x] += known
        squares[x] += known * known


@compiled_loop
def _doublings(size: int) -> int:
    """Return the largest power of two up to `size`, as its exponent."""
    found = 0
    while 2 << found <= size:
        found += 1
    return found


@compiled_loop
def _add_across(down: F64, first: int, half: int, doubled: F64, across: F64) -> None:
    """Sum `2 * half + 1` neighbours from `first` on by doubling: 9 = 8 + 1, 8 = 4 + 4."""
    size, cols = 2 * half + 1, len(across)
    deepest = _doublings(size)
    for power in range(deepest):
        step = 1 << power
        narrow, broad = down if power == 0 else doubled[power], doubled[power + 1]
        beside = narrow[step:]
        for x in range(len(down) - 2 * step + 1):
            broad[x] = narrow[x] + beside[x]
    at, so_far = first + (1 << deepest), doubled[deepest, first : first + cols]
    for power in range(deepest - 1, -1, -1):
        if size & (1 << power):
            more = (down if power == 0 else doubled[power])[at : at + cols]
            for x in range(cols):
                across[x] = so_far[x] + more[x]
            at, so_far = at + (1 << power), across
