"""Mine recall against false objects: scores, their curve, and thresholds one can afford."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from minecover.evaluation.estimates import Estimates
from minecover.evaluation.object_matching import (
    Ground,
    ObjectCounts,
    ObjectRule,
    count_objects,
    within,
)
from minecover.evaluation.ranking import F64, I64, ratio

#: Where the curve is counted: at so many thresholds, from so much predicted ground to so much,
#: in shares of the mines' ground and of all ground. False objects are small: beyond the last
#: threshold there are hundreds of them on 100 km2.
N_THRESHOLDS = 100
LEAST_OF_MINES, MOST_OF_MINES, MOST_OF_ALL = 0.05, 2.0, 0.001


@dataclass(frozen=True, slots=True, eq=False)
class ObjectCurve:
    """Objects counted down the thresholds.

    Parameters
    ----------
    threshold : (k,) float64
        Descending.
    counts : ObjectCounts of (k, n_sites) arrays
    mines, km2 : (n_sites,) float64
        See `Ground`.
    """

    threshold: F64
    counts: ObjectCounts
    mines: F64
    km2: F64

    @classmethod
    def of(cls, ground: Ground, rule: ObjectRule) -> ObjectCurve:
        """Count at thresholds that lie at even steps of (the logarithm of) predicted ground."""
        threshold = _thresholds(ground)
        each = [count_objects(ground, t, rule) for t in threshold.tolist()]
        return cls(
            threshold, ObjectCounts.stacked(each, ground.n_sites), ground.mines, ground.km2
        )

    def table(self) -> pd.DataFrame:
        """List the curve, the highest threshold first.

        Returns
        -------
        DataFrame of `threshold`, `mine_recall`, `false_per_100km2`, `precision`
        """
        found, hits, false = (
            counts.sum(axis=1)
            for counts in (self.counts.found, self.counts.hits, self.counts.false)
        )
        return pd.DataFrame(
            {
                "threshold": self.threshold,
                "mine_recall": ratio(found, self.mines.sum()),
                "false_per_100km2": 100 * ratio(false, self.km2.sum()),
                "precision": ratio(hits, hits + false),
            }
        ).round(6)

    def affordable(self, fold: I64, limit: float) -> F64:
        """Choose for each fold the lowest threshold that the *other* folds can afford.

        Down from the highest threshold, the last before the false objects exceed the limit
        for the first time: far below, objects melt into few again.

        Parameters
        ----------
        fold : (n_sites,) int64
        limit : float
            False objects per 100 km2.

        Returns
        -------
        (n_sites,) float64
            Infinity where the limit affords no threshold.
        """
        chosen = np.full(len(fold), np.inf)
        for k in np.unique(fold):
            others = fold != k
            rate = 100 * ratio(self.counts.false[:, others].sum(1), self.km2[others].sum())
            n_affordable = int(np.argmin(np.append(rate <= limit, False)))
            if n_affordable:
                chosen[fold == k] = self.threshold[n_affordable - 1]
        return chosen


def object_scores(
    ground: Ground,
    threshold: F64,
    affordable: Mapping[float, F64],
    draws: F64,
    rule: ObjectRule,
) -> Estimates:
    """Score the objects at the thresholds in use, and the mine recall at affordable ones.

    Parameters
    ----------
    ground : Ground
    threshold : (n_sites,) float64
        A score at or above it is predicted a mine.
    affordable : mapping of limit to (n_sites,) float64
        See `ObjectCurve.affordable`.
    draws : (1 + replicates, n_sites) float64
        See `Bootstrap.draws`.
    rule : ObjectRule

    Returns
    -------
    dict
        ``mine_recall``, ``precision`` (of objects), ``false_per_100km2`` (of observed
        ground), ``extent_iou`` (mean over the found mines), ``f1_within_<t>_px`` (of pixels),
        ``at_<limit>_false_per_100km2.mine_recall`` and what that threshold cost on the ground
        it was not chosen on; and the numbers behind them.
    """
    counts = count_objects(ground, threshold, rule)
    found, hits, false, iou = (
        draws @ count for count in (counts.found, counts.hits, counts.false, counts.iou)
    )
    tolerant: Estimates = {
        f"f1_within_{distance}_px": tolerant_f1(ground, threshold, distance, draws)
        for distance in rule.f1_tolerance_px
    }
    at_limits: Estimates = {
        f"at_{limit:g}_false_per_100km2".replace(".", "_"): _rates(
            ground, count_objects(ground, chosen, rule), draws
        )
        for limit, chosen in affordable.items()
    }
    return {
        "mines": int(ground.mines.sum()),
        "unseen_mines": ground.unseen_mines,
        "found": int(found[0]),
        "false": int(false[0]),
        **_rates(ground, counts, draws),
        "precision": ratio(hits, hits + false),
        "extent_iou": ratio(iou, found),
        **tolerant,
        **at_limits,
    }


def false_objects(ground: Ground, threshold: F64, draws: F64, rule: ObjectRule) -> Estimates:
    """Count false objects where there is no mine to find."""
    false = draws @ count_objects(ground, threshold, rule).false
    return {
        "sites": ground.n_sites,
        "km2": float(ground.km2.sum()),
        "false": int(false[0]),
        "false_per_100km2": 100 * ratio(false, draws @ ground.km2),
    }


def tolerant_f1(ground: Ground, threshold: F64, distance_px: int, draws: F64) -> F64:
    """F1 of pixels where a neighbour within a distance is as good: (1 + replicates,).

    Precision is the share of the predicted pixels near a mine, recall the share of the mine
    pixels near a prediction; at distance 0 it is the F1 of the locations.

    References
    ----------
    Mnih & Hinton (2010), Learning to Detect Roads in High-Resolution Aerial Images, ECCV.
    """
    predicted, mine = ground.at_least(threshold), ground.target == 1
    judged = predicted & (ground.target >= 0)
    seen = mine & ~np.isnan(ground.score)
    right, n_predicted, met, n_mine = (
        draws @ ground.per_site(ground.site, np.count_nonzero(mask, axis=1).astype(np.float64))
        for mask in (
            judged & within(mine, distance_px),
            judged,
            seen & within(predicted, distance_px),
            seen,
        )
    )
    f1 = ratio(2 * right * met, right * n_mine + met * n_predicted)
    return np.where((right + met == 0) & (n_predicted + n_mine > 0), 0.0, f1)


def _rates(ground: Ground, counts: ObjectCounts, draws: F64) -> Estimates:
    """Give the two sides of the bargain."""
    return {
        "mine_recall": ratio(draws @ counts.found, draws @ ground.mines),
        "false_per_100km2": 100 * ratio(draws @ counts.false, draws @ ground.km2),
    }


def _thresholds(ground: Ground) -> F64:
    """Choose scores, descending; none that so many share that it predicts too much ground."""
    seen = np.sort(ground.score[~np.isnan(ground.score)])
    n_mine = int(ground.seen_px.sum())
    if not n_mine:
        return np.empty(0)
    most = MOST_OF_MINES * n_mine + MOST_OF_ALL * seen.size
    places = np.geomspace(max(LEAST_OF_MINES * n_mine, 1), most, N_THRESHOLDS).round()
    places = np.unique(places.astype(np.int64))
    distinct = np.unique(seen[seen.size - places[places <= seen.size]])[::-1]
    n_predicted = seen.size - np.searchsorted(seen, distinct)
    return distinct[n_predicted <= most].astype(np.float64)
