"""Whether a probability means what it says: reliability, Brier score, calibration error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from minecover.evaluation.ranking import F64, I64, Ranking, ratio

#: Upper edges of the reliability bins. The first one holds nearly all pixels and says
#: nothing about the model, so that the expected calibration error starts above it.
BIN_EDGES = np.linspace(0.05, 1.0, 20)


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


def calibration(rankings: Sequence[Ranking], draws: F64) -> dict[str, F64]:
    """Score the probabilities as probabilities.

    Parameters
    ----------
    rankings : sequence of Ranking
        A site each, of probabilities in 0..1.
    draws : (1 + replicates, n_sites) float64
        See `Bootstrap.draws`.

    Returns
    -------
    dict of (1 + replicates,) arrays
        ``brier``, the mean squared error; ``brier_skill``, the share of it that is saved over
        saying the prevalence everywhere; ``ece``, the expected calibration error over the
        pixels with p > 0.05, since over all pixels a constant scores 0. NaN where there is no
        pixel to count.

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
    """Sum up pixels, mines, p and (p - label)**2: (4, n_rankings, n_bins)."""
    sums = np.zeros((4, len(rankings), BIN_EDGES.size))
    for site, ranking in enumerate(rankings):
        for is_mine, ascending in ((0.0, ranking.other), (1.0, ranking.mine)):
            p = ascending.astype(np.float64)
            ends = np.searchsorted(ascending, BIN_EDGES.astype(np.float32), side="right")
            n = np.diff(ends, prepend=0).astype(np.float64)
            parts = [n, n * is_mine, _parts(p, ends), _parts((p - is_mine) ** 2, ends)]
            sums[:, site] += parts
    return sums


def _parts(values: F64, ends: I64) -> F64:
    """Sum `values` between consecutive ends, the first part from the start on."""
    running = np.concatenate([[0.0], np.cumsum(values)])
    return np.diff(running[ends], prepend=0.0)
