"""Where the model extrapolates: how unlike its training data a location is."""
# mypy: allow-subclassing-any

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree
from scipy.spatial.distance import pdist
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.learning.fitting import FITTED_DECIMALS
from minecover.learning.sample import Sample

F64 = NDArray[np.float64]


class DissimilarityIndex(TransformerMixin, BaseEstimator):
    """Distance to the nearest training point, over the mean distance between training points.

    Distances are taken between standardised features, each multiplied by its importance to
    the model, so that only unlikeness that matters to the model counts. A step of a pipeline
    that passes the rows on as they are.

    Parameters
    ----------
    weights : (n_features,) float64
        Importance of each feature, not negative. All zero: all weigh alike.
    n_columns : int
        Most important features that distances are taken in. The others would add little to
        them, and a search tree finds its way in few dimensions only.

    Notes
    -----
    An undefined feature counts as its training mean: it neither adds to the distance nor hides
    what the other features say.

    References
    ----------
    Meyer & Pebesma (2021), Predicting into unknown space?, Methods Ecol. Evol. 12, 1620-1633.
    """

    def __init__(self, weights: F64, n_columns: int) -> None:
        self.weights = weights
        self.n_columns = n_columns

    def fit(self, X: F32, fold: NDArray[np.integer]) -> Self:
        """Keep the training points and the largest index that cross-validation met.

        Parameters
        ----------
        X : (n, n_features) float32
            Training points, a few thousand.
        fold : (n,) int
            Fold of each point. The index of a training point looks at other folds alone, as
            prediction looks at ground that training never saw.
        """
        self.n_features_in_ = X.shape[1]
        weights = self.weights if np.any(self.weights) else np.ones(X.shape[1])
        order = np.argsort(-weights, kind="stable")
        self.columns_ = np.sort(order[: self.n_columns])
        values = X[:, self.columns_].astype(np.float64)
        known = np.isfinite(values)
        count = np.maximum(known.sum(0), 1)
        self.mean_ = np.where(known, values, 0).sum(0) / count
        off = np.where(known, values - self.mean_, 0)
        spread = np.sqrt((off**2).sum(0) / count)
        self.scale_ = np.divide(
            weights[self.columns_], spread, out=np.zeros(len(spread)), where=spread > 0
        )
        self.points_ = self._scaled(X).astype(np.float32)
        self.mean_distance_ = float(np.mean(pdist(self.points_))) or 1.0
        across = np.concatenate(
            [
                KDTree(self.points_[fold != k]).query(self.points_[fold == k])[0]
                for k in np.unique(fold)
            ]
        )
        low, high = np.quantile(across, [0.25, 0.75])
        limit = min(high + 1.5 * (high - low), across.max())
        self.threshold_ = float(limit / self.mean_distance_)
        return self

    def transform(self, X: ArrayLike) -> F32:
        """Pass the rows on as what training saw: an array of float32, whatever came in."""
        return np.asarray(X, np.float32)

    def dissimilarity(self, X: F32) -> F32:
        """Measure how unlike the training data rows are.

        Parameters
        ----------
        X : (n, n_features) float32
            Only ``columns_`` are looked at.

        Returns
        -------
        (n,) float32
            0 for a training point; above ``threshold_`` the model extrapolates.
        """
        nearest = KDTree(self.points_).query(self._scaled(X))[0]
        index: F32 = np.round(nearest / self.mean_distance_, 4).astype(np.float32)
        return index

    def _scaled(self, X: F32) -> F64:
        """Standardise and weigh rows."""
        scaled: F64 = (X[:, self.columns_] - self.mean_) * self.scale_
        return np.nan_to_num(scaled, copy=False)


@dataclass(frozen=True, slots=True)
class Applicability:
    """Fit a `DissimilarityIndex` to what a model was trained on.

    Parameters
    ----------
    points : int
        Training rows that are kept, half of them mines if there are as many. More points fill
        gaps and cost time: each is a candidate for the nearest.
    columns : int
        Most important features that distances are taken in.
    seed : int
        Seeds the draw of the points, and the shuffling that tells a feature's importance.
    """

    points: int
    columns: int
    seed: int

    def __post_init__(self) -> None:
        """Refuse too few points to speak of a distribution, and distances in no dimension."""
        if self.points < 100 or self.columns < 1:
            raise ConfigError(
                "Applicability wants points from 100 and columns from 1, found "
                f"{self.points} and {self.columns}. Fix design.applicability."
            )

    def fit(
        self, model: ClassifierMixin, sample: Sample, fold_of_site: NDArray[np.int8]
    ) -> DissimilarityIndex:
        """Draw the points, weigh the features, measure."""
        rng = np.random.default_rng(self.seed)
        mines, others = np.flatnonzero(sample.y == 1), np.flatnonzero(sample.y == 0)
        n_mines = min(len(mines), self.points // 2)
        n_others = min(len(others), self.points - n_mines)
        rows = np.sort(
            np.concatenate(
                [
                    rng.choice(mines, n_mines, replace=False),
                    rng.choice(others, n_others, replace=False),
                ]
            )
        )
        X = sample.X[rows]
        weights = importance(model, X, rng)
        index = DissimilarityIndex(weights, self.columns)
        return index.fit(X, fold_of_site[sample.site[rows]])


def importance(model: ClassifierMixin, X: F32, rng: np.random.Generator) -> F64:
    """Tell how much each feature moves a model's probability.

    Parameters
    ----------
    model : fitted classifier
        Of any family.
    X : (n, n_features) float32
    rng : Generator

    Returns
    -------
    (n_features,) float64
        Mean change of the probability when a feature's values are dealt to other rows.

    References
    ----------
    Fisher, Rudin & Dominici (2019), All models are wrong, but many are useful, JMLR 20 (177).
    """
    before = model.predict_proba(X)[:, 1]
    moved = np.zeros(X.shape[1])
    for feature in range(X.shape[1]):
        shuffled = X.copy()
        shuffled[:, feature] = rng.permutation(X[:, feature])
        moved[feature] = np.mean(np.abs(model.predict_proba(shuffled)[:, 1] - before))
    return np.round(moved, FITTED_DECIMALS)
