"""Calibration of probabilities: reliability table, Brier score, expected calibration error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from minecover.evaluation.ranking import F64, I64, Ranking, ratio

#: Upper edges of the reliability bins. The first bin holds nearly all pixels and says nothing
#: about the model, so that the expected calibration error starts above it.
BIN_EDGES = np.linspace(0.05, 1.0, 20)


def reliability_table(rankings: Sequence[Ranking]) -> pd.DataFrame:
    """Compare predicted probabilities with observed shares of mines, in bins of 0.05.

    Parameters
    ----------
    rankings : sequence of Ranking
        Probabilities in 0..1, one ranking for each site.

    Returns
    -------
    DataFrame of `above`, `up_to`, `count`, `mean_predicted`, `observed_share`, `brier`
        A row per bin ``above < p <= up_to`` (the first holds 0 too); NaN in empty bins.
    """
    count, mine, total, squares = _bins(rankings).sum(axis=1)
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


def calibration_scores(rankings: Sequence[Ranking], draws: F64) -> dict[str, F64]:
    """Compute the calibration scores of the pooled sites in each draw.

    Parameters
    ----------
    rankings : sequence of Ranking
        Probabilities in 0..1, one ranking for each site.
    draws : (1 + replicates, n_sites) float64
        How often each site counts; see `Bootstrap.draws`.

    Returns
    -------
    dict of str to (1 + replicates,) float64
        ``brier``, the mean squared error; ``brier_skill``, one minus its ratio to the Brier
        score of predicting the prevalence everywhere; ``ece``, the expected calibration error
        over the pixels with p > 0.05 (over all pixels a constant would score 0). NaN where
        there is no pixel to count.

    References
    ----------
    Brier (1950), Monthly Weather Review 78, 1-3. Guo et al. (2017), arXiv:1706.04599 (ECE).
    """
    count, mine, total, squares = np.einsum("ds,kse->kde", draws, _bins(rankings))
    brier = ratio(squares.sum(axis=1), count.sum(axis=1))
    prevalence = ratio(mine.sum(axis=1), count.sum(axis=1))
    gap = np.abs(total[:, 1:] - mine[:, 1:]).sum(axis=1)
    return {
        "brier": brier,
        "brier_skill": 1 - ratio(brier, prevalence * (1 - prevalence)),
        "ece": ratio(gap, count[:, 1:].sum(axis=1)),
    }


def _bins(rankings: Sequence[Ranking]) -> F64:
    """Sum up pixels, mine pixels, p and (p - label)**2: (4, n_rankings, n_bins)."""
    sums = np.zeros((4, len(rankings), BIN_EDGES.size))
    for site, ranking in enumerate(rankings):
        for is_mine, ascending in ((0.0, ranking.other), (1.0, ranking.mine)):
            p = ascending.astype(np.float64)
            ends = np.searchsorted(ascending, BIN_EDGES.astype(np.float32), side="right")
            n = np.diff(ends, prepend=0).astype(np.float64)
            squares = (p - is_mine) ** 2
            sums[:, site] += [n, n * is_mine, _bin_sums(p, ends), _bin_sums(squares, ends)]
    return sums


def _bin_sums(values: F64, ends: I64) -> F64:
    """Sum `values` between consecutive ends, the first sum from the start on."""
    running = np.concatenate([[0.0], np.cumsum(values)])
    return np.diff(running[ends], prepend=0.0)
