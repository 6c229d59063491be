"""Tell new ground that touches an old mine, and is a mine of its own, from growth of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: The eight neighbours of a pixel, and itself.
AROUND = np.ones((3, 3), np.bool_)
#: Width of the rim of a mine, in which new ground is growth [px].
RIM_PX = 2


def separate(
    row: I64, col: I64, number: I64, mined: Bools, observed: Bools, *, least_px: float
) -> I64:
    """Return which pixels are ground that came on its own, and touches a mine all the same.

    Most of what is new beside a mine is its growth. A spill below a dam, or a second mine that
    reaches a small old one at once, is not: it comes in one period, is larger than what stood
    there, and hangs together outside its rim, in which pixels flip from map to map.

    Parameters
    ----------
    row, col : (n,) int64
        Pixels of one lattice.
    number : (n,) int64
        The connected object of each pixel over all periods; -1 where there is none.
    mined, observed : (period, n) bool
        Whether each is mined, and was observed, in a period.
    least_px : float
        Least area of such ground in the period in which it comes; 0 finds none.

    Returns
    -------
    (n,) int64
        Number of the ground, from 1 on; 0 for all that stood before, or grew from it. What is
        mined later belongs to what it touches first.
    """
    own = np.zeros(len(row), np.int64)
    if not least_px:
        return own
    n_found = 0
    for at in _candidates(number, mined, least_px):
        own_here = _own(row[at], col[at], mined[:, at], observed[:, at], least_px)
        own[at] = np.where(own_here > 0, own_here + n_found, 0)
        n_found += int(own_here.max(initial=0))
    return own


def _candidates(number: I64, mined: Bools, least_px: float) -> list[I64]:
    """Return the pixels of each object to which enough ground was added in some period."""
    n = int(number.max(initial=-1)) + 1
    before = np.zeros(mined.shape[1], np.bool_)
    wanted = np.zeros(n, np.bool_)
    for now in mined:
        old, new = (
            np.bincount(number[some & (number >= 0)], minlength=n)
            for some in (before, now & ~before)
        )
        wanted |= (old > 0) & (new >= least_px)
        before |= now
    inside = np.flatnonzero(number >= 0)
    inside = inside[wanted[number[inside]]]
    inside = inside[np.argsort(number[inside], kind="stable")]
    ends = np.flatnonzero(np.diff(number[inside])) + 1
    return [part for part in np.split(inside, ends) if len(part)]


def _own(row: I64, col: I64, mined: Bools, observed: Bools, least_px: float) -> I64:
    """Return the ground of its own of one object; 0 elsewhere."""
    inside = row - row.min() + 1, col - col.min() + 1  # a rim of one pixel around it
    shape = int(inside[0].max()) + 2, int(inside[1].max()) + 2
    # 0: no mine yet; 1: what stood before, and its growth; 2 and more: ground of its own.
    owner, seen = np.zeros(shape, np.int64), np.zeros(shape, np.bool_)
    last = np.zeros(shape, np.bool_)
    for now, here in zip(mined, observed, strict=True):
        is_mined = np.zeros(shape, np.bool_)
        is_mined[inside] = now
        if owner.any():
            pieces = _pieces(is_mined & seen, owner > 0, last, least_px)
            owner = np.where(pieces > 0, pieces + max(owner.max(), 1), owner)
        owner = _spread(owner, is_mined)
        last = is_mined
        seen[inside] |= here
    found: I64 = np.maximum(owner[inside] - 1, 0)
    return found


def _pieces(mined: Bools, old: Bools, last: Bools, least_px: float) -> I64:
    """Return pieces of new ground that touch a smaller mine of the last period; 0 elsewhere."""
    rim = ndimage.binary_dilation(old, AROUND, iterations=RIM_PX)
    piece, n = ndimage.label(mined & ~rim, AROUND)
    area = np.bincount(piece.ravel(), minlength=n + 1)
    mine, _ = ndimage.label(last, AROUND)
    mine_area = np.bincount(mine.ravel())
    whole, _ = ndimage.label((mined & ~old) | last, AROUND)
    found, kept = np.zeros(mined.shape, np.int64), 0
    for at in 1 + np.flatnonzero(area[1:] >= least_px):
        here = piece == at
        touched = np.unique(mine[last & (whole == whole[here][0])])
        if len(touched) and area[at] > mine_area[touched].sum():
            kept += 1
            found[here] = kept
    return found


def _spread(owner: I64, mined: Bools) -> I64:
    """Give new pixels the owner of what they touch first; 1 if they touch nothing."""
    high = owner.max() + 1
    if high <= 2:  # no ground of its own yet
        return np.where(mined, 1, owner)
    while True:
        # The lowest owner around: where both are near, new pixels are growth of the old mine.
        reach = ndimage.grey_dilation(np.where(owner > 0, high - owner, 0), footprint=AROUND)
        grown = np.where(mined & (owner == 0) & (reach > 0), high - reach, owner)
        if np.array_equal(grown, owner):
            return np.where(mined & (owner == 0), 1, owner)
        owner = grown
