"""Forests that share their trees are the forests that would have been grown alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from minecover.learning.models.shared_forest import ForestSize, SharedForest

SIZES = [ForestSize(2, None), ForestSize(4, None), ForestSize(3, 3), ForestSize(4, 1)]


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**16),
    leaf=st.integers(1, 20),
    class_weight=st.sampled_from([None, "balanced"]),
    is_weighted=st.booleans(),
)
def test_a_grove_answers_as_each_of_its_forests_to_the_last_bit(
    seed: int, leaf: int, class_weight: str | None, is_weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.random((300, 4), np.float32)
    X[rng.random(X.shape) < 0.02] = np.nan
    y = (X[:, 0] + rng.random(300) > 1.2).astype(np.int8)
    weight = rng.random(300) if is_weighted else None
    forest = RandomForestClassifier(
        min_samples_leaf=leaf, class_weight=class_weight, random_state=seed
    )

    shared = SharedForest(forest, SIZES).fit(X, y, weight).probabilities(X)

    alone = {
        size: clone(forest)
        .set_params(n_estimators=size.n_estimators, max_depth=size.max_depth)
        .fit(X, y, weight)
        .predict_proba(X)[:, 1]
        for size in SIZES
    }
    assert shared.keys() == alone.keys()
    np.testing.assert_array_equal([shared[s] for s in SIZES], [alone[s] for s in SIZES])


def test_a_tree_within_the_limit_is_not_grown_twice() -> None:
    rng = np.random.default_rng(7)
    X = rng.random((200, 3), np.float32)
    y = (X[:, 0] > 0.5).astype(np.int8)
    forest = RandomForestClassifier(min_samples_leaf=40, random_state=7)

    forest = SharedForest(forest, [ForestSize(3, None), ForestSize(3, 50)]).fit(X, y, None)

    assert forest.trees_[None] == forest.trees_[50]
