"""Turn scores into probabilities that mean what they say, without changing their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from sklearn.base import BaseEstimator

from minecover.core.cube import F32
from minecover.learning.models.binary import F64, BinaryWrapper

#: Probabilities are kept this far from 0 and 1 before their logit is taken.
EDGE = 5e-7


class Curve(Protocol):
    """A map of 0..1 to 0..1 that never falls."""

    def __call__(self, p: F64) -> F64:
        """Return the share of mines among locations of such a probability.

        Parameters
        ----------
        p : (n,) float64
            Probabilities that a model says, in any order.

        Returns
        -------
        (n,) float64
        """


@dataclass(frozen=True, slots=True)
class AsIs:
    """The curve that changes nothing."""

    def __call__(self, p: F64) -> F64:
        """Return the probabilities unchanged."""
        return p


@dataclass(frozen=True, slots=True, eq=False)
class Isotonic:
    """Straight lines between the knots of an isotonic regression.

    See `minecover.learning.calibration`.

    Parameters
    ----------
    score, share : (n_knots,) float64
        Both ascending from 0 to 1.
    """

    score: F64
    share: F64

    def __call__(self, p: F64) -> F64:
        """Interpolate between the knots."""
        return np.interp(p, self.score, self.share)


@dataclass(frozen=True, slots=True)
class Platt:
    """A sigmoid of the logit.

    Parameters
    ----------
    slope, intercept : float
        ``1 / (1 + exp(-(slope * logit(p) + intercept)))``, the slope not negative.
    """

    slope: float
    intercept: float

    def __call__(self, p: F64) -> F64:
        """Compute the sigmoid."""
        shares: F64 = 1 / (1 + np.exp(-(self.slope * logit(p) + self.intercept)))
        return shares


def logit(p: F64) -> F64:
    """Compute the log odds of probabilities (n,); 0 and 1 are first moved inwards by `EDGE`."""
    inside = np.clip(p, EDGE, 1 - EDGE)
    odds: F64 = np.log(inside / (1 - inside))
    return odds


class Calibrated(BinaryWrapper):
    """A classifier whose probabilities go through a calibration curve.

    Parameters
    ----------
    estimator : classifier
        What predicts, see `BinaryWrapper`.
    curve : Curve
        Fitted before, on probabilities of ground that such models were not trained on; `fit`
        leaves it as it is.
    """

    def __init__(self, estimator: BaseEstimator, curve: Curve) -> None:
        self.estimator = estimator
        self.curve = curve

    def predict_proba(self, X: F32) -> F64:
        """Return the calibrated probability of each class.

        Parameters
        ----------
        X : (n, n_features) float32

        Returns
        -------
        (n, 2) float64
        """
        p = self.curve(self.positive(X))
        return np.column_stack([1 - p, p])
