"""Sorted probabilities of mine pixels and of the others, and the rates counted from them."""

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
    """Probabilities in ascending order: of the mine pixels, and of the others.

    Sorted once, it can be counted at any threshold by binary search, and no score depends on
    the order of the pixels.

    Parameters
    ----------
    mine : (n_mine,) float32
        Probabilities of what is labelled a mine, ascending.
    other : (n_other,) float32
        Probabilities of what is not, ascending.
    """

    mine: F32
    other: F32

    @classmethod
    def of(cls, probability: F32, label: I8) -> Ranking:
        """Sort probabilities by label.

        Parameters
        ----------
        probability : float32 array
            NaN (not observed) is left out.
        label : int8 array of the same shape
            1 mine, 0 not labelled as mine; -1 (ignore) is left out.
        """
        observed = ~np.isnan(probability)
        return cls(
            np.sort(probability[observed & (label == 1)]),
            np.sort(probability[observed & (label == 0)]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Counts of true positives, false positives and false negatives.

    A rate whose denominator is zero is NaN: nothing was predicted, or there is no mine.

    Parameters
    ----------
    tp, fp, fn : float64 arrays of one shape
        Number of pixels.
    """

    tp: F64
    fp: F64
    fn: F64

    @property
    def precision(self) -> F64:
        """Share of the predicted pixels that are mine, 0..1."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> F64:
        """Share of the mine pixels that are predicted, 0..1."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> F64:
        """Harmonic mean of precision and recall, 0..1."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def pooled(self, draws: F64) -> Confusion:
        """Return the counts summed over sites, in each draw of the sites.

        Parameters
        ----------
        draws : (n_draws, n_sites) float64
            How often each site counts; see `Bootstrap.draws`.

        Returns
        -------
        Confusion of (n_draws,) arrays
        """
        # Whole numbers below 2**53: the sums are exact whatever order BLAS adds in.
        return Confusion(draws @ self.tp, draws @ self.fp, draws @ self.fn)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Pooled counts at every probability of a mine pixel.

    Parameters
    ----------
    threshold : (k,) float32
        Distinct probabilities of mine pixels, descending.
    tp, fp : (k,) int64
        Mine pixels and other pixels at or above each threshold.
    """

    threshold: F32
    tp: I64
    fp: I64

    @property
    def n_mine(self) -> int:
        """Number of mine pixels in all."""
        return int(self.tp[-1]) if self.tp.size else 0

    @property
    def confusion(self) -> Confusion:
        """Confusion at each threshold, as (k,) arrays."""
        tp, fp = self.tp.astype(np.float64), self.fp.astype(np.float64)
        return Confusion(tp, fp, self.n_mine - tp)


def ratio(part: F64 | np.float64, whole: F64 | np.float64) -> F64:
    """Return ``part / whole``, element by element; NaN where `whole` is not positive."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, np.divide(part, whole), np.nan)


def confusion(rankings: Sequence[Ranking], thresholds: Sequence[float]) -> Confusion:
    """Count hits, false alarms and misses of each ranking at its own threshold.

    Parameters
    ----------
    rankings : sequence of Ranking
        One for each site.
    thresholds : sequence of float, as many
        A probability at or above it is predicted a mine.

    Returns
    -------
    Confusion of (n_rankings,) arrays
    """
    pairs = list(zip(rankings, thresholds, strict=True))
    tp = np.array([_count_at_least(r.mine, np.float32(t)) for r, t in pairs], np.float64)
    fp = np.array([_count_at_least(r.other, np.float32(t)) for r, t in pairs], np.float64)
    n_mine = np.array([r.mine.size for r in rankings], np.float64)
    return Confusion(tp, fp, n_mine - tp)


def counts_above(rankings: Sequence[Ranking], thresholds: F32) -> tuple[F64, F64]:
    """Count the mine pixels and the others at or above each threshold.

    Parameters
    ----------
    rankings : sequence of Ranking
        One for each site.
    thresholds : (n_thresholds,) float32
        The same for all rankings.

    Returns
    -------
    tp, fp : (n_rankings, n_thresholds) float64
        Number of mine pixels, and of other pixels.
    """
    shape = (len(rankings), thresholds.size)
    tp = np.array([_count_at_least(r.mine, thresholds) for r in rankings], np.float64)
    fp = np.array([_count_at_least(r.other, thresholds) for r in rankings], np.float64)
    return tp.reshape(shape), fp.reshape(shape)


def curve(rankings: Sequence[Ranking]) -> Curve:
    """Pool rankings into one exact curve.

    Recall changes only at the probability of a mine pixel, so these are all the thresholds
    that average precision and the best F1 can depend on.

    Parameters
    ----------
    rankings : sequence of Ranking
        One for each site.
    """
    mine = np.sort(np.concatenate([np.empty(0, np.float32), *(r.mine for r in rankings)]))
    threshold = np.unique(mine)[::-1]
    fp = np.zeros(threshold.size, np.int64)
    for ranking in rankings:
        fp += _count_at_least(ranking.other, threshold)
    return Curve(threshold, _count_at_least(mine, threshold), fp)


def average_precision(probability: F32, label: I8) -> float:
    """Compute the average precision: the sum over thresholds of (rise in recall) x precision.

    Parameters
    ----------
    probability, label : float32 and int8 arrays of one shape
        See `Ranking.of`.

    Returns
    -------
    float
        scikit-learn's definition, exactly; NaN (there: 0 and a warning) without a mine pixel.
    """
    return curve_average_precision(curve([Ranking.of(probability, label)]))


def curve_average_precision(points: Curve) -> float:
    """Compute the average precision of a curve, 0..1; NaN without a mine pixel."""
    if not points.n_mine:
        return float("nan")
    rise = np.diff(points.tp, prepend=0) / points.n_mine
    return float(np.sum(rise * points.confusion.precision))


def best_f1_threshold(probability: F32, label: I8) -> float:
    """Choose the threshold with the highest F1; the highest such threshold on a tie.

    Parameters
    ----------
    probability, label : float32 and int8 arrays of one shape
        See `Ranking.of`. Use out-of-fold probabilities: those of the training rows are too
        good to choose a threshold on.

    Returns
    -------
    float
        One of the probabilities; predict a mine at ``probability >= threshold``.

    Raises
    ------
    ModelError
        If no mine pixel has a probability.
    """
    return _best([Ranking.of(probability, label)], "no mine pixel has a probability")


def best_f1_threshold_by_fold(probability: F32, label: I8, fold: I8) -> dict[int, float]:
    """Choose for each fold the threshold with the highest F1 on all the *other* folds.

    A threshold chosen on the pixels that it is scored on makes the score too high.

    Parameters
    ----------
    probability, label : float32 and int8 arrays of one shape
        See `best_f1_threshold`.
    fold : int8 array of the same shape
        Fold that each pixel was held out in.

    Returns
    -------
    dict of int to float
        Threshold of each fold.

    Raises
    ------
    ModelError
        If no mine pixel in the folds other than one has a probability.
    """
    rankings = {
        int(k): Ranking.of(probability[fold == k], label[fold == k]) for k in np.unique(fold)
    }
    return {
        k: _best(
            [ranking for other, ranking in rankings.items() if other != k],
            f"the folds other than {k} hold no mine pixel with a probability",
        )
        for k in rankings
    }


def _best(rankings: Sequence[Ranking], when_empty: str) -> float:
    """Return the threshold at the first maximum of F1 down the curve."""
    points = curve(rankings)
    if not points.n_mine:
        raise ModelError(
            f"no threshold can be chosen: {when_empty}. "
            "Lower folds.n, add labelled sites, or choose a mask that rejects fewer pixels."
        )
    return float(points.threshold[np.argmax(points.confusion.f1)])


def _count_at_least(ascending: F32, threshold: F32 | np.float32) -> I64:
    """Count the values at or above each threshold."""
    return np.asarray(ascending.size - np.searchsorted(ascending, threshold), np.int64)
