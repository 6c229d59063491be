"""Area of applicability: how unlike its training data a location is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree
from scipy.spatial.distance import pdist
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.learning.fitting import FITTED_DECIMALS
from minecover.learning.models.validation import checked_rows
from minecover.learning.sample import Sample

F64 = NDArray[np.float64]
#: Scaled distance of an infinite value, such as a ratio to nothing: farther than any other, but
#: its square is a number.
FAR = 1e9


class DissimilarityIndex(TransformerMixin, BaseEstimator):
    """Distance to the nearest training point, over the mean distance between training points.

    Distances are measured between standardised features, each multiplied by its importance to
    the model, so that only differences that matter to the model count. As a step of a pipeline
    it passes the rows on unchanged.

    Parameters
    ----------
    weights : (n_features,) float64 or None
        Importance of each feature, not negative. None or all zero: all weigh alike.
    n_columns : int or None
        Number of most important features that distances are measured in; None takes all. The
        others would add little, and a search tree is quick in few dimensions only.

    Attributes
    ----------
    columns_ : (n_columns,) int64
        Indices of the features that distances are measured in, ascending.
    mean_, scale_ : (n_columns,) float64
        What is subtracted from these features, and what they are multiplied by.
    points_ : (n, n_columns) float32
        Training points, scaled.
    mean_distance_ : float
        Mean distance between training points.
    threshold_ : float
        Largest index in cross-validation, outliers aside.

    Notes
    -----
    A missing value counts as the feature's training mean: it neither adds to the distance nor
    hides the other features.

    References
    ----------
    Meyer & Pebesma (2021), Predicting into unknown space?, Methods Ecol. Evol. 12, 1620-1633.
    """

    def __init__(self, weights: F64 | None = None, n_columns: int | None = None) -> None:
        self.weights = weights
        self.n_columns = n_columns

    def fit(
        self,
        X: F32,
        y: NDArray[np.int8] | None = None,
        *,
        fold: NDArray[np.integer] | None = None,
    ) -> Self:
        """Store the training points and compute the largest index in cross-validation.

        Parameters
        ----------
        X : (n, n_features) float32
            Training points, a few thousand, at least 2.
        y : ignored
        fold : (n,) int or None
            Fold of each point, at least two folds. The distance of a training point is the one
            to the nearest point of another fold, as prediction is made for ground that training
            never saw. None: each point is a fold of its own.

        Raises
        ------
        ValueError
            If `weights` or `fold` do not fit to the points.
        """
        X = _as_rows(X, n_min=2)
        validate_data(self, X, skip_check_array=True)
        weights = self._weights(X.shape[1])
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
        across = _distances_across(self.points_, fold)
        low, high = np.quantile(across, [0.25, 0.75])
        limit = min(high + 1.5 * (high - low), across.max())
        self.threshold_ = float(limit / self.mean_distance_)
        return self

    def transform(self, X: ArrayLike) -> F32:
        """Return the rows as an array of float32, otherwise unchanged.

        Parameters
        ----------
        X : (n, n_features) array or DataFrame
            Names of columns are not compared.

        Returns
        -------
        (n, n_features) float32
            The same array if it is one of float32.
        """
        # As an array: names of columns would make scikit-learn warn.
        rows = X if isinstance(X, np.ndarray) else _as_rows(X, n_min=1)
        return checked_rows(self, rows, (np.float32,))

    def dissimilarity(self, X: F32) -> F32:
        """Compute how unlike the training data rows are.

        Parameters
        ----------
        X : (n, n_features) float32
            Only ``columns_`` are used.

        Returns
        -------
        (n,) float32
            0 for a training point; above ``threshold_`` the model extrapolates.
        """
        check_is_fitted(self)
        nearest = KDTree(self.points_).query(self._scaled(X))[0]
        index: F32 = np.round(nearest / self.mean_distance_, 4).astype(np.float32)
        return index

    def _weights(self, n_features: int) -> F64:
        """Check the importance of the features; ones if all weigh alike."""
        if self.weights is None or not np.any(self.weights):
            return np.ones(n_features)
        if np.shape(self.weights) != (n_features,) or np.min(self.weights) < 0:
            raise ValueError(
                f"weights must be {n_features} numbers from 0, one a feature, found shape "
                f"{np.shape(self.weights)} and least {np.min(self.weights):g}."
            )
        return self.weights

    def _scaled(self, X: F32) -> F64:
        """Standardise and weigh rows."""
        scaled: F64 = (X[:, self.columns_] - self.mean_) * self.scale_
        return np.nan_to_num(scaled, copy=False, posinf=FAR, neginf=-FAR)

    def __sklearn_tags__(self) -> Tags:
        """Declare that NaN may come in, and that float32 comes out."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _as_rows(X: ArrayLike, *, n_min: int) -> F32:
    """Return rows as float32, not copied if they are; infinities are not searched for."""
    rows: F32 = check_array(
        X, dtype=np.float32, ensure_all_finite=False, ensure_min_samples=n_min
    )
    return rows


def _distances_across(points: F32, fold: NDArray[np.integer] | None) -> F64:
    """Compute the distance of each point to the nearest of another fold, fold after fold."""
    if fold is None:
        # The nearest of all points is the point itself.
        nearest: F64 = KDTree(points).query(points, k=2)[0][:, 1]
        return nearest
    folds = np.unique(fold)
    if np.shape(fold) != (len(points),) or len(folds) < 2:
        raise ValueError(
            f"fold must be {len(points)} numbers, one a point, of at least two folds, found "
            f"shape {np.shape(fold)} and {len(folds)} fold(s)."
        )
    return np.concatenate(
        [KDTree(points[fold != k]).query(points[fold == k])[0] for k in folds]
    )


@dataclass(frozen=True, slots=True)
class Applicability:
    """How a `DissimilarityIndex` is fitted to a model's training data.

    Parameters
    ----------
    points : int
        Number of training rows that are drawn, half of them mines if there are as many. More
        points fill gaps and cost time.
    columns : int
        Number of most important features that distances are measured in.
    seed : int
        Seed of the draw, and of the shuffling that measures a feature's importance.
    """

    points: int
    columns: int
    seed: int

    def __post_init__(self) -> None:
        """Refuse too few points for a distribution, and distances in no dimension."""
        if self.points < 100 or self.columns < 1:
            raise ConfigError(
                "Applicability.points must be at least 100 and columns at least 1, found "
                f"{self.points} and {self.columns}. Fix design.applicability."
            )

    def fit(
        self, model: ClassifierMixin, sample: Sample, fold_of_site: NDArray[np.int8]
    ) -> DissimilarityIndex:
        """Fit the index to a sample of the training rows.

        Parameters
        ----------
        model : fitted classifier
            Tells the importance of the features.
        sample : Sample
            Rows that the model was fitted on.
        fold_of_site : (n_sites,) int8

        Returns
        -------
        fitted DissimilarityIndex
        """
        rng = np.random.default_rng(self.seed)
        mines, others = np.flatnonzero(sample.y == 1), np.flatnonzero(sample.y == 0)
        n_mines = min(len(mines), self.points // 2)
        n_others = min(len(others), self.points - n_mines)
        of_each = ((mines, n_mines), (others, n_others))
        rows = np.sort(np.concatenate([rng.choice(*one, replace=False) for one in of_each]))
        X = sample.X[rows]
        weights = importance(model, X, rng)
        index = DissimilarityIndex(weights, self.columns)
        return index.fit(X, fold=fold_of_site[sample.site[rows]])


def importance(model: ClassifierMixin, X: F32, rng: np.random.Generator) -> F64:
    """Compute how much each feature changes a model's probability.

    Parameters
    ----------
    model : fitted classifier
        Of any family, of two classes.
    X : (n, n_features) float32
        Rows on which the change is measured.
    rng : Generator
        Shuffles the values of a feature.

    Returns
    -------
    (n_features,) float64
        Mean absolute change of the probability when a feature's values are shuffled over the
        rows.

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
