"""Undo what sampling the negatives did to a probability."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from minecover.core.cube import F32


def corrected(q: NDArray[np.float64], kept_negatives: float) -> NDArray[np.float64]:
    """Bring probabilities among sampled negatives back to all of them, see `PriorCorrected`."""
    return q * kept_negatives / (q * kept_negatives + 1 - q)


class PriorCorrected(ClassifierMixin, BaseEstimator):
    """A classifier trained on few of the negatives that answers as if it had seen all of them.

    Parameters
    ----------
    estimator : classifier
        Is cloned and fitted on the sample.
    kept_negatives : float
        Share of the negatives that the sample holds, in 0 ... 1. With 1 nothing changes.

    Notes
    -----
    ``p = q b / (q b + 1 - q)`` for the sample's probability q and the share b.

    References
    ----------
    Dal Pozzolo et al. (2015), Calibrating probability with undersampling, IEEE SSCI.
    """

    def __init__(self, estimator: BaseEstimator, kept_negatives: float) -> None:
        self.estimator = estimator
        self.kept_negatives = kept_negatives

    def fit(self, X: F32, y: NDArray[np.int8], **fit_params: NDArray[np.float64]) -> Self:
        """Fit a clone of the estimator on the sample; parameters are passed on to its fit."""
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        self.classes_ = self.estimator_.classes_
        self.n_features_in_ = self.estimator_.n_features_in_
        return self

    def predict_proba(self, X: F32) -> NDArray[np.float64]:
        """Give (n, 2) probabilities at the full data's prevalence."""
        check_is_fitted(self)
        q = self.estimator_.predict_proba(X)[:, 1].astype(np.float64)
        p = corrected(q, self.kept_negatives)
        return np.column_stack([1 - p, p])

    def predict(self, X: F32) -> NDArray[np.int8]:
        """Give the likelier class at the full data's prevalence."""
        chosen: NDArray[np.int8] = self.classes_[
            (self.predict_proba(X)[:, 1] > 0.5).astype(int)
        ]
        return chosen
