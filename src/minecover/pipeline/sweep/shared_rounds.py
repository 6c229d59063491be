"""Boosted trees that differ in the number of rounds alone, and are fitted once."""

from __future__ import annotations

from collections.abc import Sequence

from lightgbm import LGBMClassifier

from minecover.core.cube import F32
from minecover.learning.fitting import probability
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.shared_forest import ForestSize


class SharedRounds:
    """Several boosted models, each of which is the beginning of the largest one.

    A tree depends on the trees before it and on none after it.

    Parameters
    ----------
    model : fitted Bagged
        Pipelines that end in `lightgbm.LGBMClassifier`, of the most rounds.
    sizes : sequence of ForestSize
        The models that are wanted.
    """

    def __init__(self, model: Bagged, sizes: Sequence[ForestSize]) -> None:
        self.model = model
        self.sizes = sizes

    def probabilities(self, X: F32) -> dict[ForestSize | None, F32]:
        """Return the probabilities of every model.

        Not for several threads at once: the number of rounds is a state of the model.

        Returns
        -------
        dict of (n,) float32
            By size; equal to those of a model that was fitted with so many rounds, to the bit.
        """
        found: dict[ForestSize | None, F32] = {}
        for size in self.sizes:
            for member in self.model.estimators:
                classifier = member.estimator_[-1]
                assert isinstance(classifier, LGBMClassifier)
                classifier.booster_.best_iteration = size.n_estimators
            found[size] = probability(self.model, X)
        return found
