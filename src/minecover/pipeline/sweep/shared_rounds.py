"""Boosted trees of several jobs: rows are binned once, fewer rounds are the first of more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import lightgbm
import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from minecover.core.cube import F32
from minecover.learning.inner_folds import TrainingRows
from minecover.learning.models.leaf_masks import leaf_masks
from minecover.learning.models.shared_forest import ForestSize

#: Parameters of LGBMClassifier that are not LightGBM's own.
WRAPPER = ("class_weight", "importance_type", "n_estimators")
#: Those that decide how rows are binned, and how: jobs that differ in others share the bins.
BINNING = (
    "deterministic",
    "force_row_wise",
    "min_child_samples",
    "n_jobs",
    "random_state",
    "subsample_for_bin",
    "verbosity",
)


@dataclass(frozen=True, slots=True, eq=False)
class BinnedRows:
    """Training rows as LightGBM stores them, which takes longer than to grow a few dozen trees.

    Parameters
    ----------
    steps : fitted Pipeline
        The steps before the classifier.
    rows : lightgbm.Dataset
        Their output, binned.
    """

    steps: Pipeline
    rows: lightgbm.Dataset

    @classmethod
    def of(cls, family: Pipeline, drawn: TrainingRows) -> BinnedRows:
        """Fit the first steps of a family, and bin their output."""
        steps = clone(family[:-1]).fit(drawn.X)
        rows = lightgbm.Dataset(
            steps.transform(drawn.X),
            label=drawn.y,
            weight=None if (drawn.weight == 1).all() else drawn.weight,
            params=_parameters(family[-1]),
        )
        return cls(steps, rows.construct())


class SharedRounds:
    """Several boosted models, each of which is the beginning of the largest one.

    A tree depends on the trees before it and on none after it.

    Parameters
    ----------
    family : Pipeline
        Unfitted; ends in `lightgbm.LGBMClassifier`.
    sizes : sequence of ForestSize
        The models that are wanted.
    """

    def __init__(self, family: Pipeline, sizes: Sequence[ForestSize]) -> None:
        self.family = family
        self.sizes = sizes

    def fit(self, binned: BinnedRows) -> Self:
        """Fit the model of the most rounds."""
        self.steps_ = binned.steps
        self.booster_ = lightgbm.train(
            _parameters(self.family[-1]),
            binned.rows,
            num_boost_round=max(size.n_estimators for size in self.sizes),
        )
        self.masks_ = leaf_masks(self.booster_)
        return self

    def probabilities(self, X: F32) -> dict[ForestSize, NDArray[np.float64]]:
        """Return the probabilities of every model.

        Returns
        -------
        dict of (n,) float64
            By size; equal to those of the family fitted with so many rounds, to the bit.
        """
        rows = self.steps_.transform(X)
        # LightGBM stops early where no leaf can be split.
        most = self.booster_.num_trees()
        rounds = sorted({min(size.n_estimators, most) for size in self.sizes})
        positive = (
            [self.booster_.predict(rows, num_iteration=n, num_threads=1) for n in rounds]
            if self.masks_ is None
            else self.masks_.positive_after(rows, rounds)
        )
        by_rounds = dict(zip(rounds, map(np.asarray, positive), strict=True))
        return {size: by_rounds[min(size.n_estimators, most)] for size in self.sizes}


def for_binning(family: Pipeline) -> Pipeline:
    """Return a family without what does not change how rows are binned."""
    classifier = family[-1]
    kept = {name: classifier.get_params()[name] for name in BINNING}
    return Pipeline([*clone(family[:-1]).steps, ("classifier", LGBMClassifier(**kept))])


def _parameters(classifier: LGBMClassifier) -> dict[str, object]:
    """Return LightGBM's parameters of a classifier of two classes."""
    given = {k: v for k, v in classifier.get_params().items() if k not in WRAPPER}
    return {**given, "objective": "binary"}
