"""Compiled loops over pixels: what numpy does in several passes over memory, done in one.

Each gives, to the last bit, what its numpy sentence gives; neither the processor nor the shape
of the array matters. Sums keep their order, and nothing is fused or reassociated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Keys = NDArray[np.int32]
Counts = NDArray[np.uint8]
Integers = NDArray[np.integer]
#: Where a quantile lies, by how many values there are, see `lookup`.
Table = tuple[Ints, Ints, F32]

#: Pixels that are sorted side by side: a few kilobytes, which stay in the first cache.
LANES = 128
#: Of float32: the bits of infinity and of NaN, and all bits but the sign.
INFINITE, NOTHING, POSITIVE = np.int32(0x7F800000), np.int32(0x7FC00000), np.int32(0x7FFFFFFF)

Loop = TypeVar("Loop", bound=Callable[..., object])


def looped(function: Loop) -> Loop:
    """Compile a function of arrays once a machine; it runs without Python's lock."""
    compile_it: Callable[[Loop], Loop] = numba.njit(cache=True, nogil=True, error_model="numpy")
    return compile_it(function)


@cache
def exchanges(n: int) -> Ints:
    """List the compare-exchanges that sort `n` values, (k, 2), by Batcher's merge exchange.

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


def lookup(n: int, q: float) -> Table:
    """Say where quantile `q` of 0 ... n ascending values lies.

    Returns
    -------
    low, high : (n + 1,) int64
        Its neighbours among so many values.
    share : (n + 1,) float32
        Of the upper one.
    """
    position = q * np.maximum(np.arange(n + 1) - 1, 0)
    low, high = np.floor(position), np.ceil(position)
    return low.astype(np.int64), high.astype(np.int64), (position - low).astype(np.float32)


def physics(dn: NDArray[np.uint16], scale: F32, offset: F32) -> F32:
    """Turn numbers (n, row, col) into ``dn * scale + offset``, each (n,); 0 into NaN."""
    flat = np.ascontiguousarray(dn).reshape(len(dn), -1)
    return _physics(flat, scale, offset).reshape(dn.shape)


@looped
def _physics(dn: NDArray[np.uint16], scale: F32, offset: F32) -> F32:
    values = np.empty(dn.shape, np.float32)
    for k in range(len(dn)):
        row, out, a, b = dn[k], values[k], scale[k], offset[k]
        for x in range(len(row)):
            value = np.float32(row[x]) * a + b
            out[x] = value if row[x] != 0 else np.float32(np.nan)
    return values


@looped
def hide(values: F32, valid: Bools) -> None:
    """Put NaN into values (plane, time, row, col) where they are not valid (time, row, col)."""
    for k in range(values.shape[0]):
        for t in range(values.shape[1]):
            for r in range(values.shape[2]):
                row, is_valid = values[k, t, r], valid[t, r]
                for x in range(len(row)):
                    row[x] = row[x] if is_valid[x] else np.float32(np.nan)


def normalised_difference(a: F32, b: F32) -> F32:
    """Give (a - b) / (a + b), clipped to -1 ... 1; NaN unless the sum is positive."""
    return _elementwise(_normalised_difference, a, b)


@looped
def _normalised_difference(a: F32, b: F32) -> F32:
    found = np.empty(len(a), np.float32)
    for x in range(len(a)):
        total = a[x] + b[x]
        value = (a[x] - b[x]) / total if total > np.float32(0) else np.float32(np.nan)
        value = np.float32(-1) if value < np.float32(-1) else value
        found[x] = np.float32(1) if value > np.float32(1) else value
    return found


def ratio(a: F32, b: F32) -> F32:
    """Give a / b, clipped to 0 ... 10; NaN unless `b` is positive."""
    return _elementwise(_ratio, a, b)


@looped
def _ratio(a: F32, b: F32) -> F32:
    found = np.empty(len(a), np.float32)
    for x in range(len(a)):
        value = a[x] / b[x] if b[x] > np.float32(0) else np.float32(np.nan)
        value = np.float32(0) if value < np.float32(0) else value
        found[x] = np.float32(10) if value > np.float32(10) else value
    return found


def _elementwise(formula: Callable[[F32, F32], F32], a: F32, b: F32) -> F32:
    """Apply a compiled formula of two arrays of one shape."""
    left, right = (np.ascontiguousarray(each, np.float32) for each in (a, b))
    return formula(left.ravel(), right.ravel()).reshape(left.shape)


def sort_dates(values: F32, valid: Bools) -> tuple[F32, Counts]:
    """Sort what is valid over dates.

    Parameters
    ----------
    values : (time, row, col) float32
    valid : (time, row, col) bool

    Returns
    -------
    ordered : (time, row, col) float32
        Ascending; NaN, for what is not valid or not finite, last.
    count : (row, col) uint8
        How many come before.
    """
    shape, n_dates = values.shape, len(values)
    flat = np.ascontiguousarray(values).reshape(n_dates, -1).view(np.int32)
    usable = np.ascontiguousarray(valid).reshape(n_dates, -1)
    ordered, count = _sort_dates(flat, usable, exchanges(n_dates))
    return ordered.view(np.float32).reshape(shape), count.reshape(shape[1:])


@looped
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
                out[x] = _flipped(key) if key < INFINITE else NOTHING
    return ordered, count


@looped
def _flipped(bits: np.int32) -> np.int32:
    """Turn the bits of a float into an integer of the same order, and back."""
    return bits ^ ((bits >> np.int32(31)) & POSITIVE)


@looped
def _load(bits: Keys, valid: Bools, lane: Keys) -> None:
    """Load what is valid and finite; infinity, which sorts last, for the rest."""
    for x in range(len(bits)):
        is_there = valid[x] & ((bits[x] & POSITIVE) < INFINITE)
        lane[x] = _flipped(bits[x]) if is_there else INFINITE


@looped
def _sort_lanes(lanes: Keys, pairs: Ints) -> None:
    """Sort all lanes at once. Compilers find vector instructions for integers, not floats."""
    for k in range(len(pairs)):
        upper, lower = lanes[pairs[k, 0]], lanes[pairs[k, 1]]
        for x in range(LANES):
            a, b = upper[x], lower[x]
            upper[x] = min(a, b)
            lower[x] = max(a, b)


def quantile(ordered: F32, count: Counts, q: float) -> F32:
    """Look a quantile up in what `sort_dates` gave, (row, col); NaN where there is no value."""
    n_dates, *shape = ordered.shape
    flat = ordered.reshape(n_dates, -1)
    return _quantile(flat, count.ravel(), *lookup(n_dates, q)).reshape(shape)


@looped
def _quantile(ordered: F32, count: Counts, low: Ints, high: Ints, share: F32) -> F32:
    n = ordered.shape[1]
    found = np.empty(n, np.float32)
    for x in range(n):
        k = count[x]
        below = ordered[low[k], x]
        found[x] = below + (ordered[high[k], x] - below) * share[k]
    return found


def block_means(values: F32, side: int) -> F32:
    """Mean of whole blocks of side x side pixels, leaving NaN out.

    Parameters
    ----------
    values : (n, row, col) float32
    side : int

    Returns
    -------
    (n, row // side, col // side) float32
    """
    return _block_means(values, side)


@looped
def _block_means(values: F32, side: int) -> F32:
    n, rows, cols = len(values), values.shape[1] // side, values.shape[2] // side
    means = np.empty((n, rows, cols), np.float32)
    total, count = np.empty(cols * side), np.empty(cols * side, np.int32)
    for k in range(n):
        for i in range(rows):
            total[:] = 0
            count[:] = 0
            for down in range(side):
                row = values[k, i * side + down]
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


def middles(
    cells: F32, starts: tuple[Ints, Ints], side: int, least: int, *, with_deviation: bool
) -> tuple[F32, F32]:
    """Median and median absolute deviation of square windows of cells.

    Parameters
    ----------
    cells : (n, row, col) float32
        NaN where there is no data.
    starts : (rows,) int64, (cols,) int64
        Upper left cells of the windows.
    side : int
        Of a window [cells].
    least : int
        Cells with data below which a window says nothing (NaN).
    with_deviation : bool
        Otherwise the deviation is NaN.

    Returns
    -------
    median, deviation : (n, rows, cols) float32
    """
    network, table = exchanges(side * side), lookup(side * side, 0.5)
    median = np.full((len(cells), *(len(at) for at in starts)), np.nan, np.float32)
    deviation = median.copy()
    _middles(cells, starts, network, table, (median, deviation), (side, least, with_deviation))
    return median, deviation


@looped
def _middles(
    cells: F32,
    starts: tuple[Ints, Ints],
    pairs: Ints,
    table: Table,
    out: tuple[F32, F32],
    how: tuple[int, int, bool],
) -> None:
    (tops, lefts), (side, least, deviate) = starts, how
    lanes = np.full((side * side, LANES), INFINITE)
    floats = lanes.view(np.float32)
    wide = len(lefts)
    at = np.empty((2, LANES), np.int64)
    for k in range(len(cells)):
        medians, deviations = out[0][k].reshape(-1), out[1][k].reshape(-1)
        for first in range(0, len(medians), LANES):
            width = min(LANES, len(medians) - first)
            for x in range(width):
                at[0, x], at[1, x] = tops[(first + x) // wide], lefts[(first + x) % wide]
            here = slice(first, first + width)
            _gather(cells[k], at[:, :width], side, floats)
            middle, count = _middle_of(lanes, width, pairs, table)
            _put(middle, count, least, medians[here])
            if deviate:
                _gather(cells[k], at[:, :width], side, floats)
                floats[:, :width] = np.abs(floats[:, :width] - middle)
                middle, count = _middle_of(lanes, width, pairs, table)
                _put(middle, count, least, deviations[here])


@looped
def _put(values: F32, count: Ints, least: int, out: F32) -> None:
    """Write what enough cells speak for."""
    for x in range(len(values)):
        if count[x] >= least:
            out[x] = values[x]


@looped
def _gather(cells: F32, at: Ints, side: int, lanes: F32) -> None:
    """Lay the cells of windows, by their upper left ones, side by side."""
    for m in range(side * side):
        lane, down, across = lanes[m], m // side, m % side
        for x in range(at.shape[1]):
            lane[x] = cells[at[0, x] + down, at[1, x] + across]


@looped
def _middle_of(lanes: Keys, width: int, pairs: Ints, table: Table) -> tuple[F32, Ints]:
    """Median of what is finite in each lane of floats' bits, and how much that is."""
    low, high, share = table
    everything = np.ones(width, np.bool_)
    count = np.zeros(width, np.int64)
    for lane in lanes:
        _load(lane[:width], everything, lane)
        for x in range(width):
            count[x] += lane[x] < INFINITE
    _sort_lanes(lanes, pairs)
    for lane in lanes:
        for x in range(width):
            lane[x] = _flipped(lane[x])
    floats = lanes.view(np.float32)
    middle = np.empty(width, np.float32)
    for x in range(width):
        below = floats[low[count[x]], x]
        middle[x] = below + (floats[high[count[x]], x] - below) * share[count[x]]
    return middle, count


Between = tuple[Ints, F32, Bools]


def spread(windows: F32, rows: Between, cols: Between) -> F32:
    """Interpolate from window centres to pixels, leaving windows without a value out.

    Parameters
    ----------
    windows : (n, i, j) float32
        NaN where a window says nothing.
    rows, cols : (lower window, share of the upper, inside), each (pixels,)
        Where pixel centres lie between window centres.

    Returns
    -------
    (n, row, col) float32
        NaN outside, and where a lone window in the far corner would speak for a pixel.
    """
    nothing = np.zeros((len(windows), len(rows[0]), len(cols[0])), np.float32)
    return _spread(windows, rows, cols, nothing, False)


def over_spread(values: F32, windows: F32, rows: Between, cols: Between) -> F32:
    """Give what `values` (n, row, col) have more than what `spread` gives."""
    return _spread(windows, rows, cols, values, True)


@looped
def _spread(windows: F32, at: Between, across: Between, values: F32, is_over: bool) -> F32:
    (i, f, row_in), (j, g, col_in) = at, across
    n, last_row, last_col = len(windows), windows.shape[1] - 1, windows.shape[2] - 1
    rows, cols = len(i), len(j)
    out = np.empty((n, rows, cols), np.float32)
    weight, total = np.empty(last_col + 1, np.float32), np.empty(last_col + 1, np.float32)
    one, nothing, quarter = np.float32(1), np.float32(np.nan), np.float32(0.25)
    # Columns between the same two windows go together: nothing is looked up among them.
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


@looped
def smoothed(fine: Integers, fill: int) -> Integers:
    """Average pixels of half the size, [1/4, 1/2, 1/4] in rows and columns, but for `fill`.

    Parameters
    ----------
    fine : (2 rows + 1, 2 cols + 1) integers
        The corner of the coarse pixels lies in the middle of its first.
    fill : int
        Stands for "no data".

    Returns
    -------
    (rows, cols) array of the dtype of `fine`
    """
    rows, cols = (fine.shape[0] - 1) // 2, (fine.shape[1] - 1) // 2
    coarse = np.empty((rows, cols), fine.dtype)
    for i in range(rows):
        for j in range(cols):
            total, weight = 0, 0
            for k in range(3):
                for m in range(3):
                    value = fine[2 * i + k, 2 * j + m]
                    if value != fill:
                        share = (1 + (k == 1)) * (1 + (m == 1))
                        total += share * int(value)
                        weight += share
            coarse[i, j] = np.rint(total / weight) if weight > 0 else fill
    return coarse
