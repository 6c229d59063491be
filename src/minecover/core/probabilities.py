"""The probability of a mine for each row of features: its decimals, and where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32

if TYPE_CHECKING:  # takes seconds to import
    from sklearn.pipeline import Pipeline

#: Probabilities are rounded to this many decimals before they are written: the last bits of
#: exp and log depend on the processor.
DECIMALS = 6


def row_probabilities(model: Pipeline, X: F32) -> NDArray[np.float64]:
    """Return the probability of a mine for each row; NaN where nothing was observed.

    Parameters
    ----------
    model : fitted Pipeline
        A classifier of two classes, the second of them a mine.
    X : (n, n_features) float32
        NaN where a value is undefined; n is at least 1.

    Returns
    -------
    (n,) float64
        Rounded to `DECIMALS`; NaN where a row has no defined value, which is not *no mine*.
    """
    # Not `learning.fitting.probability`: looking for threads to limit takes longer than a row.
    p: NDArray[np.float64] = model.predict_proba(X)[:, 1].astype(np.float64).round(DECIMALS)
    p[np.isnan(X).all(axis=1)] = np.nan
    return p


def row_classes(probability: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Return 1 for each probability from the threshold on, 0 below it, NaN where there is none.

    Parameters
    ----------
    probability : (n,) float64
        See `row_probabilities`.
    threshold : float
        In 0 ... 1.

    Returns
    -------
    (n,) float64
    """
    is_mine = (probability >= threshold).astype(np.float64)
    return np.where(np.isnan(probability), np.nan, is_mine)
