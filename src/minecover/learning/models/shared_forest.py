"""Random forests that differ in size and depth alone and share their trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from minecover.core.cube import F32

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, order=True)
class ForestSize:
    """Number of trees and depth limit of a forest, or of boosted trees; None is no limit."""

    n_estimators: int
    max_depth: int | None

    @classmethod
    def of(cls, model: RandomForestClassifier | LGBMClassifier) -> ForestSize:
        """Return the size of a forest, or of boosted trees."""
        is_limited = model.max_depth is not None and model.max_depth > 0
        return cls(int(model.n_estimators), model.max_depth if is_limited else None)


class SharedForest:
    """Several random forests of different sizes, each tree of which is grown once.

    A forest draws the seeds of its trees in their order, so that a smaller one is the beginning
    of a larger one. And a limit on depth changes nothing of a tree that never gets so deep.

    Parameters
    ----------
    forest : RandomForestClassifier
        Unfitted: all parameters except size and depth.
    sizes : sequence of ForestSize
        The forests that are wanted.
    """

    def __init__(self, forest: RandomForestClassifier, sizes: Sequence[ForestSize]) -> None:
        self.forest = forest
        self.sizes = sizes

    def fit(self, X: F32, y: NDArray[np.int8], sample_weight: F64 | None) -> SharedForest:
        """Fit the largest forest at the deepest limit; refit the trees that others cut."""
        limits = {size.max_depth for size in self.sizes}
        *shorter, deepest = sorted(limits, key=lambda depth: depth or np.inf)
        most = max(size.n_estimators for size in self.sizes)
        forest = clone(self.forest).set_params(n_estimators=most, max_depth=deepest)
        forest.fit(X, y, sample_weight=sample_weight)
        self.trees_ = {deepest: list(forest.estimators_)}
        for depth in shorter:
            asked = max(s.n_estimators for s in self.sizes if s.max_depth == depth)
            self.trees_[depth] = _cut_short(forest, asked, depth, X, y)
        return self

    def probabilities(self, X: F32) -> dict[ForestSize, F64]:
        """Return the probabilities of every forest; each tree predicts once.

        Returns
        -------
        dict of (n,) float64
            By size; equal to `RandomForestClassifier.predict_proba` on one thread to the bit.
        """
        totals = {depth: np.zeros(len(X)) for depth in self.trees_}
        found: dict[ForestSize, F64] = {}
        for place in range(max(len(trees) for trees in self.trees_.values())):
            answers: dict[int, F64] = {}
            for depth, trees in self.trees_.items():
                if place >= len(trees):
                    continue
                tree = trees[place]
                if id(tree) not in answers:
                    answers[id(tree)] = tree.predict_proba(X, check_input=False)[:, 1]
                totals[depth] += answers[id(tree)]
                size = ForestSize(place + 1, depth)
                if size in self.sizes:
                    found[size] = totals[depth] / size.n_estimators
        return found


def _cut_short(
    forest: RandomForestClassifier, n_trees: int, depth: int | None, X: F32, y: NDArray[np.int8]
) -> list[DecisionTreeClassifier]:
    """Return the first trees of a forest; those deeper than a limit are refitted."""
    kept = list(forest.estimators_[:n_trees])
    too_deep = [place for place, tree in enumerate(kept) if tree.tree_.max_depth > depth]
    drawn = forest.estimators_samples_ if too_deep else []
    for place in too_deep:
        # Weights of the rows, and of their classes, went into the draw.
        weight = np.bincount(drawn[place], minlength=len(y))
        tree = clone(kept[place]).set_params(max_depth=depth)
        kept[place] = tree.fit(X, y.astype(np.float64), weight)
    return kept
