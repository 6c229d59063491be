"""Pooling: one score a site from the probabilities of its locations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.ranking import F32, F64

#: The share of a site's locations, those of highest probability, whose mean is its score, by
#: the name of the pooling. 0 is the highest one alone.
POOLINGS = {
    "highest": 0.0,
    "highest_1_percent": 0.01,
    "highest_3_percent": 0.03,
    "highest_10_percent": 0.1,
    "highest_30_percent": 0.3,
    "mean": 1.0,
}
#: The pooling of `chip.auc`, and of sites where none can be chosen.
CHIP_POOLING = "highest_10_percent"
#: Decimals of log odds: more would only be rounding noise of the platform.
DECIMALS = 6
#: Probabilities are kept this far from 0 and 1 where their log odds are taken.
MARGIN = 1e-6

I64 = NDArray[np.int64]


def pooled(probability: F32, share: float) -> float:
    """Return the mean of the highest probabilities of a site; NaN without any.

    Parameters
    ----------
    probability : (n,) float32
        NaN where a location was not observed.
    share : float
        Share of the observed locations that is taken, at least one; 0 ... 1.
    """
    seen = np.sort(probability[~np.isnan(probability)])
    if not seen.size:
        return float("nan")
    return float(seen[-max(1, round(share * seen.size)) :].mean(dtype=np.float64))


def pooled_scores(probabilities: Sequence[F32]) -> dict[str, F32]:
    """Return the scores of some sites by each of `POOLINGS`.

    Parameters
    ----------
    probabilities : sequence of (n,) float32
        Of each site.

    Returns
    -------
    dict of (n_sites,) float32
        NaN where no location of a site was observed.
    """
    return {
        name: np.array([pooled(one, share) for one in probabilities], np.float32)
        for name, share in POOLINGS.items()
    }


def best_pooling(scores: dict[str, F32], label: I64) -> str:
    """Return the pooling by which sites with a mine are separated best from others.

    Parameters
    ----------
    scores : dict of (n_sites,) float32
        See `pooled_scores`.
    label : (n_sites,) int64
        1 holds a mine, 0 does not, -1 unknown.

    Returns
    -------
    str
        The name with the largest area under the ROC curve, of several the first; `CHIP_POOLING`
        if sites of one of the two are missing.
    """
    # Here, since every command that compares scores imports this module: half a second.
    from sklearn.metrics import roc_auc_score

    used = _used(scores, label)
    if not {0, 1} <= set(label[used].tolist()):
        return CHIP_POOLING
    areas = {name: roc_auc_score(label[used], score[used]) for name, score in scores.items()}
    return max(areas, key=lambda name: round(areas[name], DECIMALS))


def pooling_by_fold(scores: dict[str, F32], label: I64, fold: I64) -> dict[int, str]:
    """Choose the pooling of each fold on the sites of the other folds.

    Parameters
    ----------
    scores, label
        See `best_pooling`.
    fold : (n_sites,) int64
        Fold of each site.

    Returns
    -------
    dict of int to str
        Name of the pooling, by fold; `CHIP_POOLING` for all, if sites of one of the two are
        missing in the others of any fold: nothing there puts two poolings on one scale.
    """
    chosen = {}
    used = _used(scores, label)
    for k in np.unique(fold).tolist():
        others = fold != k
        if not {0, 1} <= set(label[others & used].tolist()):
            return dict.fromkeys(np.unique(fold).tolist(), CHIP_POOLING)
        scores_there = {name: score[others] for name, score in scores.items()}
        chosen[k] = best_pooling(scores_there, label[others])
    return chosen


def scores_by_fold(
    scores: dict[str, F32], label: I64, fold: I64, chosen: dict[int, str]
) -> F64:
    """Return the score of each site by the pooling of its fold.

    Scores of two poolings do not compare: where folds chose different ones, each becomes the
    log odds of a mine, by a logistic curve that was fitted on the other folds.

    Parameters
    ----------
    scores, label, fold
        See `pooling_by_fold`.
    chosen : dict of int to str
        What it returned.

    Returns
    -------
    (n_sites,) float64
        NaN where no location of a site was observed.
    """
    from sklearn.linear_model import LogisticRegression  # here: see `best_pooling`

    found = np.full(len(label), np.nan)
    for k, name in chosen.items():
        here = fold == k
        if len(set(chosen.values())) == 1:
            found[here] = scores[name][here]
            continue
        x = _log_odds(scores[name])
        known = ~here & _used(scores, label)
        curve = LogisticRegression().fit(x[known, None], label[known])
        seen = here & ~np.isnan(x)
        found[seen] = np.round(curve.decision_function(x[seen, None]), DECIMALS)
    return found


def _used(scores: dict[str, F32], label: I64) -> NDArray[np.bool_]:
    """Mark the sites whose label is known and that were observed."""
    used: NDArray[np.bool_] = (label >= 0) & ~np.isnan(next(iter(scores.values())))
    return used


def _log_odds(probability: F32) -> F64:
    """Return log odds, finite also at 0 and 1."""
    p = np.clip(probability.astype(np.float64), MARGIN, 1 - MARGIN)
    return np.log(p / (1 - p))
