"""The tables behind the plots: precision-recall, precision by prevalence, one row per site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from minecover.evaluation.object_matching import count_objects
from minecover.evaluation.object_rule import ObjectRule
from minecover.evaluation.ranking import F64, Confusion, Ranking, confusion, curve, ratio
from minecover.evaluation.scored_model import ScoredModel
from minecover.evaluation.stacked_sites import StackedSites
from minecover.evaluation.support import published_support

#: Points of a precision-recall curve: more than a screen can show.
N_POINTS = 500


def pr_curve(rankings: Sequence[Ranking]) -> pd.DataFrame:
    """Compute the precision-recall curve, thinned at even steps of recall.

    Parameters
    ----------
    rankings : sequence of Ranking
        One for each site; they are pooled.

    Returns
    -------
    DataFrame of `threshold`, `precision`, `recall`
        At most `N_POINTS` rows, the highest threshold first; empty without a mine pixel.
    """
    points = curve(rankings)
    wanted = np.linspace(1, max(points.n_mine, 1), N_POINTS)
    shown = np.unique(np.searchsorted(points.tp, wanted))[: points.tp.size]
    rates = points.confusion
    return pd.DataFrame(
        {
            "threshold": points.threshold[shown].astype(np.float64).round(6),
            "precision": rates.precision[shown].round(6),
            "recall": rates.recall[shown].round(6),
        }
    )


def transfer_table(rankings: Sequence[Ranking], thresholds: Sequence[float]) -> pd.DataFrame:
    """Compute the precision to expect where mines are rarer than on the sites.

    Parameters
    ----------
    rankings : sequence of Ranking
        One for each site; their counts are pooled.
    thresholds : sequence of float, as many
        A probability at or above it is predicted a mine.

    Returns
    -------
    DataFrame of `prevalence`, `precision`
        Prevalences from 1e-5 to 1e-1, 13 rows; NaN where the recall or the false alarm rate is
        unknown.
    """
    counts = confusion(rankings, thresholds).pooled(np.ones((1, len(rankings))))
    n_other = np.array([sum(r.other.size for r in rankings)], np.float64)
    prevalence = np.round(np.logspace(-5, -1, 13), 6)
    precision = [precision_at(share, counts, n_other)[0] for share in prevalence]
    return pd.DataFrame({"prevalence": prevalence, "precision": np.round(precision, 6)})


def precision_at(prevalence: float, counts: Confusion, n_other: F64) -> F64:
    """Compute the precision at another prevalence.

    Sites are placed around mines, so that mines are more frequent there than elsewhere. Recall
    R and false alarm rate F may hold elsewhere; precision does not: it is
    ``R p / (R p + F (1 - p))`` at prevalence ``p``.

    Parameters
    ----------
    prevalence : float
        Share of the pixels that are mine, 0..1.
    counts : Confusion of (n,) arrays
        Counts on the sites.
    n_other : (n,) float64
        Number of pixels that are not mine, predicted or not.

    Returns
    -------
    (n,) float64
        Precision, 0..1; NaN where recall or false alarm rate is unknown.
    """
    hit = ratio(counts.tp, counts.tp + counts.fn) * prevalence
    alarm = ratio(counts.fp, n_other) * (1 - prevalence)
    return ratio(hit, hit + alarm)


def site_table(model: ScoredModel, rule: ObjectRule) -> pd.DataFrame:
    """Count hits, false alarms and misses of each site, to see where the errors are.

    Parameters
    ----------
    model : ScoredModel
        Background sites are included.
    rule : ObjectRule
        Defines objects and when one of them finds a mine.

    Returns
    -------
    DataFrame
        A row per site, sorted by `site_id`: its `fold`, the share of locations with a valid
        date (`observed`), numbers of locations (`mine`, `found`, `missed`, `false_alarms`)
        and of objects (`mines`, `mines_found`, `false_objects`).
    """
    sites = sorted(model.sites, key=lambda site: site.site_id)
    thresholds = model.site_thresholds(sites, "location")
    rankings = published_support(sites, against_truth=False).location
    counts = confusion(rankings, thresholds.tolist())
    stacked = StackedSites.of(sites, rule, truth=False)
    objects = count_objects(stacked, thresholds, rule)
    observed = [float(np.mean(~np.isnan(site.location_probability))) for site in sites]
    numbers = {
        "mine": counts.tp + counts.fn,
        "found": counts.tp,
        "missed": counts.fn,
        "false_alarms": counts.fp,
        "mines": stacked.mines,
        "mines_found": objects.found,
        "false_objects": objects.false,
    }
    return pd.DataFrame(
        {
            "site_id": [site.site_id for site in sites],
            "fold": [site.fold for site in sites],
            "observed": np.round(observed, 6),
            **{name: count.astype(np.int64) for name, count in numbers.items()},
        }
    )
