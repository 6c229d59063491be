"""What is scored and with what: a model's scores with its cuts, and the yardstick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.errors import ConfigError
from minecover.evaluation.bootstrap import Bootstrap
from minecover.evaluation.object_matching import ObjectRule
from minecover.evaluation.ranking import F64
from minecover.evaluation.support import SiteScores
from minecover.evaluation.thresholds import Cut


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A model's scores and where they are cut.

    Parameters
    ----------
    sites : sequence of SiteScores
        In any order, each once.
    cuts : mapping of Cut
        ``observation`` and ``location``, with a threshold for each fold that was chosen on
        the other folds or fixed beforehand (`choose_cuts`).
    """

    sites: Sequence[SiteScores]
    cuts: Mapping[str, Cut]

    def __post_init__(self) -> None:
        """Refuse doubled sites and folds without a threshold."""
        names = [site.site_id for site in self.sites]
        if len(set(names)) < len(names):
            raise ValueError("each site is scored once, found a site_id twice.")
        folds = {site.fold for site in self.sites}
        by_fold = [self.cuts[level].by_fold for level in ("observation", "location")]
        missing = sorted(fold for fold in folds if any(fold not in cut for cut in by_fold))
        if missing:
            raise ValueError(f"every fold needs a threshold, found none for folds {missing}.")

    def ordered(self, *, background: bool) -> list[SiteScores]:
        """Give the sites by name: those on mine-free ground, or all the others."""
        chosen = [site for site in self.sites if site.is_background == background]
        return sorted(chosen, key=lambda site: site.site_id)

    def thresholds(self, sites: Sequence[SiteScores], level: str) -> F64:
        """Give each site the threshold of its fold: (n_sites,) float64."""
        by_fold = self.cuts[level].by_fold
        return np.array([by_fold[site.fold] for site in sites], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """What is reported of a model besides what always is.

    Parameters
    ----------
    bootstrap : Bootstrap
        How intervals are drawn. Thresholds are not chosen anew.
    objects : ObjectRule
        What an object is.
    prevalences : sequence of float
        Shares of mine ground at which the precision of the locations is re-expressed.
    """

    bootstrap: Bootstrap
    objects: ObjectRule
    prevalences: Sequence[float]

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not all(0 < share < 1 for share in self.prevalences):
            raise ConfigError(
                f"metrics.prevalences lie between 0 and 1, found {list(self.prevalences)}. "
                "Fix them in conf/metrics."
            )
