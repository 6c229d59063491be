"""The tables behind the plots: precision-recall, transfer, one row a site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from minecover.evaluation.object_matching import Ground, ObjectRule, count_objects
from minecover.evaluation.ranking import F64, Confusion, Ranking, confusion, curve, ratio
from minecover.evaluation.scored_model import Judged
from minecover.evaluation.support import published

#: Points of a precision-recall curve: more than a screen can show.
N_POINTS = 500


def pr_curve(rankings: Sequence[Ranking]) -> pd.DataFrame:
    """Precision and recall down the thresholds, thinned at even steps of recall.

    Returns
    -------
    DataFrame of `threshold`, `precision`, `recall`
        At most `N_POINTS` rows, the highest threshold first; empty without any mine.
    """
    points = curve(rankings)
    wanted = np.linspace(1, max(points.n_mine, 1), N_POINTS)
    kept = np.unique(np.searchsorted(points.tp, wanted))[: points.tp.size]
    rates = points.confusion
    return pd.DataFrame(
        {
            "threshold": points.threshold[kept].astype(np.float64).round(6),
            "precision": rates.precision[kept].round(6),
            "recall": rates.recall[kept].round(6),
        }
    )


def transfer(rankings: Sequence[Ranking], thresholds: Sequence[float]) -> pd.DataFrame:
    """Precision to expect where mines are rarer than on the sites.

    Parameters
    ----------
    rankings, thresholds : sequences of one length
        See `confusion`.

    Returns
    -------
    DataFrame of `prevalence`, `precision`
        From 1e-5 to 1e-1, 13 rows; NaN where the recall or the false alarm rate is unknown.
    """
    counts = confusion(rankings, thresholds).times(np.ones((1, len(rankings))))
    n_other = np.array([sum(r.other.size for r in rankings)], np.float64)
    prevalence = np.round(np.logspace(-5, -1, 13), 6)
    precision = [precision_at(share, counts, n_other)[0] for share in prevalence]
    return pd.DataFrame({"prevalence": prevalence, "precision": np.round(precision, 6)})


def precision_at(prevalence: float, counts: Confusion, n_other: F64) -> F64:
    """Re-express precision at another share of mines.

    Sites are laid round mines. Recall and false alarm rate may travel; precision does not:
    ``R p / (R p + F (1 - p))`` at prevalence ``p``.

    Parameters
    ----------
    prevalence : float
        Share of the ground that is mine, 0 ... 1.
    counts : Confusion of (n,) arrays
    n_other : (n,) float64
        Pixels that are not mine, found or not.
    """
    hit = ratio(counts.tp, counts.tp + counts.fn) * prevalence
    alarm = ratio(counts.fp, n_other) * (1 - prevalence)
    return ratio(hit, hit + alarm)


def site_table(model: Judged, rule: ObjectRule) -> pd.DataFrame:
    """Count hits, false alarms and misses of each site: where to look for errors.

    Returns
    -------
    DataFrame
        A row a site, sorted by `site_id`: its `fold`, the share of locations with a valid
        date (`observed`), numbers of locations (`mine`, `found`, `missed`, `false_alarms`)
        and of objects (`mines`, `mines_found`, `false_objects`).
    """
    ordered = sorted(model.sites, key=lambda site: site.site_id)
    thresholds = model.thresholds(ordered, "location")
    rankings = published(ordered, against_truth=False).location
    counts = confusion(rankings, thresholds.tolist())
    ground = Ground.of(ordered, rule, truth=False)
    objects = count_objects(ground, thresholds, rule)
    seen = [float(np.mean(~np.isnan(site.location_score))) for site in ordered]
    numbers = {
        "mine": counts.tp + counts.fn,
        "found": counts.tp,
        "missed": counts.fn,
        "false_alarms": counts.fp,
        "mines": ground.mines,
        "mines_found": objects.found,
        "false_objects": objects.false,
    }
    return pd.DataFrame(
        {
            "site_id": [site.site_id for site in ordered],
            "fold": [site.fold for site in ordered],
            "observed": np.round(seen, 6),
            **{name: count.astype(np.int64) for name, count in numbers.items()},
        }
    )
