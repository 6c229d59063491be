"""A first look with few trees: what is no mine by far need not be asked about twice."""

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
from minecover.learning.models.compiled_trees import compiled, rounds_of, shortened
from minecover.learning.sample import Sample

#: Shares of a model's trees that are tried for the first look.
SHARES = (0.1, 0.15, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is looked at twice, and what that cost where it was measured.

    Parameters
    ----------
    rounds : int
        Trees of the first look.
    at_least : float
        Probability by those trees from which on all trees are asked.
    lost : float
        Share of the model's mines that the first look dismissed, out of fold.
    passed : float
        Share of all ground that was looked at twice.
    """

    rounds: int
    at_least: float
    lost: float
    passed: float

    def told(self) -> dict[str, float]:
        """Give it for the model's card."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Screening:
    """How a model's first look is chosen.

    Parameters
    ----------
    most_lost : float
        Share of the mines that the whole model finds which a first look may dismiss, 0 ... 1.
    """

    most_lost: float

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 <= self.most_lost < 1:
            raise ConfigError(
                f"Screening.most_lost is a share below 1, found {self.most_lost}. "
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
    ) -> Rule | None:
        """Choose the quickest first look that loses no more than it may, out of fold.

        Parameters
        ----------
        models : sequence of fitted estimators
            One a fold, none of which was fitted on the fold's rows.
        sample : Sample
        fold : (n,) int8
            Of each row.
        threshold : float
            From which probability on the whole model says mine.
        share : float
            Of the negatives, in the sample: each stands for ``1 / share``.

        Returns
        -------
        Rule or None
            None if the model has no trees that come one after the other, says mine nowhere, or
            would not become quicker.
        """
        twins = [compiled(model) for model in models]
        rounds = rounds_of(twins)
        weight = np.where(sample.always, 1.0, 1.0 / share)
        whole = _out_of_fold(twins, sample, fold)
        is_mine = whole >= threshold
        if not rounds or not is_mine.any():
            return None
        rules = []
        for some in SHARES:
            few = max(int(rounds * some), 1)
            early = _out_of_fold([shortened(twin, few) for twin in twins], sample, fold)
            cut, lost = self._cut(early[is_mine], weight[is_mine])
            passed = float(weight[early >= cut].sum() / weight.sum())
            rules.append(Rule(few, cut, lost, passed))
        best = min(rules, key=lambda rule: rule.rounds + rule.passed * rounds)
        return best if best.rounds + best.passed * rounds < rounds else None

    def _cut(self, early: F32, weight: NDArray[np.float64]) -> tuple[float, float]:
        """Highest cut that loses no more than it may of these rows, and what it loses."""
        order = np.argsort(early, kind="stable")
        below = np.cumsum(weight[order]) / weight.sum()
        dismissed = int(np.searchsorted(below, self.most_lost, "right"))
        cut = early[order[min(dismissed, len(order) - 1)]]
        return float(cut), float(weight[early < cut].sum() / weight.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """The first trees of a model, and who passes them.

    Parameters
    ----------
    model : fitted Pipeline
    at_least : float
        See `Rule`.
    """

    model: Pipeline
    at_least: float

    def probability(self, X: F32, whole: Pipeline) -> F32:
        """Score rows: all trees for who passes; for the rest what the first trees say."""
        score = probability(self.model, X)
        left = score >= self.at_least
        score[left] = probability(whole, X[left])
        return score


def _out_of_fold(
    models: Sequence[BaseEstimator], sample: Sample, fold: NDArray[np.int8]
) -> F32:
    """Score each row with its fold's model."""
    score = np.zeros(len(sample.y), np.float32)
    for k, model in enumerate(models):
        score[fold == k] = probability(model, sample.X[fold == k])
    return score
