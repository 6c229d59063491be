"""Copies of fitted models whose LightGBM trees are scored several times faster."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Self, TypeVar, cast

import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_array

from minecover.core.cube import F32
from minecover.learning.models.binary import F64, BinaryClassifier
from minecover.learning.models.leaf_masks import MOST_LEAVES, LeafMasks, leaf_masks
from minecover.learning.models.validation import check_two_classes, checked_rows

Model = TypeVar("Model", bound=BaseEstimator)


class CompiledTrees(BinaryClassifier):
    """A binary LightGBM classifier that predicts with bit masks over its trees' leaves.

    The same probabilities, to the bit.

    Parameters
    ----------
    estimator : LGBMClassifier
        Is cloned and fitted by `fit`; `from_fitted` compiles a fitted one.

    Attributes
    ----------
    masks_ : LeafMasks
    classes_ : (2,) int8
    n_features_in_ : int

    References
    ----------
    Lucchese et al. (2015), QuickScorer, SIGIR, doi:10.1145/2766462.2767733.
    """

    def __init__(self, estimator: LGBMClassifier) -> None:
        self.estimator = estimator

    @classmethod
    def from_fitted(cls, model: LGBMClassifier) -> CompiledTrees | None:
        """Compile a fitted classifier.

        Parameters
        ----------
        model : fitted LGBMClassifier

        Returns
        -------
        fitted CompiledTrees or None
            None if masks do not cover it: several classes, categories, too many leaves.
        """
        masks = leaf_masks(model.booster_)
        if masks is None:
            return None
        return cls(clone(model))._with(masks, model.classes_, model.n_features_in_)

    def fit(self, X: F32, y: NDArray[np.int8], **fit_params: F64) -> Self:
        """Fit a clone of the classifier and compile it.

        Parameters
        ----------
        X : (n, n_features) float32
        y : (n,) int8
            Two classes.
        **fit_params : (n,) float64
            Passed on to the classifier's `fit`.

        Raises
        ------
        ValueError
            If masks do not cover the trees.
        """
        X = check_array(X, dtype=np.float32, ensure_all_finite=False)
        fitted = clone(self.estimator).fit(X, y, **fit_params)
        check_two_classes(fitted.classes_)
        masks = leaf_masks(fitted.booster_)
        if masks is None:
            raise ValueError(
                f"only numeric binary trees of at most {MOST_LEAVES} leaves can be compiled, "
                f"found num_leaves={fitted.num_leaves}. Lower model.num_leaves."
            )
        return self._with(masks, fitted.classes_, fitted.n_features_in_)

    def first_trees(self, n: int) -> CompiledTrees:
        """Copy the first trees alone."""
        shorter = CompiledTrees(clone(self.estimator).set_params(n_estimators=n))
        return shorter._with(self.masks_.first_trees(n), self.classes_, self.n_features_in_)

    def predict_proba(self, X: F32) -> F64:
        """Return the probability of each class.

        Parameters
        ----------
        X : (n, n_features) float32

        Returns
        -------
        (n, 2) float64
        """
        rows = checked_rows(self, X, (np.float32,))
        p = self.masks_.positive(rows)
        return np.column_stack([1 - p, p])

    def _with(self, masks: LeafMasks, classes: NDArray[np.int8], n_features: int) -> Self:
        """Set the fitted attributes."""
        self.masks_ = masks
        self.classes_ = classes
        self.n_features_in_ = n_features
        return self


def compile_trees(model: Model) -> Model:
    """Copy a fitted model with every LightGBM classifier inside it compiled.

    Classifiers that masks do not cover (another family, several classes, categories, too many
    leaves) stay as they are.

    Parameters
    ----------
    model : fitted estimator
        It is not changed.

    Returns
    -------
    fitted estimator
        Of the same type.
    """
    # A wrapper refers to what it fitted in several places: compile each classifier once.
    return cast(Model, _replaced(model, LGBMClassifier, cache(_compiled)))


def first_trees(model: Model, n: int) -> Model:
    """Copy a compiled model with only the first trees of every compiled classifier.

    Parameters
    ----------
    model : fitted estimator
        What `compile_trees` returned.
    n : int
        Trees of each classifier that are kept.

    Returns
    -------
    fitted estimator
        Of the same type.
    """
    return cast(Model, _replaced(model, CompiledTrees, lambda trees: trees.first_trees(n)))


def n_trees(model: object) -> int:
    """Count the trees of the largest compiled classifier inside a model.

    Parameters
    ----------
    model : estimator, or list of them

    Returns
    -------
    int
        0 if there is none.
    """
    if isinstance(model, CompiledTrees):
        return len(model.masks_.leaf)
    if isinstance(model, BaseEstimator):
        return n_trees(list(vars(model).values()))
    if isinstance(model, list | tuple):
        return max(map(n_trees, model), default=0)
    return 0


Part = TypeVar("Part", bound=BaseEstimator)


def _replaced(part: object, kind: type[Part], replace: Callable[[Part], object]) -> object:
    """Copy an estimator, or a list of them, with all of a type inside it replaced."""
    if isinstance(part, kind):
        return replace(part)
    if isinstance(part, BaseEstimator):
        copied = copy.copy(part)
        for name, inner in vars(part).items():
            setattr(copied, name, _replaced(inner, kind, replace))
        return copied
    if isinstance(part, list | tuple):
        return type(part)(_replaced(inner, kind, replace) for inner in part)
    return part


def _compiled(model: LGBMClassifier) -> BaseEstimator:
    """Compile a classifier if it is fitted and masks cover it."""
    # A wrapper also refers to the unfitted classifier that it cloned.
    compiled = CompiledTrees.from_fitted(model) if model.__sklearn_is_fitted__() else None
    return model if compiled is None else compiled
