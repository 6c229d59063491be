"""Follow mines over periods: which pixels belong together, and what happened to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.components import connected
from minecover.evaluation.change.new_ground import separate

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Mines followed over periods: pixels that touch, whichever period they are mined in.

    New ground may be one of its own although it touches (see `follow`).

    Parameters
    ----------
    number : (n,) int64
        Number of the track of each pixel, 0, 1, 2, ...; -1 where there is none.
    area_px : (period, track) float64
        Number of mined pixels, or their area by `areas`.
    observed : (period, track) bool
        Whether at least half of the track's pixels were observed.
    parts : (period, track) int64
        Number of separate parts of the least size.
    split, merged : (period, track) bool
        Whether a part of the last observed period is several now, and whether several are one.
    """

    number: I64
    area_px: F64
    observed: Bools
    parts: I64
    split: Bools
    merged: Bools

    def __len__(self) -> int:
        return int(self.area_px.shape[1])


def follow(
    row: I64, col: I64, mined: Bools, observed: Bools, *, min_px: int, separate_px: float
) -> Tracks:
    """Follow mines over periods.

    Parameters
    ----------
    row, col : (n,) int64
        Pixels of one lattice, sorted by row and then by column, none of them twice.
    mined : (period, n) bool
        Whether each is mined in a period.
    observed : (period, n) bool
        Whether each was observed in a period.
    min_px : int
        Least number of pixels that a track has in some period.
    separate_px : float
        Area from which new ground that touches a mine can be a track of its own
        (`minecover.evaluation.change.new_ground.separate`); 0: never.
    """
    number = _numbers(row, col, np.asarray(mined.any(axis=0)))
    own = separate(row, col, number, mined, observed, least_px=separate_px)
    if own.any():
        number = _numbers(row, col, (number >= 0) & (own == 0))
        number = np.where(own > 0, number.max(initial=-1) + own, number)
    n = int(number.max(initial=-1)) + 1
    counts = areas(row, col, number, mined, n)
    kept = np.flatnonzero(counts.max(axis=0, initial=0) >= min_px)
    new = np.full(n + 1, -1, np.int64)  # the last one is that of pixels without a track
    new[kept] = np.arange(len(kept))
    number = new[number]
    inside = number >= 0
    size = np.bincount(number[inside], minlength=len(kept))
    seen = np.array(
        [np.bincount(number[inside & here], minlength=len(kept)) for here in observed]
    )
    is_seen = 2 * seen >= size
    labels = [_parts(row, col, now & inside, min_px) for now in mined]
    parts, split, merged = _events(number, labels, is_seen)
    return Tracks(number, counts[:, kept], is_seen, parts, split, merged)


def areas(
    row: I64, col: I64, number: I64, mined: Bools, n: int, *, edge_share: float = 1.0
) -> F64:
    """Return the area of each track in each period.

    Parameters
    ----------
    row, col, mined
        See `follow`.
    number : (n_pixels,) int64
        Number of the track of each pixel, -1 where there is none.
    n : int
        Number of tracks.
    edge_share : float
        What a pixel at an outline counts, one of whose four neighbours is not mined in the
        period: such pixels are mine in part. 1: as much as others.

    Returns
    -------
    (period, n) float64
        In pixels.
    """
    neighbours = _neighbours(row, col)
    found = np.zeros((len(mined), n))
    for at, now in enumerate(mined):
        # The last one stands for pixels that no map calls mined.
        is_inside = np.append(now, False)[neighbours].all(axis=0)
        weight = np.where(is_inside, 1.0, edge_share)
        here = now & (number >= 0)
        found[at] = np.bincount(number[here], weights=weight[here], minlength=n)
    return found


def _neighbours(row: I64, col: I64) -> I64:
    """Return the places of the four neighbours of each pixel, (4, n); -1 without any."""
    if not len(row):
        return np.empty((4, 0), np.int64)
    width = int(np.ptp(col)) + 3
    keys = (row - row.min()) * width + (col - col.min())
    wanted = keys + np.array([-width, -1, 1, width])[:, None]
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found: I64 = np.where(keys[at] == wanted, at, -1)
    return found


def _numbers(row: I64, col: I64, here: Bools) -> I64:
    """Return the connected object of each pixel; -1 elsewhere."""
    at = np.flatnonzero(here)
    number = np.full(len(row), -1, np.int64)
    number[at] = connected(row[at], col[at])
    return number


def _parts(row: I64, col: I64, here: Bools, min_px: int) -> I64:
    """Return the part of each pixel in one period; -1 where there is none of the least size."""
    at = np.flatnonzero(here)
    label = connected(row[at], col[at]).astype(np.int64)
    is_large = np.bincount(label, minlength=1)[label] >= min_px
    found = np.full(len(row), -1, np.int64)
    found[at[is_large]] = label[is_large]
    return found


def _events(number: I64, labels: list[I64], seen: Bools) -> tuple[I64, Bools, Bools]:
    """Return numbers of parts, and where parts of one track were split or merged."""
    parts = np.zeros(seen.shape, np.int64)
    split, merged = np.zeros(seen.shape, np.bool_), np.zeros(seen.shape, np.bool_)
    before = np.full(len(number), -1, np.int64)  # parts when each track was last observed
    for at, label in enumerate(labels):
        here = label >= 0
        pairs = np.unique(np.stack([number[here], label[here]]), axis=1)
        parts[at] = np.bincount(pairs[0], minlength=seen.shape[1])
        both = here & (before >= 0)
        links = np.unique(np.stack([number[both], before[both], label[both]]), axis=1)
        split[at] = _repeated(links, 1, seen.shape[1])
        merged[at] = _repeated(links, 2, seen.shape[1])
        split[at] &= seen[at]
        merged[at] &= seen[at]
        updated = np.flatnonzero(number >= 0)
        updated = updated[seen[at][number[updated]]]
        before[updated] = label[updated]
    return parts, split, merged


def _repeated(links: I64, which: int, n: int) -> Bools:
    """Return in which tracks a part occurs in several links, (track,) bool."""
    found = np.zeros(n, np.bool_)
    pairs, count = np.unique(links[[0, which]], axis=1, return_counts=True)
    found[pairs[0][count > 1]] = True
    return found
