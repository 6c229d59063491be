"""Undefined values of features that were always defined in training."""
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from minecover.cube import F32


class FillUnseen(TransformerMixin, BaseEstimator):
    """Fill NaN with the training median in features that had none; leave it in the others.

    LightGBM learns where undefined values belong if training has some. Where it has none, it
    reads NaN as 0: a brightness temperature of 0 K.
    """

    def fit(self, X: F32, y: NDArray[np.int8] | None = None) -> Self:
        """Take the medians of the features without NaN."""
        self.n_features_in_ = X.shape[1]
        self.median_ = np.median(X, axis=0).astype(np.float32)
        return self

    def transform(self, X: F32) -> F32:
        """Fill; what is defined is passed on as it is."""
        row, col = np.nonzero(np.isnan(X) & np.isfinite(self.median_))
        if not row.size:
            return X
        filled = X.copy()
        filled[row, col] = self.median_[col]
        return filled
