"""Confidence intervals by bootstrap over sites: the pixels of one site are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.errors import ConfigError
from minecover.evaluation.ranking import F32, F64, Ranking, counts_above, ratio

#: Thresholds at which the average precision of a replicate is counted. They lie at even steps
#: of recall, so that a step is at most 1/4096 of the mine pixels and the error smaller still.
N_THRESHOLDS = 4096


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How sites are drawn with replacement, and which interval of the replicates is reported.

    Parameters
    ----------
    replicates : int
        Number of replicates, at least 1; each draws as many sites as there are.
    level : float
        Confidence level, 0 < level < 1; 0.95 for the usual interval.
    seed : int
        Seed of the draws.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13 (percentiles).
    """

    replicates: int
    level: float
    seed: int

    def __post_init__(self) -> None:
        """Refuse settings that define no interval."""
        if self.replicates < 1 or not 0 < self.level < 1:
            raise ConfigError(
                "Bootstrap needs replicates >= 1 and 0 < level < 1, found "
                f"replicates={self.replicates}, level={self.level}. "
                "Fix metrics.bootstrap in conf/config.yaml."
            )

    def draws(self, n_sites: int) -> F64:
        """Return how often each site counts in the sample itself and in each replicate.

        A quantity summed over sites with these weights has its value first and those of its
        replicates after it.

        Parameters
        ----------
        n_sites : int
            Number of sites.

        Returns
        -------
        (1 + replicates, n_sites) float64
            Whole numbers. The first row is all ones, the others sum to `n_sites`. Only the
            first row below two sites, since a single site cannot be resampled.
        """
        sample = np.ones((1, n_sites))
        return np.vstack([sample, self._resampled(n_sites)]) if n_sites > 1 else sample

    def group_draws(self, groups: Sequence[str]) -> F64:
        """Return how often each site counts where whole groups of sites are drawn.

        Parameters
        ----------
        groups : sequence of str
            Group of each site: sites that share ground, or lie near each other, say the same.

        Returns
        -------
        (1 + replicates, n_sites) float64
            As of `draws`; the first row only if there is one group.
        """
        place = {name: index for index, name in enumerate(dict.fromkeys(groups))}
        return self.draws(len(place))[:, [place[name] for name in groups]]

    def interval(self, replicates: F64) -> tuple[float | None, float | None]:
        """Return the percentile interval of a score.

        Parameters
        ----------
        replicates : (n_replicates,) float64
            The score in each replicate; values that are not finite are left out.

        Returns
        -------
        low, high : float or None
            Ends of the interval; None if no replicate has a score.
        """
        finite = replicates[np.isfinite(replicates)]
        if not finite.size:
            return None, None
        tail = (1 - self.level) / 2
        low, high = np.quantile(finite, [tail, 1 - tail])
        return float(low), float(high)

    def _resampled(self, n_sites: int) -> F64:
        """Count how often each replicate draws each site: (replicates, n_sites)."""
        random = np.random.default_rng(self.seed)
        drawn = random.integers(max(n_sites, 1), size=(self.replicates, n_sites))
        cell = drawn + n_sites * np.arange(self.replicates)[:, None]
        counts = np.bincount(cell.ravel(), minlength=self.replicates * n_sites)
        return counts.reshape(self.replicates, n_sites).astype(np.float64)


def average_precisions(rankings: Sequence[Ranking], draws: F64) -> F64:
    """Compute the average precision of the pooled sites in each draw.

    Parameters
    ----------
    rankings : sequence of Ranking
        One for each site.
    draws : (n_draws, n_sites) float64
        How often each site counts; see `Bootstrap.draws`.

    Returns
    -------
    (n_draws,) float64
        Average precision, 0..1; exact up to `N_THRESHOLDS` distinct probabilities of mine
        pixels; NaN where a draw has no mine pixel.
    """
    thresholds = recall_steps(rankings)
    if not thresholds.size:
        return np.full(len(draws), np.nan)
    # Whole numbers below 2**53: the products are exact whatever order BLAS adds in.
    tp, fp = (draws @ counts for counts in counts_above(rankings, thresholds))
    precision = np.nan_to_num(ratio(tp, tp + fp))
    rise = np.diff(tp, axis=1, prepend=0.0)
    return ratio((rise * precision).sum(axis=1), tp[:, -1])


def recall_steps(rankings: Sequence[Ranking]) -> F32:
    """Return thresholds at even steps of recall.

    Parameters
    ----------
    rankings : sequence of Ranking
        One for each site.

    Returns
    -------
    (k,) float32
        At most `N_THRESHOLDS` distinct probabilities of mine pixels, descending; the lowest
        of all mine pixels is among them. Empty without a mine pixel.
    """
    mine = np.sort(np.concatenate([np.empty(0, np.float32), *(r.mine for r in rankings)]))
    distinct = np.unique(mine)
    if distinct.size > N_THRESHOLDS:
        distinct = np.unique(mine[np.linspace(0, mine.size - 1, N_THRESHOLDS).astype(np.int64)])
    return distinct[::-1]
