"""What every score is counted from: sorted scores of mines and of the rest, and their rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import ModelError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I8 = NDArray[np.int8]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Scores in ascending order: of what is labelled a mine, and of what is not.

    Sorted once, it answers every threshold in a few steps, and knows nothing of the order in
    which the pixels came.
    """

    mine: F32  # (n_mine,)
    other: F32  # (n_other,)

    @classmethod
    def of(cls, score: F32, label: I8) -> Ranking:
        """Sort scores by label.

        Parameters
        ----------
        score : float32 array
            NaN (not observed) is left out.
        label : int8 array of the same shape
            1 mine, 0 not labelled as mine; -1 (ignore) is left out.
        """
        seen = ~np.isnan(score)
        return cls(np.sort(score[seen & (label == 1)]), np.sort(score[seen & (label == 0)]))


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """True positives, false positives and false negatives; arrays of one shape or numbers.

    A rate whose denominator is zero is NaN: nothing was predicted, or nothing was there.
    """

    tp: F64
    fp: F64
    fn: F64

    @property
    def precision(self) -> F64:
        """Share of the predicted that is mine."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> F64:
        """Share of the mine that is predicted."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> F64:
        """Harmonic mean of precision and recall."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def times(self, draws: F64) -> Confusion:
        """Add up the counts of sites in every draw of them (`Bootstrap.draws`)."""
        # Whole numbers below 2**53: the sums are exact whatever order BLAS adds in.
        return Confusion(draws @ self.tp, draws @ self.fp, draws @ self.fn)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Pooled counts at every score of a mine, the highest threshold first."""

    threshold: F32  # (k,) descending, distinct
    tp: I64  # (k,) mines with score >= threshold
    fp: I64  # (k,) others with score >= threshold

    @property
    def n_mine(self) -> int:
        """Number of mine pixels in all."""
        return int(self.tp[-1]) if self.tp.size else 0

    @property
    def confusion(self) -> Confusion:
        """The counts as a confusion for each threshold."""
        tp, fp = self.tp.astype(np.float64), self.fp.astype(np.float64)
        return Confusion(tp, fp, self.n_mine - tp)


def ratio(part: F64 | np.float64, whole: F64 | np.float64) -> F64:
    """Divide; NaN where the whole is zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, np.divide(part, whole), np.nan)


def confusion(rankings: Sequence[Ranking], thresholds: Sequence[float]) -> Confusion:
    """Count hits, false alarms and misses of each ranking at its own threshold.

    Parameters
    ----------
    rankings, thresholds : sequences of one length
        A score at or above its threshold is predicted a mine.

    Returns
    -------
    Confusion of (n_rankings,) arrays
    """
    pairs = list(zip(rankings, thresholds, strict=True))
    tp = np.array([_at_least(r.mine, np.float32(t)) for r, t in pairs], np.float64)
    fp = np.array([_at_least(r.other, np.float32(t)) for r, t in pairs], np.float64)
    n_mine = np.array([r.mine.size for r in rankings], np.float64)
    return Confusion(tp, fp, n_mine - tp)


def counts_above(rankings: Sequence[Ranking], thresholds: F32) -> tuple[F64, F64]:
    """Count, for each ranking, the mines and the others at or above each threshold.

    Returns
    -------
    tp, fp : (n_rankings, n_thresholds) float64
    """
    shape = (len(rankings), thresholds.size)
    tp = np.array([_at_least(r.mine, thresholds) for r in rankings], np.float64)
    fp = np.array([_at_least(r.other, thresholds) for r in rankings], np.float64)
    return tp.reshape(shape), fp.reshape(shape)


def curve(rankings: Sequence[Ranking]) -> Curve:
    """Pool rankings into one exact curve.

    Between two scores of mines recall stands still, so those scores are all the thresholds
    that average precision and the best F1 can depend on.
    """
    mine = np.sort(np.concatenate([_NONE, *(r.mine for r in rankings)]))
    threshold = np.unique(mine)[::-1]
    fp = np.zeros(threshold.size, np.int64)
    for ranking in rankings:
        fp += _at_least(ranking.other, threshold)
    return Curve(threshold, _at_least(mine, threshold), fp)


def average_precision(score: F32, label: I8) -> float:
    """Average precision: the sum over thresholds of (rise in recall) x precision.

    Parameters
    ----------
    score, label : arrays of one shape
        See `Ranking.of`.

    Returns
    -------
    float
        scikit-learn's definition, exactly; NaN (there: 0 and a warning) without any mine.
    """
    return curve_average_precision(curve([Ranking.of(score, label)]))


def curve_average_precision(points: Curve) -> float:
    """Average precision of a curve; NaN without any mine."""
    if not points.n_mine:
        return float("nan")
    rise = np.diff(points.tp, prepend=0) / points.n_mine
    return float(np.sum(rise * points.confusion.precision))


def best_f1_threshold(score: F32, label: I8) -> float:
    """Choose the threshold with the highest F1; the highest such threshold on a tie.

    Parameters
    ----------
    score, label : arrays of one shape
        See `Ranking.of`. Take out-of-fold scores: on training scores the choice is blind.

    Returns
    -------
    float
        One of the scores; predict a mine at ``score >= threshold``.

    Raises
    ------
    ModelError
        If no mine has a score.
    """
    return _best([Ranking.of(score, label)], "there is no mine with a score")


def best_f1_threshold_by_fold(score: F32, label: I8, fold: I8) -> dict[int, float]:
    """Choose for each fold the threshold that is best on all the *other* folds.

    A threshold chosen on the pixels that it is scored on flatters the score.

    Parameters
    ----------
    score, label, fold : arrays of one shape
        See `best_f1_threshold`.

    Returns
    -------
    dict of fold to threshold

    Raises
    ------
    ModelError
        If the folds other than one hold no mine with a score.
    """
    rankings = {int(k): Ranking.of(score[fold == k], label[fold == k]) for k in np.unique(fold)}
    return {
        k: _best(
            [ranking for other, ranking in rankings.items() if other != k],
            f"the folds other than {k} hold no mine with a score",
        )
        for k in rankings
    }


def _best(rankings: Sequence[Ranking], when_empty: str) -> float:
    """Pick the first maximum of F1 down the curve."""
    points = curve(rankings)
    if not points.n_mine:
        raise ModelError(
            f"no threshold can be chosen: {when_empty}. "
            "Lower folds.n_splits, add labelled sites, or choose a milder mask profile."
        )
    return float(points.threshold[np.argmax(points.confusion.f1)])


def _at_least(ascending: F32, threshold: F32 | np.float32) -> I64:
    """Count the values at or above each threshold."""
    return np.asarray(ascending.size - np.searchsorted(ascending, threshold), np.int64)


_NONE = np.empty(0, np.float32)
