"""Order statistics: quantiles over dates, medians of windows."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from minecover.core.kernels import F32, Bools, Ints, compiled_loop

Keys = NDArray[np.int32]
Counts = NDArray[np.uint8]
#: Positions of a quantile by number of values, see `quantile_positions`.
Table = tuple[Ints, Ints, F32]

#: Pixels that are sorted side by side: a few kilobytes, which fit into the L1 cache.
LANES = 128
#: Bits of float32 infinity and NaN, and all bits except the sign.
INFINITE, NOTHING, POSITIVE = np.int32(0x7F800000), np.int32(0x7FC00000), np.int32(0x7FFFFFFF)


@cache
def sorting_network(n: int) -> Ints:
    """Return the compare-exchange pairs that sort `n` values, (k, 2): Batcher's merge exchange.

    References
    ----------
    Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M.
    """
    pairs = []
    top = 1 << max((n - 1).bit_length() - 1, 0)
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            pairs += [(i, i + d) for i in range(n - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1
    return np.array(pairs, np.int64).reshape(-1, 2)


def quantile_positions(n: int, q: float) -> Table:
    """Return the positions of quantile `q` among 0 ... n sorted values.

    Parameters
    ----------
    n : int
        Largest number of values.
    q : float
        Quantile, 0 ... 1.

    Returns
    -------
    low, high : (n + 1,) int64
        Indices of the two neighbouring values, by number of values.
    share : (n + 1,) float32
        Weight of the upper neighbour.
    """
    position = q * np.maximum(np.arange(n + 1) - 1, 0)
    low, high = np.floor(position), np.ceil(position)
    return low.astype(np.int64), high.astype(np.int64), (position - low).astype(np.float32)


def sort_dates(values: F32, valid: Bools) -> tuple[F32, Counts]:
    """Return valid values sorted over dates.

    Parameters
    ----------
    values : (time, row, col) float32
        Values of one feature.
    valid : (time, row, col) bool
        Observations to use.

    Returns
    -------
    ordered : (time, row, col) float32
        Ascending along time, then NaN for values that are not valid or not finite.
    count : (row, col) uint8
        Number of values that are not NaN.
    """
    shape, n_dates = values.shape, len(values)
    flat = np.ascontiguousarray(values).reshape(n_dates, -1).view(np.int32)
    usable = np.ascontiguousarray(valid).reshape(n_dates, -1)
    ordered, count = _sort_dates(flat, usable, sorting_network(n_dates))
    return ordered.view(np.float32).reshape(shape), count.reshape(shape[1:])


@compiled_loop
def _sort_dates(bits: Keys, valid: Bools, pairs: Ints) -> tuple[Keys, Counts]:
    n_dates, n = bits.shape
    ordered = np.empty((n_dates, n), np.int32)
    count = np.zeros(n, np.uint8)
    lanes = np.full((n_dates, LANES), INFINITE)
    for first in range(0, n, LANES):
        width = min(LANES, n - first)
        here = count[first : first + width]
        for t in range(n_dates):
            _load(bits[t, first : first + width], valid[t, first : first + width], lanes[t])
        for t in range(n_dates):
            lane = lanes[t]
            for x in range(width):
                here[x] += np.uint8(lane[x] < INFINITE)
        _sort_lanes(lanes, pairs)
        for t in range(n_dates):
            lane, out = lanes[t], ordered[t, first : first + width]
            for x in range(width):
                key = lane[x]
                out[x] = _ordered_bits(key) if key < INFINITE else NOTHING
    return ordered, count


@compiled_loop
def _ordered_bits(bits: np.int32) -> np.int32:
    """Return the bits of a float32 as an integer of the same order; its own inverse."""
    return bits ^ ((bits >> np.int32(31)) & POSITIVE)


@compiled_loop
def _load(bits: Keys, valid: Bools, lane: Keys) -> None:
    """Load valid finite values, and infinity, which sorts last, for the others."""
    for x in range(len(bits)):
        is_there = valid[x] & ((bits[x] & POSITIVE) < INFINITE)
        lane[x] = _ordered_bits(bits[x]) if is_there else INFINITE


@compiled_loop
def _sort_lanes(lanes: Keys, pairs: Ints) -> None:
    """Sort all lanes at once, as integers, which compilers vectorise and floats they do not."""
    for k in range(len(pairs)):
        upper, lower = lanes[pairs[k, 0]], lanes[pairs[k, 1]]
        for x in range(LANES):
            a, b = upper[x], lower[x]
            upper[x] = min(a, b)
            lower[x] = max(a, b)


def quantile(ordered: F32, count: Counts, q: float) -> F32:
    """Return a quantile of values sorted by `sort_dates`.

    Parameters
    ----------
    ordered : (time, row, col) float32
        Sorted values.
    count : (row, col) uint8
        Number of values.
    q : float
        Quantile, 0 ... 1.

    Returns
    -------
    (row, col) float32
        Interpolated linearly; NaN where there is no value.
    """
    n_dates, *shape = ordered.shape
    flat = ordered.reshape(n_dates, -1)
    return _quantile(flat, count.ravel(), *quantile_positions(n_dates, q)).reshape(shape)


@compiled_loop
def _quantile(ordered: F32, count: Counts, low: Ints, high: Ints, share: F32) -> F32:
    n = ordered.shape[1]
    found = np.empty(n, np.float32)
    for x in range(n):
        k = count[x]
        below = ordered[low[k], x]
        found[x] = below + (ordered[high[k], x] - below) * share[k]
    return found


def window_medians(
    cells: F32, starts: tuple[Ints, Ints], side: int, least: int, *, with_deviation: bool
) -> tuple[F32, F32]:
    """Return the median and the median absolute deviation of square windows of cells.

    Parameters
    ----------
    cells : (n, row, col) float32
        NaN where there is no data.
    starts : (rows,) int64, (cols,) int64
        Rows and columns of the windows' upper left cells.
    side : int
        Side of a window [cells].
    least : int
        Number of cells with data that a window needs.
    with_deviation : bool
        Whether to compute the deviation.

    Returns
    -------
    median, deviation : (n, rows, cols) float32
        NaN where a window has less than `least` cells with data; the deviation is NaN
        everywhere if it is not computed.
    """
    network, table = sorting_network(side * side), quantile_positions(side * side, 0.5)
    median = np.full((len(cells), *(len(at) for at in starts)), np.nan, np.float32)
    deviation = median.copy()
    _window_medians(
        cells, starts, network, table, (median, deviation), (side, least, with_deviation)
    )
    return median, deviation


@compiled_loop
def _window_medians(
    cells: F32,
    starts: tuple[Ints, Ints],
    pairs: Ints,
    table: Table,
    out: tuple[F32, F32],
    how: tuple[int, int, bool],
) -> None:
    side, least, deviate = how
    lanes = np.full((side * side, LANES), INFINITE)
    floats = lanes.view(np.float32)
    for k in range(len(cells)):
        medians, deviations = out[0][k].reshape(-1), out[1][k].reshape(-1)
        for first in range(0, len(medians), LANES):
            width = min(LANES, len(medians) - first)
            here = slice(first, first + width)
            _gather(cells[k], starts, first, side, floats[:, :width])
            middle, count = _lane_medians(lanes, width, pairs, table)
            _store_supported(middle, count, least, medians[here])
            if deviate:
                _gather(cells[k], starts, first, side, floats[:, :width])
                floats[:, :width] = np.abs(floats[:, :width] - middle)
                middle, count = _lane_medians(lanes, width, pairs, table)
                _store_supported(middle, count, least, deviations[here])


@compiled_loop
def _store_supported(values: F32, count: Keys, least: int, out: F32) -> None:
    """Store the values of windows with enough cells."""
    for x in range(len(values)):
        if count[x] >= least:
            out[x] = values[x]


@compiled_loop
def _gather(cells: F32, starts: tuple[Ints, Ints], first: int, side: int, lanes: F32) -> None:
    """Copy the cells of windows, starting with window `first`, into lanes side by side."""
    (tops, lefts), x = starts, 0
    while x < lanes.shape[1]:
        i, j = (first + x) // len(lefts), (first + x) % len(lefts)
        at = lefts[j : j + lanes.shape[1] - x]
        for down in range(side):
            row = cells[tops[i] + down]
            for across in range(side):
                lane, shifted = lanes[down * side + across, x:], row[across:]
                for w in range(len(at)):
                    lane[w] = shifted[at[w]]
        x += len(at)


@compiled_loop
def _lane_medians(lanes: Keys, width: int, pairs: Ints, table: Table) -> tuple[F32, Keys]:
    """Return median and number of the finite values in each lane (bits of float32)."""
    low, high, share = table
    everything = np.ones(width, np.bool_)
    count = np.zeros(width, np.int32)
    for lane in lanes:
        _load(lane[:width], everything, lane)
        for x in range(width):
            count[x] += np.int32(lane[x] < INFINITE)
    middle = np.full(width, np.float32(np.nan))
    # Lanes that are all cloudy need no sorting.
    if count.max() == 0:
        return middle, count
    _sort_lanes(lanes, pairs)
    ends = np.empty(2, np.int32)
    floats = ends.view(np.float32)
    for x in range(width):
        if count[x] > 0:
            ends[0] = _ordered_bits(lanes[low[count[x]], x])
            ends[1] = _ordered_bits(lanes[high[count[x]], x])
            middle[x] = floats[0] + (floats[1] - floats[0]) * share[count[x]]
    return middle, count
