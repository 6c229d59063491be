"""The two sets that unet.py compares models on, in memory: images, trees, and scores.

Trees are fitted by the project's own functions, on the columns of the experiment or on those
that are computed from a location alone; the U-Net sees the latter as images. Probabilities are
as the models say them: no curve is fitted on folds of which a model knows little.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from amazon import Scorer
from amazon_chips import STEP, Trained, read_chips
from numpy.typing import NDArray
from sampled import dealt

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.feature_table import SiteTable, read_table
from minecover.evaluation import (
    Bootstrap,
    ObjectCurve,
    ObjectRule,
    ScoredModel,
    StackedSites,
    choose_thresholds,
    published_support,
    site_predictions,
)
from minecover.evaluation.detection import object_scores
from minecover.evaluation.estimates import iter_scores
from minecover.evaluation.metrics import pixel_rates
from minecover.evaluation.out_of_fold import OutOfFold
from minecover.learning.fitting import fit_folds, predict_out_of_fold
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Sample, count_rows, draw_sample
from minecover.learning.unet import Patches
from minecover.pipeline.stages.train import chosen_columns

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
#: What is computed from more than a location: values in squares of so many metres around it.
AROUND = re.compile(r"\d+m$")
#: Draw of the folds of the chips: the first of those of amazon.py.
DRAW = 0
#: False objects in 100 km2 that are tolerated.
FALSE = 5


class Ground(Protocol):
    """Labelled sites, models of trees on them, and scores of probabilities.

    `fold_of_site` is (n_sites,) int8; `learnable` marks the sites with labels to learn from.
    """

    fold_of_site: NDArray[np.int8]
    learnable: Bool
    bootstrap: Bootstrap

    @property
    def patches(self) -> Patches:
        """All sites as images of the planes of single locations."""

    def trees(self, known: Bool, *, around: bool) -> F32:
        """Return out-of-fold probabilities of boosted trees, (n_sites, n_scored)."""

    def kept(self, probability: F32) -> F32:
        """Return of whole sites (n, row, col) what is scored, (n, n_scored)."""

    def scores(self, probability: F32) -> Mapping[str, F64]:
        """Return scores by name, and their replicates over draws of the site groups."""


class Simulated:
    """The default build in the working folder."""

    def __init__(self) -> None:
        self._params: Params = composed([])
        self.bootstrap: Bootstrap = self._params.build("metrics.bootstrap")
        self._recipe: Recipe = self._params.build("design.recipe")
        self._columns = chosen_columns(self._params)
        sites, self._split = dealt(self._params)
        # A buffer would have to leave pixels out of the images of each fold.
        assert not any(self._split.near)
        self.fold_of_site = self._split.fold_of_site
        self.learnable = np.ones(len(sites), np.bool_)

    def _read(self, features: Sequence[str]) -> list[SiteTable]:
        return [
            read_table(
                paths.table("location", site_id),
                features=features,
                profile=str(self._params.value("mask")),
                static=None,
            )
            for site_id in self._split.site_ids
        ]

    @cached_property
    def _tables(self) -> list[SiteTable]:
        return self._read(self._columns)

    @cached_property
    def _labels(self) -> list[SiteTable]:
        """Tables without a feature: scores need no more."""
        return self._read(())

    @cached_property
    def patches(self) -> Patches:
        """All sites as images of the planes of single locations."""
        at = _of_single_locations(self._columns)
        return Patches.of(
            [replace(table, X=table.X[:, at]) for table in self._tables],
            self._split.groups,
            look_alike_weight=self._recipe.look_alike_weight,
        )

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        return count_rows(lambda i, _: self._tables[i], self._split, keep_within_px=0)

    @cached_property
    def _sample(self) -> Sample:
        # A few sites may hold many mines: the share of other rows is larger than of all.
        most = min(1.0, 4 * max(self._recipe.shares(self._counts, self.fold_of_site)))
        return draw_sample(
            self._tables.__getitem__,
            self._split,
            thinned=None,
            most=most,
            keep_within_px=0,
            seed=self._recipe.seed,
        )

    def trees(self, known: Bool, *, around: bool) -> F32:
        """Return out-of-fold probabilities of boosted trees, (n_sites, n_scored)."""
        at = np.arange(len(self._columns)) if around else _of_single_locations(self._columns)
        keep = known[self._sample.site]
        sample = Sample(*(getattr(self._sample, one.name)[keep] for one in fields(Sample)))
        share = self._recipe.shares(self._counts * known[:, None], self.fold_of_site)[:-1]
        models = fit_folds(
            self._params.build("model"),
            self._recipe,
            replace(sample, X=sample.X[:, at]),
            self._split,
            shares=share,
        )
        found = predict_out_of_fold(
            models,
            lambda i: replace(self._tables[i], X=self._tables[i].X[:, at]),
            self._split,
        )
        return np.stack([site.probability.ravel() for site in found])

    def kept(self, probability: F32) -> F32:
        """Return of whole sites (n, row, col) what is scored, (n, n_scored)."""
        return probability.reshape(len(probability), -1)

    def scores(self, probability: F32) -> dict[str, F64]:
        """Return scores by name, and their replicates over draws of the site groups."""
        sites = [self._site(index, one) for index, one in enumerate(probability)]
        predictions = [
            site_predictions(site, self._params.build("aggregation")) for site in sites
        ]
        model = ScoredModel(
            predictions, choose_thresholds(predictions, self._params.value("design.threshold"))
        )
        threshold = model.site_thresholds(predictions, "location")
        draws = self.bootstrap.group_draws([site.group for site in predictions])
        found = {}
        for name, truth in (("label", False), ("truth", True)):
            ranked = published_support(predictions, against_truth=truth).location
            rates = pixel_rates(ranked, threshold, draws)
            found[f"average precision, {name}"] = np.asarray(rates["average_precision"])
            found[f"F1, {name}"] = np.asarray(rates["f1"])
        rule: ObjectRule = self._params.build("metrics.objects")
        stacked = StackedSites.of(predictions, rule, truth=False)
        within = ObjectCurve.of(stacked, rule).thresholds_within(
            FALSE, self.fold_of_site.astype(np.int64)
        )
        scores = dict(
            iter_scores(object_scores(stacked, threshold, {FALSE: within}, draws, rule))
        )
        found[f"mines found at {FALSE} false"] = scores[
            f"at_{FALSE}_false_per_100km2.mine_recall"
        ]
        return found

    def _site(self, index: int, probability: F32) -> OutOfFold:
        table = self._labels[index]
        shape = (len(table.dates), *table.shape)
        return OutOfFold(
            site_id=self._split.site_ids[index],
            fold=int(self.fold_of_site[index]),
            dates=table.dates,
            label=table.label.reshape(shape),
            truth=table.truth.reshape(shape),
            valid=table.valid.reshape(shape),
            probability=np.where(table.valid, probability, np.nan).reshape(shape),
            group=self._split.groups[index],
        )


class Amazon:
    """The Amazon chips, on the first draw of the folds of amazon.py."""

    def __init__(self) -> None:
        self._overrides = ["experiment=amazon", "design.calibration=none"]
        self._params = composed(self._overrides)
        self.bootstrap: Bootstrap = self._params.build("metrics.bootstrap")
        self._chips = read_chips(self._params)
        self._scorer = Scorer.of(self._chips, self.bootstrap)
        self.fold_of_site = self._chips.fold_of_site(DRAW)
        self.learnable = self._chips.has_mask

    @cached_property
    def _single(self) -> Trained:
        """Models of the columns of single locations."""
        found = Trained(composed([*self._overrides, "features=[ends]"]), self._chips)
        columns = chosen_columns(composed([*self._overrides, "features=[ends]"]))
        assert len(_of_single_locations(columns)) == len(columns)
        return found

    @cached_property
    def _whole(self) -> Trained:
        return Trained(self._params, self._chips)

    @cached_property
    def patches(self) -> Patches:
        """All chips as images of the bands and indices of both dates."""
        recipe: Recipe = self._params.build("design.recipe")
        return Patches.of(
            [self._single.table(index) for index in range(len(self._chips.sites))],
            [site.group for site in self._chips.sites],
            look_alike_weight=recipe.look_alike_weight,
        )

    def trees(self, known: Bool, *, around: bool) -> F32:
        """Return out-of-fold probabilities of boosted trees, (n_sites, n_scored)."""
        model = self._whole if around else self._single
        return model.out_of_fold(self.fold_of_site, known=known)

    def kept(self, probability: F32) -> F32:
        """Return of whole chips (n, row, col) what is scored, (n, n_scored)."""
        return probability[:, ::STEP, ::STEP].reshape(len(probability), -1)

    def scores(self, probability: F32) -> dict[str, F64]:
        """Return scores by name, and their replicates over draws of the groups of chips."""
        return self._scorer.scores(probability)


def _of_single_locations(columns: Sequence[str]) -> NDArray[np.int64]:
    """Return the positions of the columns that are computed from a location alone."""
    return np.array([i for i, name in enumerate(columns) if not AROUND.search(name)])
