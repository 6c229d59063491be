"""Checks of what estimators are given, at no cost for large arrays of the right type."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from minecover.core.cube import F32


def checked_rows(
    estimator: BaseEstimator, X: ArrayLike, dtypes: tuple[type[np.floating], ...]
) -> F32:
    """Check the rows that a fitted estimator is to predict or transform.

    NaN is allowed, and infinities are not searched for: that would read every number.

    Parameters
    ----------
    estimator : fitted estimator
        It was fitted without names of features.
    X : (n, n_features) array
        At least one row.
    dtypes : tuple of floating types
        Types that are taken as they are. Others are converted to the first.

    Returns
    -------
    (n, n_features) array
        The same array if its type is one of `dtypes`.
    """
    n_features = getattr(estimator, "n_features_in_", None)
    if type(X) is np.ndarray and X.dtype in dtypes and X.ndim == 2 and X.shape[1] == n_features:
        # What detectors pass; scikit-learn's checks take longer than to predict a few rows.
        return X
    check_is_fitted(estimator)
    rows: F32 = validate_data(
        estimator, X, reset=False, dtype=list(dtypes), ensure_all_finite=False
    )
    return rows


def check_dense(X: ArrayLike) -> None:
    """Refuse training rows that are sparse, or no table at all.

    Parameters
    ----------
    X : (n, n_features) array

    Raises
    ------
    TypeError, ValueError
        Those of `sklearn.utils.check_array`.
    """
    check_array(X, dtype=None, ensure_all_finite=False)


def check_two_classes(classes: NDArray[np.generic]) -> None:
    """Refuse a target that is not binary.

    Parameters
    ----------
    classes : (n_classes,) array

    Raises
    ------
    ValueError
        If there is one class only, or more than two.
    """
    if len(classes) != 2:
        raise ValueError(
            "Only binary classification is supported. y must hold two classes, found "
            f"{len(classes)} class(es): {classes.tolist()[:5]}."
        )


def is_fitted(estimator: BaseEstimator) -> bool:
    """Tell whether an estimator is fitted."""
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True
