"""Screening: a model's first trees dismiss the locations that are no mine by far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.learning.fitting import probability
from minecover.learning.models.compiled_trees import compile_trees, first_trees, n_trees
from minecover.learning.sample import Sample

#: Shares of a model's trees that are tried for screening.
SHARES = (0.1, 0.15, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class ScreeningRule:
    """Which locations all trees predict, and what that loses, out of fold.

    Parameters
    ----------
    rounds : int
        Number of first trees that screen.
    at_least : float
        Probability by those trees from which on all trees predict.
    lost : float
        Share of the model's mines that screening dismissed.
    passed : float
        Share of all ground that all trees predicted.
    """

    rounds: int
    at_least: float
    lost: float
    passed: float

    def to_dict(self) -> dict[str, float]:
        """Return the fields as they are written to the model's card, to 6 decimals."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Screening:
    """How a model's screening rule is chosen.

    Parameters
    ----------
    most_lost : float
        Largest share of the mines that the whole model finds which screening may dismiss, from
        0 and below 1.
    """

    most_lost: float

    def __post_init__(self) -> None:
        """Refuse what is not a share below 1."""
        if not 0 <= self.most_lost < 1:
            raise ConfigError(
                f"Screening.most_lost must be a share below 1, found {self.most_lost}. "
                "Fix design.screening.most_lost."
            )

    def choose(
        self,
        models: Sequence[BaseEstimator],
        sample: Sample,
        fold: NDArray[np.int8],
        *,
        threshold: float,
        share: float,
    ) -> ScreeningRule | None:
        """Choose the quickest rule that loses no more than `most_lost`, out of fold.

        Parameters
        ----------
        models : sequence of fitted classifiers
            One a fold, none of which was fitted on the fold's rows.
        sample : Sample
        fold : (n,) int8
            Fold of each row.
        threshold : float
            Probability from which on the whole model says mine.
        share : float
            Share of the negatives that the sample holds: each stands for ``1 / share``.

        Returns
        -------
        ScreeningRule or None
            None if the model has no boosted trees, says mine nowhere, or would not become
            quicker.
        """
        models = [compile_trees(model) for model in models]
        rounds = n_trees(models)
        weight = np.where(sample.always, 1.0, 1.0 / share)
        whole = _out_of_fold(models, sample, fold)
        is_mine = whole >= threshold
        if not rounds or not is_mine.any():
            return None
        rules = []
        for some in SHARES:
            few = max(int(rounds * some), 1)
            early = _out_of_fold([first_trees(model, few) for model in models], sample, fold)
            at_least, lost = self._at_least(early[is_mine], weight[is_mine])
            passed = float(weight[early >= at_least].sum() / weight.sum())
            rules.append(ScreeningRule(few, at_least, lost, passed))
        best = min(rules, key=lambda rule: rule.rounds + rule.passed * rounds)
        return best if best.rounds + best.passed * rounds < rounds else None

    def _at_least(self, early: F32, weight: NDArray[np.float64]) -> tuple[float, float]:
        """Find the highest limit that loses at most `most_lost` of these rows, and its loss."""
        order = np.argsort(early, kind="stable")
        below = np.cumsum(weight[order]) / weight.sum()
        dismissed = int(np.searchsorted(below, self.most_lost, "right"))
        limit = early[order[min(dismissed, len(order) - 1)]]
        return float(limit), float(weight[early < limit].sum() / weight.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """The first trees of a model, and the probability that passes them.

    Parameters
    ----------
    model : fitted Pipeline
        The first trees alone.
    at_least : float
        See `ScreeningRule`.
    """

    model: Pipeline
    at_least: float

    def probability(self, X: F32, whole: Pipeline) -> F32:
        """Return the probability of a mine for each row.

        Parameters
        ----------
        X : (n, n_features) float32
        whole : fitted Pipeline
            The model with all its trees.

        Returns
        -------
        (n,) float32
            By all trees for rows that pass, else by the first trees.
        """
        p = probability(self.model, X)
        passed = p >= self.at_least
        p[passed] = probability(whole, X[passed])
        return p


def _out_of_fold(
    models: Sequence[BaseEstimator], sample: Sample, fold: NDArray[np.int8]
) -> F32:
    """Return the probability of a mine for each row, by its fold's model."""
    p = np.zeros(len(sample.y), np.float32)
    for k, model in enumerate(models):
        p[fold == k] = probability(model, sample.X[fold == k])
    return p
