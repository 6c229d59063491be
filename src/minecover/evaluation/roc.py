"""Rates over all thresholds in each draw of the sites: the area under the ROC curve, recall."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.ranking import F32, F64, ratio


def weighted_auc(
    score: F32 | F64, positive: NDArray[np.bool_], site: NDArray[np.int64], draws: F64
) -> F64:
    """Compute the area under the ROC curve in each draw of the sites.

    Parameters
    ----------
    score : (n,) float32 or float64
        Finite; of equal scores one half counts.
    positive : (n,) bool
        Which of them should be high.
    site : (n,) int64
        Column of `draws` of each.
    draws : (n_draws, n_sites) float64
        How often each site counts.

    Returns
    -------
    (n_draws,) float64
        0 ... 1; NaN where a draw lacks one of the two.

    References
    ----------
    Hanley & McNeil (1982), Radiology 143, 29-36.
    """
    ranked = _Ranked.of(score, positive, site)
    area, pairs = np.empty(len(draws)), np.empty(len(draws))
    for k, draw in enumerate(draws):
        high, low = ranked.weights(draw)
        # Whole numbers and halves: exact in any order.
        area[k] = (high * (np.cumsum(low) - low / 2)).sum()
        pairs[k] = high.sum() * low.sum()
    return ratio(area, pairs)


def recall_at_false_share(
    score: F32 | F64,
    positive: NDArray[np.bool_],
    site: NDArray[np.int64],
    draws: F64,
    *,
    most_false: float,
) -> F64:
    """Compute the largest recall at which no more than a share of the others is called.

    Parameters
    ----------
    score, positive, site, draws
        See `weighted_auc`.
    most_false : float
        Largest share of the others that is called, 0 ... 1.

    Returns
    -------
    (n_draws,) float64
        0 ... 1; NaN where a draw lacks one of the two.
    """
    ranked = _Ranked.of(score, positive, site)
    found = np.full(len(draws), np.nan)
    for k, draw in enumerate(draws):
        high, low = (weight[::-1] for weight in ranked.weights(draw))
        if high.sum() and low.sum():
            allowed = np.cumsum(low) <= most_false * low.sum()
            # Nothing called at all is allowed, too.
            found[k] = max(np.cumsum(high)[allowed], default=0.0) / high.sum()
    return found


def cut_at_false_share(
    score: F32 | F64, positive: NDArray[np.bool_], *, most_false: float
) -> float:
    """Return the lowest score at or above which no more than a share of the others lies.

    Parameters
    ----------
    score, positive, most_false
        See `recall_at_false_share`.

    Returns
    -------
    float
        Infinite if not even the highest score is allowed.
    """
    others = score[~positive]
    most = most_false * others.size
    allowed = [value for value in np.unique(score) if (others >= value).sum() <= most]
    return float(min(allowed, default=np.inf))


class _Ranked(NamedTuple):
    """Scores in ascending order, and where each of the distinct ones begins."""

    positive: NDArray[np.bool_]
    site: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(
        cls, score: F32 | F64, positive: NDArray[np.bool_], site: NDArray[np.int64]
    ) -> _Ranked:
        order = np.argsort(score, kind="stable")
        starts = np.flatnonzero(np.diff(score[order], prepend=score.dtype.type(np.nan)) != 0)
        return cls(positive[order], site[order], starts)

    def weights(self, draw: F64) -> tuple[F64, F64]:
        """Return how often the positives, and the others, of each distinct score count."""
        weight = draw[self.site]
        if not self.starts.size:
            return np.zeros(0), np.zeros(0)
        return (
            np.add.reduceat(np.where(self.positive, weight, 0.0), self.starts),
            np.add.reduceat(np.where(self.positive, 0.0, weight), self.starts),
        )
