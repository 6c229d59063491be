"""Base of the binary classifiers of this package: `predict` takes the likelier class."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags

from minecover.core.cube import F32
from minecover.learning.models.validation import check_dense, check_two_classes, is_fitted

F64 = NDArray[np.float64]


class Classifier(Protocol):
    """A fitted scikit-learn classifier."""

    classes_: NDArray[np.int8]
    n_features_in_: int

    def predict_proba(self, X: F32) -> F64:
        """Return the probability of each class: (n, n_classes)."""


class BinaryClassifier(ClassifierMixin, BaseEstimator):
    """Base of classifiers of two classes that have a `predict_proba`."""

    def predict(self, X: F32) -> NDArray[np.int8]:
        """Return the likelier class of each row.

        Parameters
        ----------
        X : (n, n_features) float32

        Returns
        -------
        (n,) array of ``classes_``
        """
        likelier = (self.predict_proba(X)[:, 1] > 0.5).astype(int)
        classes: NDArray[np.int8] = self.classes_[likelier]
        return classes

    def __sklearn_tags__(self) -> Tags:
        """Declare two classes, and dense rows with NaN as all families of the package take."""
        # Not what the wrapped estimators declare: scikit-learn reads tags at every prediction.
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


class BinaryWrapper(BinaryClassifier):
    """Base of classifiers that change the probabilities of another one.

    Attributes
    ----------
    estimator : classifier
        A fitted one predicts as it is, without a call of `fit`. `fit` fits a clone of it, and
        `sklearn.base.clone` returns an unfitted copy.
    estimator_ : fitted classifier
        The clone; only after `fit`.
    """

    estimator: BaseEstimator

    def fit(self, X: F32, y: NDArray[np.int8], **fit_params: F64) -> Self:
        """Fit a clone of the estimator.

        Parameters
        ----------
        X : (n, n_features) float32
        y : (n,) int8
            Two classes, the positive one last.
        **fit_params : (n,) float64
            Passed on to the estimator's `fit`.
        """
        check_dense(X)
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        check_two_classes(self.classes_)
        return self

    @property
    def classes_(self) -> NDArray[np.int8]:
        """The two classes: (2,) int8."""
        return self._model.classes_

    @property
    def n_features_in_(self) -> int:
        """Number of features of the training rows."""
        return int(self._model.n_features_in_)

    def positive(self, X: F32) -> F64:
        """Return the estimator's own probability of the positive class: (n,) float64."""
        return self._model.predict_proba(X)[:, 1].astype(np.float64)

    @property
    def _model(self) -> Classifier:
        """The classifier that predicts; scikit-learn's error if none is fitted."""
        model: Classifier = getattr(self, "estimator_", self.estimator)
        return model

    def __sklearn_is_fitted__(self) -> bool:
        """Tell whether the classifier that predicts is fitted."""
        return is_fitted(self._model)
