"""The tables of `experiment=brumadinho` in memory, and models that are fitted on some folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sampled import dealt

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.cube import F32, Cube
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.outputs import read_context, thinned_tables
from minecover.core.raster import read_cube, read_planes
from minecover.evaluation import Ranking
from minecover.evaluation.ranking import curve, curve_average_precision
from minecover.features.planes import feature_planes, flat_sets
from minecover.features.spectral import bands_and_indices
from minecover.features.validity import valid
from minecover.learning.fitting import fit, probability
from minecover.learning.models.prior import PriorCorrected
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, count_rows, draw_sample, fold_rows

#: Settlements, drawn by hand on the scenes (EPSG:32623): villages before a candidate was seen;
#: the town, which the first scene alone shows, after two candidates were found to lie there.
SETTLEMENTS = {
    "town of Brumadinho": (
        (583400, -2227200),
        (584250, -2227400),
        (584650, -2227600),
        (584500, -2228250),
        (584300, -2228700),
        (584350, -2229900),
        (583400, -2229900),
    ),
    "village beside the lower spill": (
        (587700, -2227100),
        (588900, -2226950),
        (589250, -2227900),
        (588850, -2228450),
        (588000, -2228500),
        (587650, -2227800),
    ),
    "village below the west mine": (
        (587350, -2224850),
        (588000, -2224850),
        (588000, -2225400),
        (587350, -2225400),
    ),
    "village beside the upper spill": (
        (592700, -2226500),
        (593700, -2226200),
        (593700, -2227000),
        (592700, -2227000),
    ),
}
#: Ground that loses no more of its NDVI between the two dates, 16 days, is as it was.
LOST_NDVI = 0.05


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
        self.as_it_was = [self._as_it_was(index) for index in range(len(self.sites))]

    def _table(self, index: int, columns: Sequence[str]) -> SiteTable:
        site_id = self.sites[index].site_id
        table = paths.table("location", site_id)
        profile = str(self.params.value("mask"))
        return read_table(table, features=columns, profile=profile, static=table)

    def _single_dates(self, index: int) -> list[tuple[F32, NDArray[np.int8]]]:
        """Return features and labels of the first, of the last and of both dates."""
        site = self.sites[index]
        cube, usable, both = self._scenes(index)
        label = read_planes(paths.MASKS / f"{site.site_id}.tif")
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

    def _as_it_was(self, index: int) -> NDArray[np.bool_]:
        """Mark the locations of `_single_dates` that lost no more of their NDVI."""
        cube, _, both = self._scenes(index)
        with np.errstate(invalid="ignore"):
            ndvi = cube.core(bands_and_indices(cube, ["ndvi"])[:, 0])
            kept: NDArray[np.bool_] = (ndvi[0] - ndvi[-1])[both] <= LOST_NDVI
        return kept

    def _scenes(self, index: int) -> tuple[Cube, NDArray[np.bool_], NDArray[np.bool_]]:
        """Return a site's scenes, what is usable of them, and the ground that both show."""
        cube = read_cube(paths.SCENES / f"{self.sites[index].site_id}.tif")
        usable = valid(cube, self.params.build(f"masks.{self.params.value('mask')}"))
        both = cube.core(usable).all(axis=0) & (len(cube.dates) > 1)
        return cube, usable, np.asarray(both, np.bool_)

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
