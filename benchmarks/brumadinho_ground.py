"""The tables of `experiment=brumadinho` in memory, and models that are fitted on some folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sampled import dealt

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.cube import F32
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.outputs import read_context, thinned_tables
from minecover.core.raster import read_cube, read_planes
from minecover.evaluation import Ranking
from minecover.evaluation.ranking import curve, curve_average_precision
from minecover.features.planes import feature_planes, flat_sets
from minecover.features.validity import valid
from minecover.learning.fitting import fit, probability
from minecover.learning.models.prior import PriorCorrected
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, count_rows, draw_sample, fold_rows


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A way of learning: its configuration and its columns of the sample."""

    params: Params
    columns: NDArray[np.int64]


class Ground:
    """The tables of the build in the working folder, in memory.

    Parameters
    ----------
    params : Params
        Of the experiment; folds, mask and recipe are taken from it.
    columns : sequence of str
        Columns that any variant takes.
    """

    def __init__(self, params: Params, columns: Sequence[str]) -> None:
        self.params, self.columns = params, list(columns)
        self.sites, self.split = dealt(params)
        self.fold = self.split.fold_of_site
        self.recipe: Recipe = params.build("design.recipe")
        self.tables = [self._table(index, columns) for index in range(len(self.sites))]
        thinned = thinned_tables(params, [site.site_id for site in self.sites])
        counts = count_rows(lambda i, _: self._table(i, ()), self.split, keep_within_px=0)
        self.shares = self.recipe.shares(counts, self.fold)
        self.sample: Sample = draw_sample(
            self.recipe.learned(lambda index: self.tables[index]),
            self.split,
            thinned=self.recipe.thinned(thinned, tuple(columns)),
            most=max(self.shares),
            keep_within_px=0,
            seed=self.recipe.seed,
        )
        self.alone = [self._single_dates(index) for index in range(len(self.sites))]

    def _table(self, index: int, columns: Sequence[str]) -> SiteTable:
        site_id = self.sites[index].site_id
        table = paths.table("location", site_id)
        profile = str(self.params.value("mask"))
        return read_table(table, features=columns, profile=profile, static=table)

    def _single_dates(self, index: int) -> list[tuple[F32, NDArray[np.int8]]]:
        """Return features and labels of the first, of the last and of both dates."""
        site = self.sites[index]
        cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
        label = read_planes(paths.MASKS / f"{site.site_id}.tif")
        usable = valid(cube, self.params.build(f"masks.{self.params.value('mask')}"))
        both = cube.core(usable).all(axis=0) & (len(cube.dates) > 1)
        planes = feature_planes(
            cube,
            usable,
            read_context(site),
            flat_sets(self.params.build("table")),
            self.columns,
            with_medians=True,
        )
        found = []
        for day in (0, -1):
            kept = np.zeros(len(cube.dates), np.bool_)
            kept[day] = True
            values = planes.of_dates(kept)
            X = np.stack([values[name][both] for name in self.columns], axis=1)
            found.append((X, label[cube.dates[day].isoformat()][both].astype(np.int8)))
        whole = self.tables[index]
        flat = both.ravel()
        return [*found, (whole.X[flat], whole.label[flat])]

    def fitted(self, variant: Variant, out: Sequence[int]) -> PriorCorrected:
        """Fit a variant on the rows that lie in none of some folds."""
        sample = replace(self.sample, X=self.sample.X[:, variant.columns])
        allowed = np.all([fold_rows(sample, self.split, k) for k in out], axis=0)
        family = variant.params.build("model")
        share = self.shares[out[0]]
        return fit(family, self.recipe, sample, allowed, share=share, bag=0)

    def predicted(self, model: PriorCorrected, variant: Variant, fold: int) -> dict[int, F32]:
        """Return the probabilities of each site of a fold, by its index."""
        found = {}
        for index in np.flatnonzero(self.fold == fold):
            table = self.tables[index]
            p = np.full(len(table.label), np.nan, np.float32)
            p[table.valid] = probability(model, table.X[table.valid][:, variant.columns])
            found[int(index)] = p
        return found

    def average_precision(self, p: dict[int, F32]) -> float:
        """Return the average precision of some sites."""
        ranked = [Ranking.of(one, self.tables[index].label) for index, one in p.items()]
        return curve_average_precision(curve(ranked))
