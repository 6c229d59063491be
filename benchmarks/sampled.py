"""A built data set in memory, to fit many models on: every mine, and a tenth of the rest.

What is counted of the rest is multiplied by ten. That leaves scores as they are but for the
luck of the draw, which is the same for all models: their differences are what to read. Used by
the studies beside this file; the scores that are published come from the whole set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from minecover.config import Params
from minecover.features.planes import names_of
from minecover.metrics import Bootstrap, Ranking
from minecover.metrics.bootstrap import F64, recall_steps
from minecover.metrics.ranking import counts_above, ratio
from minecover.stages import fetched_sites, paths
from minecover.stages.train import split_of
from minecover.table import SiteTable, read_table
from minecover.training import Recipe, Split
from minecover.training.sample import Sample, count_rows, draw_sample, fold_rows
from minecover.training.score import fit, probability

#: Share of the negatives that is looked at.
SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Scores against the labels: of the sites as they are, then of each draw of them."""

    average_precision: F64
    best_f1: F64

    def line(self, bootstrap: Bootstrap, beside: Judged | None = None) -> str:
        """Write both scores, or their differences to another model's, with intervals."""
        cells = []
        for name in ("average_precision", "best_f1"):
            draws = getattr(self, name) - (getattr(beside, name) if beside else 0.0)
            low, high = bootstrap.interval(draws[1:])
            sign = "+" if beside else ""
            cells.append(f"{draws[0]:{sign}.3f} [{low or 0:{sign}.3f}, {high or 0:{sign}.3f}]")
        return " | ".join(cells)


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
        self._design, self._profile = params.value("design.name"), params.value("mask.name")
        self.recipe: Recipe = params.build("design.recipe")
        self.bootstrap: Bootstrap = params.build("metrics.bootstrap")
        here = fetched_sites()
        whole = split_of(here, params.build("folds.splitter"))
        kept = np.unique(np.linspace(0, len(here) - 1, n_sites or len(here)).astype(int))
        self.sites = [here[index] for index in kept]
        self.split: Split = replace(
            whole,
            site_ids=tuple(whole.site_ids[index] for index in kept),
            groups=tuple(whole.groups[index] for index in kept),
            fold_of_site=whole.fold_of_site[kept],
            near=tuple({} for _ in whole.near),
        )
        self.sample: Sample = draw_sample(
            self._table, self.split, most=SHARE, keep_within_px=0, seed=self.recipe.seed
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
        return [name for name in names_of(params.build("features")) if name in self.features]

    def out_of_fold(
        self,
        family: Pipeline,
        features: Sequence[str],
        *,
        without: int | None = None,
        known: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float32]:
        """Score every row with a model that never saw its fold.

        Parameters
        ----------
        family : unfitted Pipeline
        features : sequence of str
            Its columns.
        without : int or None
            A fold that no model may see: an outer one. Its rows get no score.
        known : (n_sites,) bool or None
            Sites to learn from; None takes all.

        Returns
        -------
        (n_rows,) float32
            NaN where there is no score.
        """
        columns = [self.features.index(name) for name in features]
        sample = replace(self.sample, X=self.sample.X[:, columns])
        folds = [fold for fold in range(self.n_folds) if fold != without]

        def score(fold: int) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
            allowed = fold_rows(sample, self.split, fold)
            if without is not None:
                allowed &= fold_rows(sample, self.split, without)
            if known is not None:
                allowed &= known[sample.site]
            model = fit(
                family, self.recipe, sample, allowed, share=min(SHARE, self.shares[fold]), bag=0
            )
            tested = self.split.fold_of_site[sample.site] == fold
            return tested, probability(model, sample.X[tested])

        scores = np.full(len(sample.y), np.nan, np.float32)
        for tested, found in Parallel(n_jobs=-1, prefer="threads")(
            delayed(score)(fold) for fold in folds
        ):
            scores[tested] = found
        return scores

    def judge(self, scores: NDArray[np.float32]) -> Judged:
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
        return Judged(
            ratio((rise * np.nan_to_num(ratio(tp, tp + fp))).sum(axis=1), n_mine),
            np.max(2 * tp / (tp + fp + n_mine[:, None]), axis=1),
        )
