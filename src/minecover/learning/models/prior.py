"""Undo what sampling the negatives did to a probability."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from minecover.core.cube import F32
from minecover.learning.models.binary import F64, BinaryWrapper


def corrected(q: F64, kept_negatives: float) -> F64:
    """Return the probability among all rows, of the one among sampled negatives.

    Parameters
    ----------
    q : (n,) float64
        Probability that a model says which was trained on the sample.
    kept_negatives : float
        See `PriorCorrected`.

    Returns
    -------
    (n,) float64
    """
    return q * kept_negatives / (q * kept_negatives + 1 - q)


class PriorCorrected(BinaryWrapper):
    """A classifier trained on a sample of the negatives, with the probabilities of all rows.

    Parameters
    ----------
    estimator : classifier
        Trained on the sample, see `BinaryWrapper`.
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

    def predict_proba(self, X: F32) -> F64:
        """Return the probability of each class at the full data's prevalence.

        Parameters
        ----------
        X : (n, n_features) float32

        Returns
        -------
        (n, 2) float64
        """
        p = corrected(self.positive(X), self.kept_negatives)
        return np.column_stack([1 - p, p])
