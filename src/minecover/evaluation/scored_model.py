"""A model's out-of-fold predictions with its thresholds, and the settings of its evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.errors import ConfigError
from minecover.evaluation.bootstrap import Bootstrap
from minecover.evaluation.object_rule import ObjectRule
from minecover.evaluation.ranking import F64
from minecover.evaluation.support import SitePredictions
from minecover.evaluation.thresholds import Thresholds


@dataclass(frozen=True, slots=True, eq=False)
class ScoredModel:
    """The out-of-fold predictions of a model and its thresholds.

    Parameters
    ----------
    sites : sequence of SitePredictions
        Every site once, in any order.
    thresholds : mapping of str to Thresholds
        For ``observation`` and ``location``, with a threshold for each fold that was chosen on
        the other folds or fixed beforehand (`choose_thresholds`).
    pooling : str or None
        How one score a site is made of its probabilities, one of
        `minecover.evaluation.pooling.POOLINGS`; None chooses it for each fold on the others.
    """

    sites: Sequence[SitePredictions]
    thresholds: Mapping[str, Thresholds]
    pooling: str | None = None

    def __post_init__(self) -> None:
        """Refuse a site that occurs twice and folds without a threshold."""
        names = [site.site_id for site in self.sites]
        if len(set(names)) < len(names):
            raise ValueError("each site must be scored once, found a site_id twice.")
        folds = {site.fold for site in self.sites}
        levels = [self.thresholds[level].by_fold for level in ("observation", "location")]
        missing = sorted(fold for fold in folds if any(fold not in one for one in levels))
        if missing:
            raise ValueError(f"every fold needs a threshold, found none for folds {missing}.")

    def sorted_sites(self, *, background: bool) -> list[SitePredictions]:
        """Return the background sites (True) or all the others (False), sorted by name."""
        chosen = [site for site in self.sites if site.is_background == background]
        return sorted(chosen, key=lambda site: site.site_id)

    def site_thresholds(self, sites: Sequence[SitePredictions], level: str) -> F64:
        """Return the threshold of each site, which is that of its fold.

        Parameters
        ----------
        sites : sequence of SitePredictions
            Sites of this model, in the order of the result.
        level : str
            ``observation`` or ``location``.

        Returns
        -------
        (n_sites,) float64
            Predict a mine at ``probability >= threshold``.
        """
        by_fold = self.thresholds[level].by_fold
        return np.array([by_fold[site.fold] for site in sites], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationSettings:
    """What the evaluation of a model depends on besides its predictions.

    Parameters
    ----------
    bootstrap : Bootstrap
        Defines the intervals. Thresholds are not chosen again in each replicate.
    objects : ObjectRule
        Defines objects and when one of them finds a mine.
    prevalences : sequence of float
        Shares of mine pixels, 0 < share < 1, at which the precision of the locations is
        re-expressed.
    """

    bootstrap: Bootstrap
    objects: ObjectRule
    prevalences: Sequence[float]

    def __post_init__(self) -> None:
        """Refuse a prevalence that is not a share."""
        if not all(0 < share < 1 for share in self.prevalences):
            raise ConfigError(
                "metrics.prevalences must lie between 0 and 1, found "
                f"{list(self.prevalences)}. Fix them in conf/config.yaml."
            )
