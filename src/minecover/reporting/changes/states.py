"""What became of a mine, in one period and in all: the words of the tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.change import Growth, Tracks

#: States of a mine in a period, compared with the last one that observed it; ``absent`` is
#: before it was there, or after it was gone.
HIDDEN, ABSENT, APPEARED, GREW, STABLE, SHRANK, GONE, SPLIT, MERGED = STATES = (
    "hidden",
    "absent",
    "appeared",
    "grew",
    "stable",
    "shrank",
    "gone",
    "split",
    "merged",
)
Words = NDArray[np.str_]


def states_of(tracks: Tracks, noise_px: float) -> Words:
    """Return the state of each mine in each period, (period, mine).

    Parameters
    ----------
    tracks : Tracks
        Mines followed over periods.
    noise_px : float
        Noise of an area in pixels (`minecover.evaluation.change.area_noise`). A mine grew or
        shrank if its area differs by more than twice the noise of the difference.
    """
    area, n_periods = tracks.area_px, len(tracks.area_px)
    words = np.full(area.shape, HIDDEN, "<U8")
    last = np.zeros(len(tracks))
    was_seen = np.zeros(len(tracks), np.bool_)
    for at in range(n_periods):
        now, seen = area[at], tracks.observed[at]
        reach = 2 * noise_px * np.sqrt(now + last)
        word = np.select(
            [
                (now == 0) & (last == 0),
                now == 0,
                ~was_seen,
                last == 0,
                tracks.split[at],
                tracks.merged[at],
                now > last + reach,
                now < last - reach,
            ],
            [ABSENT, GONE, STABLE, APPEARED, SPLIT, MERGED, GREW, SHRANK],
            STABLE,
        )
        words[at, seen] = word[seen]
        last = np.where(seen, now, last)
        was_seen |= seen
    return words


def overall(tracks: Tracks, growth: Growth, *, last: int) -> Words:
    """Return what became of each mine over all periods, (mine,).

    Parameters
    ----------
    tracks : Tracks
        Mines followed over periods.
    growth : Growth
        Growth per year, of which the interval decides between grew, stable and shrank.
    last : int
        The last period that has a map: one without any hides all mines, and tells of none.

    Returns
    -------
    (mine,) str
        ``hidden`` if that period did not observe it; ``gone`` if it is not there then;
        ``appeared`` if it was not there in the first period that observed its ground; else by
        its growth.
    """
    first = tracks.observed.argmax(axis=0)
    at = np.arange(len(tracks))
    began = tracks.area_px[first, at] > 0
    return np.select(
        [
            ~tracks.observed[last],
            tracks.area_px[last] == 0,
            ~began,
            growth.low > 0,
            growth.high < 0,
        ],
        [HIDDEN, GONE, APPEARED, GREW, SHRANK],
        STABLE,
    )
