"""The mean of several classifiers, each trained on another draw of the negatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from minecover.core.cube import F32
from minecover.learning.models.binary import F64, BinaryClassifier, Classifier
from minecover.learning.models.validation import check_dense, check_two_classes, is_fitted


class Bagged(BinaryClassifier):
    """The mean probability of several classifiers.

    Parameters
    ----------
    estimators : sequence of classifiers
        Of the same two classes. Fitted ones predict as they are, without a call of
        `fit`; `fit` fits clones of them, and `sklearn.base.clone` returns an unfitted copy.

    Attributes
    ----------
    estimators_ : list of fitted classifiers
        The clones; only after `fit`.
    """

    def __init__(self, estimators: Sequence[BaseEstimator]) -> None:
        self.estimators = estimators

    def fit(self, X: F32, y: NDArray[np.int8]) -> Self:
        """Fit a clone of every estimator on the same rows.

        Parameters
        ----------
        X : (n, n_features) float32
        y : (n,) int8
            Two classes.
        """
        check_dense(X)
        self.estimators_ = [clone(estimator).fit(X, y) for estimator in self.estimators]
        check_two_classes(self.classes_)
        return self

    @property
    def classes_(self) -> NDArray[np.int8]:
        """The two classes: (2,) int8."""
        return self._members[0].classes_

    @property
    def n_features_in_(self) -> int:
        """Number of features of the training rows."""
        return int(self._members[0].n_features_in_)

    def predict_proba(self, X: F32) -> F64:
        """Return the mean probability of each class.

        Parameters
        ----------
        X : (n, n_features) float32

        Returns
        -------
        (n, 2) float64
        """
        first, *others = self._members
        total = first.predict_proba(X).astype(np.float64)
        for member in others:
            total += member.predict_proba(X)
        return total / (1 + len(others))

    @property
    def _members(self) -> Sequence[Classifier]:
        """The classifiers that predict."""
        members: Sequence[Classifier] = getattr(self, "estimators_", self.estimators)
        return members

    def __sklearn_is_fitted__(self) -> bool:
        """Tell whether all the classifiers that predict are fitted."""
        return all(is_fitted(member) for member in self._members)
