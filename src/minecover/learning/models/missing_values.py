"""Undefined values of features that were always defined in training."""
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from minecover.core.cube import F32


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
        # Column by column: few features that had no NaN in training have some now.
        gaps = {
            col: np.isnan(X[:, col])
            for col in np.flatnonzero(np.isfinite(self.median_)).tolist()
        }
        gaps = {col: gap for col, gap in gaps.items() if gap.any()}
        if not gaps:
            return X
        filled = X.copy(order="K")
        for col, gap in gaps.items():
            filled[gap, col] = self.median_[col]
        return filled
