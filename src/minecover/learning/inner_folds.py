"""What training learns inside its own ground: how many rounds, and which labels to doubt."""

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
#: What the families that grow in rounds call their number.
ROUNDS = {LGBMClassifier: "n_estimators", HistGradientBoostingClassifier: "max_iter"}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What one model is fitted on.

    Parameters
    ----------
    X : (n, n_features) float32
    y : (n,) int8
    weight : (n,) float64
    group : (n,) int32
        Number of the row's site group.
    sure : (n,) bool
        Negatives that somebody looked at: no mine, whatever they look like.
    kept_negatives : float
        See `minecover.learning.models.prior.PriorCorrected`.
    """

    X: F32
    y: NDArray[np.int8]
    weight: F64
    group: NDArray[np.int32]
    sure: NDArray[np.bool_]
    kept_negatives: float

    def at(self, which: NDArray[np.generic]) -> Rows:
        """Keep some of the rows."""
        return Rows(
            self.X[which],
            self.y[which],
            self.weight[which],
            self.group[which],
            self.sure[which],
            self.kept_negatives,
        )

    def fit(self, family: Pipeline) -> PriorCorrected:
        """Fit a clone of a family on the rows."""
        weighted = (
            {} if (self.weight == 1).all() else {"classifier__sample_weight": self.weight}
        )
        return PriorCorrected(family, self.kept_negatives).fit(self.X, self.y, **weighted)

    def split(self, inner_folds: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Deal whole site groups into inner folds; give the rows to fit and the rows held out.

        Raises
        ------
        ModelError
            If an inner fold would be fitted or judged on one class only.
        """
        rich = len(np.unique(self.group[self.y == 1]))
        if rich < inner_folds:
            raise ModelError(
                f"{inner_folds} inner folds need as many site groups with a labelled mine, "
                f"found {rich}. Lower inner_folds in design.recipe, or folds.n."
            )
        yield from StratifiedGroupKFold(inner_folds).split(self.X, self.y, self.group)


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """Choose the number of boosting rounds on groups of sites that training leaves out.

    The family is then fitted again on all of the training's ground with that number. Neither
    the ground of the test fold nor pixels beside those trained on take part.

    Parameters
    ----------
    inner_folds : int
        Groups of sites are dealt into so many folds; the mean average precision over them
        decides. Log loss would stop much sooner: under noisy labels it counts the confident
        errors, which calibration mends, and not the order.
    every : int
        Rounds between two looks. The family's own number of rounds is the most.
    """

    inner_folds: int
    every: int

    def __post_init__(self) -> None:
        """Refuse fewer than two folds, and looks that never come."""
        if self.inner_folds < 2 or self.every < 1:
            raise ConfigError(
                f"EarlyStopping wants inner_folds from 2 and every from 1, found "
                f"{self.inner_folds} and {self.every}. Fix design.recipe.early_stopping."
            )

    def stopped(self, family: Pipeline, rows: Rows) -> Pipeline:
        """Give the family with the number of rounds that the left-out groups prefer.

        Raises
        ------
        ConfigError
            If the family does not grow in rounds.
        """
        name = ROUNDS.get(type(family[-1]))
        if name is None:
            raise ConfigError(
                f"early stopping needs a family that grows in rounds (boosted, histogram), "
                f"found {type(family[-1]).__name__}. Set design.recipe.early_stopping=null."
            )
        every = min(self.every, family[-1].get_params()[name])
        scores = []
        for fitted_on, held_out in rows.split(self.inner_folds):
            model = rows.at(fitted_on).fit(family).estimator_
            judged = rows.at(held_out)
            scores.append([_precision(judged, p) for p in _staged(model, judged.X, every)])
        best = int(np.argmax(np.mean(scores, axis=0)))
        return clone(family).set_params(**{f"classifier__{name}": (best + 1) * every})


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Drop training negatives that look like mines: mines that nobody drew, most likely.

    A first pass scores each negative with a model that was not fitted on its site group. Test
    ground takes no part, and test labels stay as they are.

    Parameters
    ----------
    above : float
        Negatives with a higher probability are dropped.
    inner_folds : int
        Groups of sites are dealt into so many folds.

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
                f"Cleaning wants above between 0 and 1 and inner_folds from 2, found "
                f"{self.above} and {self.inner_folds}. Fix design.recipe.cleaning."
            )

    def cleaned(self, family: Pipeline, rows: Rows) -> Rows:
        """Give the rows without the doubtful negatives; but for those that are sure."""
        score = np.zeros(len(rows.y))
        for fitted_on, held_out in rows.split(self.inner_folds):
            model = rows.at(fitted_on).fit(family)
            score[held_out] = model.predict_proba(rows.X[held_out])[:, 1]
        return rows.at((rows.y == 1) | rows.sure | (score <= self.above))


def _staged(pipeline: Pipeline, X: F32, every: int) -> Iterator[F64]:
    """Give the probabilities after every so many rounds, up to the last."""
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


def _precision(rows: Rows, p: F64) -> float:
    """Average precision of the rows as they were drawn."""
    return float(average_precision_score(rows.y, p, sample_weight=rows.weight))
