"""Cross-validation inside the training ground: number of boosting rounds, doubtful labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from minecover.core.cube import F32
from minecover.core.errors import ConfigError, ModelError
from minecover.learning.models.prior import PriorCorrected

F64 = NDArray[np.float64]
#: Parameter with the number of boosting rounds, by classifier.
ROUNDS = {LGBMClassifier: "n_estimators", HistGradientBoostingClassifier: "max_iter"}


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRows:
    """Rows that one model is fitted on.

    Parameters
    ----------
    X : (n, n_features) float32
    y : (n,) int8
        1 mine, 0 not.
    weight : (n,) float64
        Sample weights.
    group : (n,) int32
        Number of the row's site group.
    reviewed : (n,) bool
        Negatives that a reviewer found to be no mine, whatever they look like.
    kept_negatives : float
        See `minecover.learning.models.prior.PriorCorrected`.
    """

    X: F32
    y: NDArray[np.int8]
    weight: F64
    group: NDArray[np.int32]
    reviewed: NDArray[np.bool_]
    kept_negatives: float

    def take(self, which: NDArray[np.generic]) -> TrainingRows:
        """Return some of the rows, by a mask or by indices."""
        return TrainingRows(
            self.X[which],
            self.y[which],
            self.weight[which],
            self.group[which],
            self.reviewed[which],
            self.kept_negatives,
        )

    def fit(self, family: Pipeline) -> PriorCorrected:
        """Fit a clone of a family on the rows.

        Parameters
        ----------
        family : unfitted Pipeline
            Its last step is called ``classifier``.
        """
        weighted = (
            {} if (self.weight == 1).all() else {"classifier__sample_weight": self.weight}
        )
        return PriorCorrected(family, self.kept_negatives).fit(self.X, self.y, **weighted)

    def split(self, inner_folds: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Split the rows into inner folds of whole site groups.

        Parameters
        ----------
        inner_folds : int
            Number of folds, at least 2.

        Yields
        ------
        fitted_on, held_out : (n_rows,) int64
            Indices of the rows to fit on and of the rows to predict.

        Raises
        ------
        ModelError
            If fewer groups than folds have a labelled mine.
        """
        n_with_mine = len(np.unique(self.group[self.y == 1]))
        if n_with_mine < inner_folds:
            raise ModelError(
                f"{inner_folds} inner folds need as many site groups with a labelled mine, "
                f"found {n_with_mine}. Lower inner_folds in design.recipe, or folds.n."
            )
        yield from StratifiedGroupKFold(inner_folds).split(self.X, self.y, self.group)


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """How the number of boosting rounds is chosen, by cross-validation over site groups.

    The family is then fitted again on all training ground with that number. The ground of the
    test fold takes no part.

    Parameters
    ----------
    inner_folds : int
        Number of folds that groups of sites are dealt into. The mean average precision over
        them decides. Log loss would stop much sooner: under noisy labels it counts the
        confident errors, which calibration corrects, and not the order.
    every : int
        Number of rounds between two evaluations. The family's own number is the maximum.
    """

    inner_folds: int
    every: int

    def __post_init__(self) -> None:
        """Refuse fewer than two folds, and no round between evaluations."""
        if self.inner_folds < 2 or self.every < 1:
            raise ConfigError(
                f"EarlyStopping.inner_folds must be at least 2 and every at least 1, found "
                f"{self.inner_folds} and {self.every}. Fix design.recipe.early_stopping."
            )

    def with_best_rounds(self, family: Pipeline, rows: TrainingRows) -> Pipeline:
        """Return a clone of a family with the number of rounds that scores best.

        Parameters
        ----------
        family : unfitted Pipeline
        rows : TrainingRows

        Raises
        ------
        ConfigError
            If the family has no boosting rounds.
        """
        name = ROUNDS.get(type(family[-1]))
        if name is None:
            raise ConfigError(
                f"early stopping needs a family with boosting rounds (boosted, histogram), "
                f"found {type(family[-1]).__name__}. Set design.recipe.early_stopping=null."
            )
        every = min(self.every, family[-1].get_params()[name])
        scores = []
        for fitted_on, held_out in rows.split(self.inner_folds):
            model = rows.take(fitted_on).fit(family).estimator_
            tested = rows.take(held_out)
            scores.append([_precision(tested, p) for p in _staged(model, tested.X, every)])
        best = int(np.argmax(np.mean(scores, axis=0)))
        return clone(family).set_params(**{f"classifier__{name}": (best + 1) * every})


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How training negatives are dropped that look like mines: most likely unlabelled mines.

    Each negative is predicted with a model that was not fitted on its site group. Test ground
    takes no part, and test labels stay as they are.

    Parameters
    ----------
    above : float
        Negatives with a higher probability are dropped, between 0 and 1.
    inner_folds : int
        Number of folds that groups of sites are dealt into.

    References
    ----------
    Northcutt et al. (2021), Confident learning, JAIR 70, 1373-1411.
    """

    above: float
    inner_folds: int

    def __post_init__(self) -> None:
        """Refuse a probability outside 0..1, and fewer than two folds."""
        if not 0 < self.above < 1 or self.inner_folds < 2:
            raise ConfigError(
                f"Cleaning.above must lie between 0 and 1 and inner_folds be at least 2, found "
                f"{self.above} and {self.inner_folds}. Fix design.recipe.cleaning."
            )

    def clean(self, family: Pipeline, rows: TrainingRows) -> TrainingRows:
        """Return the rows without the doubtful negatives; reviewed ones always stay.

        Parameters
        ----------
        family : unfitted Pipeline
            Of the models that predict the negatives.
        rows : TrainingRows
        """
        score = np.zeros(len(rows.y))
        for fitted_on, held_out in rows.split(self.inner_folds):
            model = rows.take(fitted_on).fit(family)
            score[held_out] = model.predict_proba(rows.X[held_out])[:, 1]
        return rows.take((rows.y == 1) | rows.reviewed | (score <= self.above))


def _staged(pipeline: Pipeline, X: F32, every: int) -> Iterator[F64]:
    """Yield the probability of each row after every so many rounds."""
    classifier = pipeline[-1]
    if len(pipeline) > 1:
        X = pipeline[:-1].transform(X)
    if isinstance(classifier, HistGradientBoostingClassifier):
        for p in islice(classifier.staged_predict_proba(X), every - 1, None, every):
            yield p[:, 1]
        return
    odds = np.zeros(len(X))
    for start in range(0, classifier.n_estimators - every + 1, every):
        odds += classifier.booster_.predict(
            X, start_iteration=start, num_iteration=every, raw_score=True, num_threads=1
        )
        yield 1 / (1 + np.exp(-odds))


def _precision(rows: TrainingRows, p: F64) -> float:
    """Compute the weighted average precision."""
    return float(average_precision_score(rows.y, p, sample_weight=rows.weight))
