"""Disagreement: where small models of parts of the training ground contradict the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from joblib import Parallel, delayed
from lightgbm import LGBMClassifier
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.learning.fitting import FITTED_DECIMALS
from minecover.learning.models.binary import F64
from minecover.learning.models.calibrated import logit
from minecover.learning.models.prior import corrected
from minecover.learning.models.validation import check_two_classes, checked_rows
from minecover.learning.sample import Sample

#: Trees of a member, leaves of a tree and share of the columns that a tree may split on: small,
#: so that all members together cost less than the model's own first trees.
TREES, LEAVES, COLUMN_SHARE = 12, 8, 0.5
#: Learning rate of a member; with so few trees they have to learn quickly.
RATE = 0.25
#: Fewest rows of a leaf.
LEAST_ROWS = 20
#: Disagreement above which the members together answer the contrary.
CONTRARY = 0.5


class Disagreement(TransformerMixin, BaseEstimator):
    """Probability that small models of other parts of the training ground give to the contrary.

    Each member is fitted on half of the site groups. Where the training ground determines the
    answer they agree with the model; on other ground, and on ground that few groups show, the
    model's answer depends on details that smaller models do not share. As a step of a pipeline
    it passes the rows on unchanged.

    Parameters
    ----------
    pairs : int
        Number of times that the groups of sites are halved; each half is one member's.
    columns : sequence of int or None
        Features that the members see; None is all.
    seed : int
        Seed of the halving and of the members' columns.

    Attributes
    ----------
    members_ : list of 2 * pairs fitted classifiers
    columns_ : (n_columns,) int64
        Indices of the features that they see, ascending.
    odds_ : float
        What the odds of the members are multiplied by, so that on ground that they did not see
        they call as many training rows mines as there are.

    References
    ----------
    Lakshminarayanan, Pritzel & Blundell (2017), Simple and scalable predictive uncertainty
    estimation using deep ensembles, NeurIPS 30.
    """

    def __init__(
        self, pairs: int = 4, columns: Sequence[int] | None = None, seed: int = 0
    ) -> None:
        self.pairs = pairs
        self.columns = columns
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        group: NDArray[np.integer] | None = None,
        weight: F64 | None = None,
    ) -> Self:
        """Fit the members, each on half of the groups.

        Parameters
        ----------
        X : (n, n_features) float32
            Training rows.
        y : (n,) int8
            Two classes, the positive one last.
        group : (n,) int or None
            Site group of each row. None, or if a half of the groups lacks one of the classes:
            each row is a group of its own.
        weight : (n,) float64 or None
            Number of locations that each row stands for; None is one. It decides how many
            locations are called mines, and no member is fitted with it.
        """
        rows: F32
        label: NDArray[np.generic]
        rows, label = validate_data(self, X, y, dtype=np.float32, ensure_all_finite=False)
        self.classes_ = np.unique(label)
        check_two_classes(self.classes_)
        is_mine = label == self.classes_[1]
        weight = np.ones(len(label)) if weight is None else weight
        self.columns_ = np.arange(rows.shape[1])
        if self.columns is not None:
            self.columns_ = np.sort(np.asarray(self.columns, np.int64))
        halves = self._halves(is_mine, group)
        with threadpool_limits(1, user_api="openmp"):
            self.members_ = Parallel(n_jobs=-1, prefer="threads")(
                delayed(self._member)(rows[half][:, self.columns_], is_mine[half], number)
                for number, half in enumerate(halves)
            )
            votes = self._votes(rows)
        unseen = np.nanmean(np.where(halves, np.nan, logit(votes)), axis=0)
        self.odds_ = _odds(unseen, is_mine, weight)
        return self

    def transform(self, X: ArrayLike) -> F32:
        """Return the rows as an array of float32, otherwise unchanged.

        Parameters
        ----------
        X : (n, n_features) array

        Returns
        -------
        (n, n_features) float32
            The same array if it is one of float32.
        """
        return checked_rows(self, X, (np.float32,))

    def disagreement(self, X: F32, called: NDArray[np.bool_]) -> F32:
        """Return the mean probability that the members give to the contrary of an answer.

        Parameters
        ----------
        X : (n, n_features) float32
            Only ``columns_`` are used.
        called : (n,) bool
            The answers: whether the model calls each row a mine.

        Returns
        -------
        (n,) float32
            0 ... 1, to 4 decimals; above `CONTRARY` the members answer the contrary.
        """
        check_is_fitted(self)
        if not len(X):
            return np.zeros(0, np.float32)
        mine = corrected(self._votes(X), self.odds_).mean(axis=0)
        against: F32 = np.round(np.where(called, 1 - mine, mine), 4).astype(np.float32)
        return against

    def _member(self, X: F32, is_mine: NDArray[np.bool_], number: int) -> LGBMClassifier:
        """Fit one member on the rows of one half of the ground, both classes weighing alike."""
        classifier = LGBMClassifier(
            n_estimators=TREES,
            num_leaves=LEAVES,
            learning_rate=RATE,
            min_child_samples=LEAST_ROWS,
            colsample_bytree=COLUMN_SHARE,
            class_weight="balanced",
            random_state=self.seed + number,
            n_jobs=1,
            deterministic=True,
            force_row_wise=True,
            verbosity=-1,
        )
        return classifier.fit(X, is_mine.astype(np.int8))

    def _votes(self, X: F32) -> F64:
        """Return the probability of a mine by each member, (2 * pairs, n) float64."""
        rows = np.asarray(X[:, self.columns_], np.float32)
        return np.stack([member.predict_proba(rows)[:, 1] for member in self.members_])

    def _halves(
        self, is_mine: NDArray[np.bool_], group: NDArray[np.integer] | None
    ) -> NDArray[np.bool_]:
        """Mark the rows of each half, (2 * pairs, n) bool, the two of a pair in turn."""
        rows = np.arange(len(is_mine))
        halves = self._of_units(is_mine, rows if group is None else np.asarray(group))
        if _have_both(halves, is_mine):
            return halves
        halves = self._of_units(is_mine, rows)
        if not _have_both(halves, is_mine):
            raise ValueError(
                "Disagreement needs two rows of each class, found "
                f"{is_mine.sum()} of mines and {(~is_mine).sum()} of other ground."
            )
        return halves

    def _of_units(
        self, is_mine: NDArray[np.bool_], unit: NDArray[np.integer]
    ) -> NDArray[np.bool_]:
        """Halve units of rows; those with mines apart from those without."""
        mined = np.unique(unit[is_mine])
        others = np.setdiff1d(unit, mined)
        rng = np.random.default_rng(self.seed)
        halves = []
        for _ in range(self.pairs):
            chosen = [rng.permutation(kind)[: len(kind) // 2] for kind in (mined, others)]
            first = np.isin(unit, np.concatenate(chosen))
            halves += [first, ~first]
        return np.array(halves)

    def __sklearn_tags__(self) -> Tags:
        """Declare that labels and NaN come in, and that float32 comes out."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _have_both(halves: NDArray[np.bool_], is_mine: NDArray[np.bool_]) -> bool:
    """Return whether every half holds mines and other ground."""
    return all(is_mine[half].any() and (~is_mine[half]).any() for half in halves)


def _odds(score: F64, is_mine: NDArray[np.bool_], weight: F64) -> float:
    """Return the factor of odds with which as many rows are above one half as are mines."""
    order = np.argsort(-score, kind="stable")
    called = np.cumsum(weight[order])
    last = min(int(np.searchsorted(called, weight[is_mine].sum())), len(order) - 1)
    return round(float(np.exp(-score[order[last]])), FITTED_DECIMALS)


@dataclass(frozen=True, slots=True)
class SmallModels:
    """How the members of a `Disagreement` are fitted to a model's training data.

    Parameters
    ----------
    pairs : int
        Number of times that the site groups are halved: half the number of members.
    rows : int
        Most training rows that are drawn, a third of them mines if there are as many.
    seed : int
        Seed of the draw, the halving and the members.
    """

    pairs: int
    rows: int
    seed: int

    def __post_init__(self) -> None:
        """Refuse no members, and too few rows for any."""
        if self.pairs < 1 or self.rows < 300:
            raise ConfigError(
                "SmallModels.pairs must be at least 1 and rows at least 300, found "
                f"{self.pairs} and {self.rows}. Fix design.disagreement."
            )

    def fit(
        self, sample: Sample, columns: NDArray[np.integer], *, kept_negatives: float
    ) -> Disagreement:
        """Fit the members on a draw of the training rows.

        Parameters
        ----------
        sample : Sample
            Rows that the model was fitted on.
        columns : (n_columns,) int
            Features that the members see.
        kept_negatives : float
            Share of the negatives that the model drew.
        """
        rng = np.random.default_rng(self.seed)
        drawn = sample.drawn(kept_negatives, 0)
        mines, others = (np.flatnonzero(drawn & (sample.y == one)) for one in (1, 0))
        n_mines = min(len(mines), self.rows // 3)
        n_others = min(len(others), self.rows - n_mines)
        weight = np.where(sample.always, 1.0, 1.0 / kept_negatives)
        weight[mines] *= len(mines) / n_mines
        weight[others] *= len(others) / n_others
        of_each = ((mines, n_mines), (others, n_others))
        rows = np.sort(np.concatenate([rng.choice(*one, replace=False) for one in of_each]))
        members = Disagreement(self.pairs, [int(column) for column in columns], self.seed)
        return members.fit(
            sample.X[rows], sample.y[rows], group=sample.group[rows], weight=weight[rows]
        )
