"""Mine recall against false objects: scores, their curve, and thresholds within a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from minecover.evaluation.estimates import Estimates
from minecover.evaluation.object_matching import ObjectCounts, count_objects, match_objects
from minecover.evaluation.object_rule import ObjectRule
from minecover.evaluation.ranking import F64, I64, ratio
from minecover.evaluation.stacked_sites import StackedSites, dilate

#: Number of thresholds of the curve. They run from few predicted pixels to many: from
#: `MIN_MINE_SHARE` times the mine pixels to `MAX_MINE_SHARE` times the mine pixels plus
#: `MAX_SHARE` of all pixels. False objects are small: beyond the last threshold there are
#: hundreds of them on 100 km2.
N_THRESHOLDS = 100
MIN_MINE_SHARE, MAX_MINE_SHARE, MAX_SHARE = 0.05, 2.0, 0.001


@dataclass(frozen=True, slots=True, eq=False)
class ObjectCurve:
    """Objects counted at many thresholds.

    Parameters
    ----------
    threshold : (k,) float64
        Descending.
    counts : ObjectCounts of (k, n_sites) arrays
        Objects matched with mines at each threshold.
    mines : (n_sites,) float64
        Number of observed mines of each site.
    km2 : (n_sites,) float64
        Observed area of each site [km2].
    """

    threshold: F64
    counts: ObjectCounts
    mines: F64
    km2: F64

    @classmethod
    def of(cls, stacked: StackedSites, rule: ObjectRule) -> ObjectCurve:
        """Count objects at thresholds in even steps of the logarithm of predicted pixels.

        Parameters
        ----------
        stacked : StackedSites
            Probabilities and target of the sites, stacked with the same rule.
        rule : ObjectRule
            Defines objects and when one of them finds a mine.
        """
        threshold = _thresholds(stacked)
        # The pixels of the lowest threshold hold those of all others: few of the whole stack.
        row, col = np.nonzero(stacked.at_least(threshold[-1] if threshold.size else np.inf))
        p = stacked.probability[row, col]
        inside = (p >= np.float32(t) for t in threshold)
        counts = [match_objects(stacked, row[one], col[one], rule) for one in inside]
        return cls(
            threshold, ObjectCounts.stacked(counts, stacked.n_sites), stacked.mines, stacked.km2
        )

    def table(self) -> pd.DataFrame:
        """Return the curve of the pooled sites, the highest threshold first.

        Returns
        -------
        DataFrame of `threshold`, `mine_recall`, `false_per_100km2`, `precision`
            A row per threshold.
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

    def thresholds_within(self, limit: float, fold: I64) -> F64:
        """Choose for each fold the lowest threshold within a limit on all the *other* folds.

        That is the last one, from the highest threshold down, before the false objects exceed
        the limit for the first time: far below, objects merge and become few again.

        Parameters
        ----------
        limit : float
            False objects per 100 km2.
        fold : (n_sites,) int64
            Fold that each site was held out in.

        Returns
        -------
        (n_sites,) float64
            Threshold of each site; infinity where no threshold is within the limit.
        """
        chosen = np.full(len(fold), np.inf)
        for k in np.unique(fold):
            others = fold != k
            rate = 100 * ratio(self.counts.false[:, others].sum(1), self.km2[others].sum())
            n_within = int(np.argmin(np.append(rate <= limit, False)))
            if n_within:
                chosen[fold == k] = self.threshold[n_within - 1]
        return chosen


def object_scores(
    stacked: StackedSites,
    threshold: F64,
    limit_thresholds: Mapping[float, F64],
    draws: F64,
    rule: ObjectRule,
) -> Estimates:
    """Compute the object scores at the thresholds in use and at those within the limits.

    Parameters
    ----------
    stacked : StackedSites
        Probabilities and target of the sites, stacked with the same rule.
    threshold : (n_sites,) float64
        A probability at or above it is predicted a mine.
    limit_thresholds : mapping of float to (n_sites,) float64
        Thresholds for each limit on the false objects; see `ObjectCurve.thresholds_within`.
    draws : (1 + replicates, n_sites) float64
        How often each site counts; see `Bootstrap.draws`.
    rule : ObjectRule
        Defines objects and when one of them finds a mine.

    Returns
    -------
    nested dict
        ``mine_recall``, ``precision`` (of objects), ``false_per_100km2`` (of observed area),
        ``extent_iou`` (mean over the found mines), ``f1_within_<t>_px`` (of pixels);
        ``at_<limit>_false_per_100km2`` holds the mine recall at that limit and the rate of
        false objects on the fold that the threshold was not chosen on; and the numbers of
        mines and objects behind them.
    """
    counts = count_objects(stacked, threshold, rule)
    found, hits, false, iou = (
        draws @ count for count in (counts.found, counts.hits, counts.false, counts.iou)
    )
    tolerant: Estimates = {
        f"f1_within_{distance}_px": tolerant_f1(stacked, threshold, distance, draws)
        for distance in rule.f1_tolerance_px
    }
    at_limits: Estimates = {
        f"at_{limit:g}_false_per_100km2".replace(".", "_"): _rates(
            stacked, count_objects(stacked, chosen, rule), draws
        )
        for limit, chosen in limit_thresholds.items()
    }
    return {
        "mines": int(stacked.mines.sum()),
        "unseen_mines": stacked.n_unobserved_mines,
        "found": int(found[0]),
        "false": int(false[0]),
        **_rates(stacked, counts, draws),
        "precision": ratio(hits, hits + false),
        "extent_iou": ratio(iou, found),
        **tolerant,
        **at_limits,
    }


def false_object_scores(
    stacked: StackedSites, threshold: F64, draws: F64, rule: ObjectRule
) -> Estimates:
    """Compute the rate of false objects on sites without a mine.

    Parameters
    ----------
    stacked, threshold, draws, rule
        See `object_scores`.

    Returns
    -------
    dict
        Number of ``sites``, their observed area ``km2``, number of ``false`` objects, and
        ``false_per_100km2``.
    """
    false = draws @ count_objects(stacked, threshold, rule).false
    return {
        "sites": stacked.n_sites,
        "km2": float(stacked.km2.sum()),
        "false": int(false[0]),
        "false_per_100km2": 100 * ratio(false, draws @ stacked.km2),
    }


def tolerant_f1(stacked: StackedSites, threshold: F64, distance_px: int, draws: F64) -> F64:
    """Compute the F1 of pixels that may lie up to a distance apart.

    Precision is the share of the predicted pixels near a mine, recall the share of the mine
    pixels near a prediction; at distance 0 it is the F1 of the locations.

    Parameters
    ----------
    stacked, threshold, draws
        See `object_scores`.
    distance_px : int
        Distance in both axes [pixels].

    Returns
    -------
    (1 + replicates,) float64
        F1, 0..1.

    References
    ----------
    Mnih & Hinton (2010), Learning to Detect Roads in High-Resolution Aerial Images, ECCV.
    """
    predicted, mine = stacked.at_least(threshold), stacked.target == 1
    labelled = predicted & (stacked.target >= 0)
    observed = mine & ~np.isnan(stacked.probability)
    right, n_predicted, met, n_mine = (
        draws
        @ stacked.per_site(stacked.site, np.count_nonzero(mask, axis=1).astype(np.float64))
        for mask in (
            labelled & dilate(mine, distance_px),
            labelled,
            observed & dilate(predicted, distance_px),
            observed,
        )
    )
    f1 = ratio(2 * right * met, right * n_mine + met * n_predicted)
    return np.where((right + met == 0) & (n_predicted + n_mine > 0), 0.0, f1)


def _rates(stacked: StackedSites, counts: ObjectCounts, draws: F64) -> Estimates:
    """Return the mine recall and the rate of false objects."""
    return {
        "mine_recall": ratio(draws @ counts.found, draws @ stacked.mines),
        "false_per_100km2": 100 * ratio(draws @ counts.false, draws @ stacked.km2),
    }


def _thresholds(stacked: StackedSites) -> F64:
    """Choose probabilities, descending: (k,).

    None that so many pixels share that more than the largest number of pixels are predicted.
    """
    observed = np.sort(stacked.probability[~np.isnan(stacked.probability)])
    n_mine = int(stacked.observed_px.sum())
    if not n_mine:
        return np.empty(0)
    most = MAX_MINE_SHARE * n_mine + MAX_SHARE * observed.size
    n_wanted = np.geomspace(max(MIN_MINE_SHARE * n_mine, 1), most, N_THRESHOLDS).round()
    n_wanted = np.unique(n_wanted.astype(np.int64))
    n_wanted = n_wanted[n_wanted <= observed.size]
    distinct = np.unique(observed[observed.size - n_wanted])[::-1]
    n_predicted = observed.size - np.searchsorted(observed, distinct)
    return distinct[n_predicted <= most].astype(np.float64)
