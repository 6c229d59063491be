"""The Amazon chips in memory: features of the project, labels, and fold seeds.

Used by amazon.py. Trains as `minecover.pipeline.stages.train` does, on features that are
computed here: no build is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedGroupKFold

from minecover.core.config import Params
from minecover.core.feature_table import SiteTable
from minecover.core.sites import Site
from minecover.features.planes import computable_sets, feature_planes, flat_sets
from minecover.features.validity import valid
from minecover.learning.calibration import calibrate
from minecover.learning.fitting import fit_folds, predict_out_of_fold
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, Split, count_rows, draw_sample
from minecover.pipeline.stages.train import chosen_columns
from minecover.sources.chips import ChipScenes, ChipSet, ChipSites

#: Every so many rows and columns are scored.
STEP = 3
N_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Chips:
    """What is known of the chips, in the order of their names.

    `label` is 1 mine, 2 looks like one, 0 other, 255 unknown, (chip, row, col) at every `STEP`
    pixels; `same_dates` marks the chips whose composites are of the years of the negatives'.
    """

    folder: Path
    table: pd.DataFrame
    sites: list[Site]
    label: NDArray[np.uint8]
    same_dates: NDArray[np.bool_]

    @property
    def is_mine(self) -> NDArray[np.bool_]:
        """Chips that hold a mine, with or without a mask."""
        mine: NDArray[np.bool_] = self.table["label"].to_numpy() == 1
        return mine

    @property
    def has_mask(self) -> NDArray[np.bool_]:
        """Chips that train and that pixels are scored on."""
        masked: NDArray[np.bool_] = self.table["status"].to_numpy() != "mixed"
        return masked

    def images(self) -> list[Path]:
        """Return the files of the chips, with ``{date}`` where they have a date."""
        return [self.folder / "images" / f"{name}_{{date}}.tif" for name in self.table["chip"]]

    def fold_of_site(self, seed: int) -> NDArray[np.int8]:
        """Deal the chips to folds as the throw-away baseline does.

        Those with a mask are dealt by group, stratified by label; one without goes where its
        group is, or to the first fold.
        """
        masked = np.flatnonzero(self.has_mask)
        group = self.table["group"].to_numpy()
        dealer = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
        fold_of_group: dict[int, int] = {}
        for fold, (_, test) in enumerate(
            dealer.split(masked, self.is_mine[masked].astype(int), group[masked])
        ):
            fold_of_group.update(dict.fromkeys(group[masked[test]].tolist(), fold))
        return np.array([fold_of_group.get(name, 0) for name in group.tolist()], np.int8)


def read_chips(params: Params) -> Chips:
    """Read the table, the places and the masks."""
    chips: ChipSet = params.build("source.chips")
    found = chips.chips()
    # Chips that are scored by themselves, of industrial mines, are neither mines nor negatives.
    sites = [
        replace(site, group=found[site.site_id].group)
        for site in ChipSites(chips, params.build("lattice"))(None)
        if site.chip_label >= 0
    ]
    table = pd.read_csv(Path(chips.folder) / "chips.csv").set_index("chip")
    table = table.loc[[site.site_id for site in sites]].reset_index()
    label = []
    for site in sites:
        classes = chips.classes_of(found[site.site_id], site.grid)
        plane = np.full(site.grid.shape, 255, np.uint8)
        if classes is not None:
            for value, name in ((0, "other"), (1, "mine"), (2, "look_alike")):
                plane[classes[name]] = value
        label.append(plane)
    negative = table["label"] == 0
    years = [name for name in table.columns if name[:3] in ("t0_", "t1_")]
    same = table[years].merge(table.loc[negative, years].drop_duplicates(), how="left",
                              indicator=True)["_merge"] == "both"  # fmt: skip
    return Chips(Path(chips.folder), table, sites, np.stack(label), same.to_numpy())


class Trained:
    """Models of one configuration on the chips: one a fold and seed.

    Parameters
    ----------
    params : Params
        Composed, with ``experiment=amazon``.
    chips : Chips
    """

    def __init__(self, params: Params, chips: Chips) -> None:
        self._params, self._chips = params, chips
        self._recipe: Recipe = params.build("design.recipe")
        self._columns = chosen_columns(params)
        self._scenes: ChipScenes = params.build("source.scenes")
        self._sets = computable_sets(
            flat_sets(params.build("table")), params.value("source.bands"), ()
        )
        self._mask = params.build(f"masks.{params.value('mask')}")
        self._scored: dict[int, SiteTable] = {}
        empty = np.zeros(len(chips.sites), np.int8)
        self._split = Split(
            site_ids=tuple(site.site_id for site in chips.sites),
            groups=tuple(site.group for site in chips.sites),
            fold_of_site=empty,
            near=({},) * N_FOLDS,
            background=empty.astype(np.bool_),
            chip_label=np.array([site.chip_label for site in chips.sites], np.int8),
        )
        self._counts = count_rows(self._marks, self._split, keep_within_px=0)
        self._sample = self._draw()

    def _marks(self, index: int, _: Sequence[str]) -> SiteTable:
        """Return a table without features."""
        label = self._chips.label[index]
        n = label.size
        return SiteTable(
            dates=("",),
            shape=label.shape,
            label=np.select([label == 1, label == 255], [1, -1], 0).astype(np.int8).ravel(),
            truth=np.full(n, -1, np.int8),
            rejected=np.zeros(n, np.bool_),
            look_alike=(label == 2).ravel(),
            valid=np.ones(n, np.bool_),
            n_dates=np.full(n, 2, np.int16),
            X=np.empty((n, 0), np.float32),
        )

    def table(self, index: int) -> SiteTable:
        """Compute a chip's table, and keep the rows that are scored."""
        cube = self._scenes.scenes(self._chips.sites[index])
        usable = valid(cube, self._mask)
        planes = feature_planes(
            cube, usable, {}, self._sets, self._columns, with_medians=True
        ).location
        X = np.stack([planes[name] for name in self._columns], axis=-1)
        marks = self._marks(index, ())
        rows = np.arange(X.shape[0] * X.shape[1]).reshape(X.shape[:2])[::STEP, ::STEP]
        scored = {
            name: getattr(marks, name)[rows.ravel()]
            for name in ("label", "truth", "rejected", "look_alike", "n_dates")
        }
        seen = usable.any(axis=0)
        self._scored[index] = replace(
            marks,
            **scored,
            shape=rows.shape,
            valid=seen.ravel()[rows.ravel()],
            X=X[::STEP, ::STEP].reshape(rows.size, -1).astype(np.float32),
        )
        return replace(marks, valid=seen.ravel(), X=X.reshape(-1, X.shape[2]))

    def _draw(self) -> Sample:
        """Draw the rows that any model learns from."""
        return draw_sample(
            self._recipe.learned(self.table),
            self._split,
            thinned=None,
            # Each fold draws a share of its own from these.
            most=1,
            keep_within_px=self._recipe.keep_within_px,
            seed=self._recipe.seed,
        )

    def out_of_fold(
        self,
        fold_of_site: NDArray[np.int8],
        *,
        without: int | None = None,
        known: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float32]:
        """Predict every chip with a model of other folds, calibrated on other folds.

        Parameters
        ----------
        fold_of_site : (n_chips,) int8
        without : int or None
            Fold that takes no part: neither in models nor in curves.
        known : (n_chips,) bool or None
            Chips to learn from; None takes all.

        Returns
        -------
        (chip, location) float32
            NaN on the fold that takes no part.
        """
        split = replace(self._split, fold_of_site=fold_of_site)
        sample, folds = self._sample, sorted({*fold_of_site.tolist()} - {without})
        learned = np.ones(len(fold_of_site), np.bool_) if known is None else known
        if without is not None:
            learned = learned & (fold_of_site != without)
        keep = learned[sample.site]
        sample = Sample(*(getattr(sample, one.name)[keep] for one in fields(Sample)))
        counts = self._counts if known is None else self._counts * known[:, None]
        share = self._recipe.shares(counts, fold_of_site)
        models: list[BaseEstimator] = list(
            fit_folds(
                self._params.build("model"), self._recipe, sample, split, shares=share[:-1]
            )
        )
        raw = predict_out_of_fold(models, self._scored.__getitem__, split)
        method = str(self._params.value("design.calibration"))
        sites, _ = calibrate([site for site in raw if site.fold in folds], method)
        scores = np.full((len(raw), raw[0].probability.size), np.nan, np.float32)
        used = [k for k, site in enumerate(raw) if site.fold in folds]
        scores[used] = [site.probability.ravel() for site in sites]
        return scores
