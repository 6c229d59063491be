"""One voice of several models, each trained on another draw of the negatives."""
# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from minecover.core.cube import F32


class Bagged(ClassifierMixin, BaseEstimator):
    """The mean probability of fitted classifiers.

    Parameters
    ----------
    members : sequence of fitted classifiers
        Of the same two classes.
    """

    def __init__(self, members: Sequence[BaseEstimator]) -> None:
        self.members = members

    def fit(self, X: F32, y: NDArray[np.int8]) -> Self:
        """Leave the members as they are: they were fitted before they were gathered."""
        return self

    @property
    def classes_(self) -> NDArray[np.int8]:
        """The two classes."""
        classes: NDArray[np.int8] = self.members[0].classes_
        return classes

    @property
    def n_features_in_(self) -> int:
        """How many features the members saw."""
        return int(self.members[0].n_features_in_)

    def predict_proba(self, X: F32) -> NDArray[np.float64]:
        """Give (n, 2) mean probabilities."""
        total = np.zeros((len(X), 2))
        for member in self.members:
            total += member.predict_proba(X)
        return total / len(self.members)

    def predict(self, X: F32) -> NDArray[np.int8]:
        """Give the likelier class."""
        likelier: NDArray[np.int8] = self.classes_[
            (self.predict_proba(X)[:, 1] > 0.5).astype(int)
        ]
        return likelier

    def __sklearn_is_fitted__(self) -> bool:
        """Answer yes: members are fitted before they are gathered."""
        return True
