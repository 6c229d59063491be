"""Intervals by drawing whole sites again: pixels of one site are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.errors import ConfigError
from minecover.evaluation.ranking import F32, F64, Ranking, counts_above, ratio

#: Thresholds at which a replicate's average precision is counted. They lie at even steps of
#: recall, so that a step is at most 1/4096 of the mines and the error smaller still.
N_THRESHOLDS = 4096


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How sites are drawn again, with replacement, and what of the draws is reported.

    Parameters
    ----------
    replicates : int
        How often all sites are drawn.
    level : float
        Share of the replicates inside the interval, 0.95 for the usual one.
    seed : int
        Of the draws.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13 (percentiles).
    """

    replicates: int
    level: float
    seed: int

    def __post_init__(self) -> None:
        """Refuse what gives no interval."""
        if self.replicates < 1 or not 0 < self.level < 1:
            raise ConfigError(
                "Bootstrap needs replicates >= 1 and 0 < level < 1, found "
                f"replicates={self.replicates}, level={self.level}. Fix them in conf/metrics."
            )

    def weights(self, n_sites: int) -> F64:
        """How often each replicate holds each site: (replicates, n_sites) float64."""
        random = np.random.default_rng(self.seed)
        drawn = random.integers(max(n_sites, 1), size=(self.replicates, n_sites))
        cell = drawn + n_sites * np.arange(self.replicates)[:, None]
        counts = np.bincount(cell.ravel(), minlength=self.replicates * n_sites)
        return counts.reshape(self.replicates, n_sites).astype(np.float64)

    def draws(self, n_sites: int) -> F64:
        """Weigh the sites: the first row holds each site once, the others are `weights`.

        Whatever is summed over sites with these rows begins with the score itself and goes on
        with its replicates. A single site leaves nothing to draw.

        Returns
        -------
        (1 + replicates, n_sites) float64
            (1, n_sites) below two sites.
        """
        every_once = np.ones((1, n_sites))
        return np.vstack([every_once, self.weights(n_sites)]) if n_sites > 1 else every_once

    def interval(self, replicates: F64) -> tuple[float | None, float | None]:
        """Percentile interval of the replicates that have a score; None, None if none has."""
        finite = replicates[np.isfinite(replicates)]
        if not finite.size:
            return None, None
        tail = (1 - self.level) / 2
        low, high = np.quantile(finite, [tail, 1 - tail])
        return float(low), float(high)


def average_precisions(rankings: Sequence[Ranking], weights: F64) -> F64:
    """Average precision of every replicate.

    Parameters
    ----------
    rankings : sequence of Ranking
        A site each.
    weights : (replicates, n_sites) float64
        See `Bootstrap.weights`.

    Returns
    -------
    (replicates,) float64
        Exact up to `N_THRESHOLDS` distinct scores of mines; NaN where a replicate has none.
    """
    thresholds = recall_steps(rankings)
    if not thresholds.size:
        return np.full(len(weights), np.nan)
    # Whole numbers below 2**53: the products are exact whatever order BLAS adds in.
    tp, fp = (weights @ counts for counts in counts_above(rankings, thresholds))
    precision = np.nan_to_num(ratio(tp, tp + fp))
    rise = np.diff(tp, axis=1, prepend=0.0)
    return ratio((rise * precision).sum(axis=1), tp[:, -1])


def recall_steps(rankings: Sequence[Ranking]) -> F32:
    """Scores of mines at even steps of recall, the highest first, the lowest among them."""
    mine = np.sort(np.concatenate([np.empty(0, np.float32), *(r.mine for r in rankings)]))
    distinct = np.unique(mine)
    if distinct.size > N_THRESHOLDS:
        distinct = np.unique(mine[np.linspace(0, mine.size - 1, N_THRESHOLDS).astype(np.int64)])
    return distinct[::-1]
