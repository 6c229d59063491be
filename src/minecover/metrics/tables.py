"""The tables behind the plots: precision-recall, reliability, transfer, one row a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from minecover.metrics.ranking import F64, I64, Ranking, confusion, curve, ratio
from minecover.metrics.support import SiteScores, published

#: Points of a precision-recall curve: more than a screen can show.
N_POINTS = 500
#: Upper edges of the reliability bins. The first one holds nearly all pixels and says
#: nothing about the model, so that the expected calibration error starts above it.
BIN_EDGES = np.linspace(0.05, 1.0, 20)


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


def reliability(rankings: Sequence[Ranking]) -> pd.DataFrame:
    """Compare what was predicted with what was there, bin by bin of 0.05.

    Parameters
    ----------
    rankings : sequence of Ranking
        Of probabilities in 0..1.

    Returns
    -------
    DataFrame of `above`, `up_to`, `count`, `mean_predicted`, `observed_share`, `brier`
        A row a bin ``above < p <= up_to`` (the first holds 0 too); NaN in empty bins.
    """
    count, mine, total, squares = _bins(rankings)
    return pd.DataFrame(
        {
            "above": np.round([0.0, *BIN_EDGES[:-1]], 2),
            "up_to": np.round(BIN_EDGES, 2),
            "count": count.astype(np.int64),
            "mean_predicted": ratio(total, count).round(6),
            "observed_share": ratio(mine, count).round(6),
            "brier": ratio(squares, count).round(6),
        }
    )


def calibration(rankings: Sequence[Ranking]) -> dict[str, float]:
    """Brier score, and expected calibration error over the pixels with p > 0.05.

    Returns
    -------
    dict of `brier`, `ece`
        NaN where there is no pixel to count.
    """
    count, mine, total, squares = _bins(rankings)
    gap = np.abs(total[1:] - mine[1:]).sum()
    return {
        "brier": float(ratio(squares.sum(), count.sum())),
        "ece": float(ratio(gap, count[1:].sum())),
    }


def transfer(rankings: Sequence[Ranking], thresholds: Sequence[float]) -> pd.DataFrame:
    """Precision to expect where mines are rarer than on the sites.

    Sites are laid round mines. Recall and false alarm rate may travel; precision does not:
    ``R p / (R p + F (1 - p))`` at prevalence ``p``.

    Parameters
    ----------
    rankings, thresholds : sequences of one length
        See `confusion`.

    Returns
    -------
    DataFrame of `prevalence`, `precision`
        From 1e-5 to 1e-1, 13 rows; NaN where the recall or the false alarm rate is unknown.
    """
    counts = confusion(rankings, thresholds)
    n_other = np.float64(sum(r.other.size for r in rankings))
    tp, fn, fp = counts.tp.sum(), counts.fn.sum(), counts.fp.sum()
    recall, false_alarm_rate = ratio(tp, tp + fn), ratio(fp, n_other)
    prevalence = np.round(np.logspace(-5, -1, 13), 6)
    hit, alarm = recall * prevalence, false_alarm_rate * (1 - prevalence)
    return pd.DataFrame(
        {"prevalence": prevalence, "precision": ratio(hit, hit + alarm).round(6)}
    )


def site_table(
    sites: Sequence[SiteScores], *, location_threshold: Mapping[int, float]
) -> pd.DataFrame:
    """Count hits, false alarms and misses of each site's locations: where to look for errors.

    Returns
    -------
    DataFrame of `site_id`, `fold`, `observed`, `mine`, `found`, `missed`, `false_alarms`
        A row a site, sorted by `site_id`; `observed` is the share of locations with a valid
        date, the rest are numbers of locations.
    """
    ordered = sorted(sites, key=lambda site: site.site_id)
    rankings = published(ordered, against_truth=False).location
    counts = confusion(rankings, [location_threshold[site.fold] for site in ordered])
    seen = [float(np.mean(~np.isnan(site.location_score))) for site in ordered]
    return pd.DataFrame(
        {
            "site_id": [site.site_id for site in ordered],
            "fold": [site.fold for site in ordered],
            "observed": np.round(seen, 6),
            "mine": [ranking.mine.size for ranking in rankings],
            "found": counts.tp.astype(np.int64),
            "missed": counts.fn.astype(np.int64),
            "false_alarms": counts.fp.astype(np.int64),
        }
    )


def _bins(rankings: Sequence[Ranking]) -> tuple[F64, F64, F64, F64]:
    """Pixels, mines, sum of p and sum of (p - label)**2 in each reliability bin."""
    sums = np.zeros((4, BIN_EDGES.size))
    for ranking in rankings:
        for is_mine, ascending in ((0.0, ranking.other), (1.0, ranking.mine)):
            p = ascending.astype(np.float64)
            ends = np.searchsorted(ascending, BIN_EDGES.astype(np.float32), side="right")
            n = np.diff(ends, prepend=0).astype(np.float64)
            sums += [n, n * is_mine, _parts(p, ends), _parts((p - is_mine) ** 2, ends)]
    count, mine, total, squares = sums
    return count, mine, total, squares


def _parts(values: F64, ends: I64) -> F64:
    """Sum `values` between consecutive ends, the first part from the start on."""
    running = np.concatenate([[0.0], np.cumsum(values)])
    return np.diff(running[ends], prepend=0.0)
