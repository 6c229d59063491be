"""A built data set in memory, to fit many models on: every mine, and a tenth of the rest.

What is counted of the rest is multiplied by ten. That leaves scores as they are but for the
luck of the draw, which is the same for all models: their differences are what to read. Used by
the studies beside this file; the scores that are published come from the whole set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.outputs import fetched_sites
from minecover.core.sites import Site
from minecover.evaluation import Bootstrap, Ranking
from minecover.evaluation.bootstrap import recall_steps
from minecover.evaluation.ranking import counts_above, ratio
from minecover.learning.fitting import fit, probability
from minecover.learning.folds import GroupedFolds
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, count_rows, draw_sample, fold_rows
from minecover.pipeline.stages.train import chosen_columns, make_split

F64 = NDArray[np.float64]
#: Share of the negatives that is looked at.
SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores against the labels: of the sites as they are, then of each draw of them."""

    average_precision: F64
    best_f1: F64

    def line(self, bootstrap: Bootstrap, beside: Scores | None = None) -> str:
        """Write both scores, or their differences to another model's, with intervals."""
        cells = []
        for name in ("average_precision", "best_f1"):
            draws = getattr(self, name) - (getattr(beside, name) if beside else 0.0)
            low, high = bootstrap.interval(draws[1:])
            sign = "+" if beside else ""
            cells.append(f"{draws[0]:{sign}.3f} [{low or 0:{sign}.3f}, {high or 0:{sign}.3f}]")
        return " | ".join(cells)


def dealt(params: Params, n_sites: int | None = None) -> tuple[list[Site], Split]:
    """Read the sites of the build in the working folder and how they were dealt to folds.

    Parameters
    ----------
    params : Params
    n_sites : int or None
        Take so many, evenly over the list; None takes all.

    Returns
    -------
    list of Site
    Split
        Of fewer sites it has no buffer: a look at differences, not at what is published.
    """
    here = fetched_sites()
    whole = make_split(
        here,
        GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m")),
        pd.read_parquet(paths.FOLDS),
    )
    if n_sites is None or n_sites >= len(here):
        return here, whole
    kept = np.unique(np.linspace(0, len(here) - 1, n_sites).astype(int))
    return [here[index] for index in kept], replace(
        whole,
        site_ids=tuple(whole.site_ids[index] for index in kept),
        groups=tuple(whole.groups[index] for index in kept),
        fold_of_site=whole.fold_of_site[kept],
        near=tuple({} for _ in whole.near),
    )


class Sampled:
    """The tables of the build in the working folder, one design's, in memory.

    Parameters
    ----------
    params : Params
        Composed: mask, folds and recipe are taken from it.
    features : sequence of str
        Columns to read.
    n_sites : int or None
        Sites that are used, evenly over the list; None takes all.
    """

    def __init__(
        self, params: Params, features: Sequence[str], *, n_sites: int | None = None
    ) -> None:
        self.features = tuple(features)
        self._design, self._profile = params.value("design.name"), params.value("mask")
        self.recipe: Recipe = params.build("design.recipe")
        self.bootstrap: Bootstrap = params.build("metrics.bootstrap")
        self.sites, self.split = dealt(params, n_sites)
        self.sample: Sample = draw_sample(
            self._table,
            self.split,
            thinned=None,
            most=SHARE,
            keep_within_px=0,
            seed=self.recipe.seed,
        )
        counts = count_rows(lambda i, _: self._table(i, ()), self.split, keep_within_px=0)
        self.shares = self.recipe.shares(counts, self.split.fold_of_site)

    def _table(self, index: int, features: Sequence[str] | None = None) -> SiteTable:
        site_id = self.sites[index].site_id
        return read_table(
            paths.table(str(self._design), site_id),
            features=self.features if features is None else features,
            profile=str(self._profile),
            static=paths.table("location", site_id),
        )

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return len(self.shares) - 1

    def of_blocks(self, params: Params) -> list[str]:
        """Name the columns that a configuration's features are, among those in memory."""
        return [name for name in chosen_columns(params) if name in self.features]

    def out_of_fold(
        self,
        family: Pipeline,
        features: Sequence[str],
        *,
        known: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float32]:
        """Score every row with a model that never saw its fold.

        Parameters
        ----------
        family : unfitted Pipeline
        features : sequence of str
            Its columns.
        known : (n_sites,) bool or None
            Sites to learn from; None takes all.

        Returns
        -------
        (n_rows,) float32
        """
        sample = self._only(features)
        rows = np.ones(len(sample.y), np.bool_) if known is None else known[sample.site]
        scores = np.full(len(sample.y), np.nan, np.float32)

        def score(fold: int) -> None:
            model = self._fit(family, sample, rows & fold_rows(sample, self.split, fold), fold)
            tested = self._in(fold)
            scores[tested] = probability(model, sample.X[tested])

        Parallel(n_jobs=-1, prefer="threads")(delayed(score)(k) for k in range(self.n_folds))
        return scores

    def inner(self, family: Pipeline, features: Sequence[str]) -> list[NDArray[np.float32]]:
        """Score, for each outer fold, the rows of all others with models that saw neither.

        One model serves two outer folds: the one that saw neither of them.

        Returns
        -------
        list of (n_rows,) float32
            One an outer fold, NaN on its own rows.
        """
        sample = self._only(features)
        scores = [np.full(len(sample.y), np.nan, np.float32) for _ in range(self.n_folds)]

        def score(one: int, other: int) -> None:
            allowed = fold_rows(sample, self.split, one) & fold_rows(sample, self.split, other)
            model = self._fit(family, sample, allowed, one)
            for outer, tested in ((one, self._in(other)), (other, self._in(one))):
                scores[outer][tested] = probability(model, sample.X[tested])

        Parallel(n_jobs=-1, prefer="threads")(
            delayed(score)(*pair) for pair in combinations(range(self.n_folds), 2)
        )
        return scores

    def _only(self, features: Sequence[str]) -> Sample:
        """Give the sample with some of its columns."""
        columns = [self.features.index(name) for name in features]
        return replace(self.sample, X=self.sample.X[:, columns])

    def _in(self, fold: int) -> NDArray[np.bool_]:
        """Mark the rows of a fold."""
        inside: NDArray[np.bool_] = self.split.fold_of_site[self.sample.site] == fold
        return inside

    def _fit(
        self, family: Pipeline, sample: Sample, allowed: NDArray[np.bool_], fold: int
    ) -> BaseEstimator:
        """Fit with the share of negatives that the recipe takes without a fold."""
        share = min(SHARE, self.shares[fold])
        return fit(family, self.recipe, sample, allowed, share=share, bag=0)

    def score(self, scores: NDArray[np.float32]) -> Scores:
        """Count, draw the sites again, and count again."""
        site = self.sample.site
        rankings = [
            Ranking.of(scores[site == index], self.sample.y[site == index])
            for index in range(len(self.sites))
        ]
        mine, other = counts_above(rankings, recall_steps(rankings))
        draws = self.bootstrap.draws(len(rankings))
        n_mine = draws @ np.array([ranking.mine.size for ranking in rankings], np.float64)
        tp, fp = draws @ mine, draws @ other / SHARE
        rise = np.diff(tp, axis=1, prepend=0.0)
        return Scores(
            ratio((rise * np.nan_to_num(ratio(tp, tp + fp))).sum(axis=1), n_mine),
            np.max(2 * tp / (tp + fp + n_mine[:, None]), axis=1),
        )
