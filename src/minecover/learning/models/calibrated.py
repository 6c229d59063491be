"""Make a probability mean what it says, without changing whom it ranks first."""
# mypy: allow-subclassing-any

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from minecover.core.cube import F32

F64 = NDArray[np.float64]

#: Probabilities are kept this far from 0 and 1 before their logit is taken.
EDGE = 5e-7


class Curve(Protocol):
    """A rising map of 0..1 to 0..1."""

    def __call__(self, p: F64) -> F64:
        """Map scores, in any order, to the share of mines among such scores."""


@dataclass(frozen=True, slots=True)
class AsIs:
    """Scores are left as the model gave them."""

    def __call__(self, p: F64) -> F64:
        """Give the scores back."""
        return p


@dataclass(frozen=True, slots=True, eq=False)
class Isotonic:
    """Straight lines between knots, see `minecover.learning.calibration`.

    Parameters
    ----------
    score, share : (n_knots,) float64
        Both ascending from 0 to 1.
    """

    score: F64
    share: F64

    def __call__(self, p: F64) -> F64:
        """Interpolate."""
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
        """Bend the scores."""
        shares: F64 = 1 / (1 + np.exp(-(self.slope * logit(p) + self.intercept)))
        return shares


def logit(p: F64) -> F64:
    """Log odds; 0 and 1 count as `EDGE` from there."""
    inside = np.clip(p, EDGE, 1 - EDGE)
    odds: F64 = np.log(inside / (1 - inside))
    return odds


class Calibrated(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose probabilities are bent by a curve.

    Parameters
    ----------
    model : fitted classifier
    curve : Curve
        Fitted on scores of ground that the model's likes were not trained on.
    """

    def __init__(self, model: BaseEstimator, curve: Curve) -> None:
        self.model = model
        self.curve = curve

    def fit(self, X: F32, y: NDArray[np.int8]) -> Self:
        """Leave the model as it is: it was fitted before it was calibrated."""
        return self

    @property
    def classes_(self) -> NDArray[np.int8]:
        """The two classes."""
        classes: NDArray[np.int8] = self.model.classes_
        return classes

    @property
    def n_features_in_(self) -> int:
        """How many features the model saw."""
        return int(self.model.n_features_in_)

    def predict_proba(self, X: F32) -> F64:
        """Give (n, 2) calibrated probabilities."""
        p = self.curve(self.model.predict_proba(X)[:, 1].astype(np.float64))
        return np.column_stack([1 - p, p])

    def predict(self, X: F32) -> NDArray[np.int8]:
        """Give the likelier class."""
        likelier: NDArray[np.int8] = self.classes_[
            (self.predict_proba(X)[:, 1] > 0.5).astype(int)
        ]
        return likelier

    def __sklearn_is_fitted__(self) -> bool:
        """Answer yes: the model is fitted before it is calibrated."""
        return True
