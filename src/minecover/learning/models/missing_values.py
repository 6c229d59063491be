"""Fill missing values of features that had none in training."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, validate_data

from minecover.core.cube import F32
from minecover.learning.models.validation import checked_rows

#: Types that rows are taken in as they are.
FLOATS = (np.float32, np.float64)


class FillMissing(TransformerMixin, BaseEstimator):
    """Fill NaN with the training median in features that had none; leave it in the others.

    LightGBM learns where missing values belong if training has some. Where it has none, it
    reads NaN as 0: a brightness temperature of 0 K.

    Attributes
    ----------
    median_ : (n_features,) float32
        Training medians; NaN for a feature that had missing values.
    """

    def fit(self, X: F32, y: NDArray[np.int8] | None = None) -> Self:
        """Compute the medians of the features without NaN.

        Parameters
        ----------
        X : (n, n_features) float32
        y : ignored
        """
        X = check_array(X, dtype=list(FLOATS), ensure_all_finite=False)
        validate_data(self, X, skip_check_array=True)
        self.median_ = np.median(X, axis=0)
        return self

    def transform(self, X: F32) -> F32:
        """Fill missing values.

        Parameters
        ----------
        X : (n, n_features) float32

        Returns
        -------
        (n, n_features) float32
            The same array if there is nothing to fill.
        """
        X = checked_rows(self, X, FLOATS)
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

    def __sklearn_tags__(self) -> Tags:
        """Declare that NaN may come in, and that float32 stays float32."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
