"""Forests that share their trees are the forests that would have been grown alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from minecover.learning.inner_folds import TrainingRows
from minecover.learning.models.boosted import boosted
from minecover.learning.models.shared_forest import ForestSize, SharedForest
from minecover.pipeline.sweep.shared_rounds import BinnedRows, SharedRounds, for_binning

SIZES = [ForestSize(2, None), ForestSize(4, None), ForestSize(3, 3), ForestSize(4, 1)]


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**16),
    leaf=st.integers(1, 20),
    class_weight=st.sampled_from([None, "balanced"]),
    is_weighted=st.booleans(),
)
def test_shared_forests_predict_as_each_of_them_alone_to_the_last_bit(
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


@settings(max_examples=5)
@given(seed=st.integers(0, 2**16), is_weighted=st.booleans())
def test_shared_rounds_predict_as_each_model_alone_to_the_last_bit(
    seed: int, is_weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.random((400, 6), np.float32)
    X[rng.random(X.shape) < 0.02] = np.nan
    y = (X[:, 0] + rng.random(400) > 1.2).astype(np.int8)
    weight = rng.random(400) if is_weighted else np.ones(400)
    drawn = TrainingRows(X, y, weight, np.zeros(400, np.int32), np.zeros(400, bool), 1.0)
    sizes = [ForestSize(n, None) for n in (9, 3, 5)]

    def family(n_estimators: int, num_leaves: int) -> Pipeline:
        return boosted(
            n_estimators=n_estimators,
            learning_rate=0.2,
            num_leaves=num_leaves,
            min_child_samples=5,
            colsample_bytree=0.5,
            seed=seed,
        )

    # Jobs that differ in their leaves share the bins.
    binned = BinnedRows.of(for_binning(family(9, 7)), drawn)
    for num_leaves in (7, 3):
        shared = SharedRounds(family(1, num_leaves), sizes).fit(binned).probabilities(X)

        assert list(shared) == sizes
        for size in sizes:
            alone = drawn.fit(family(size.n_estimators, num_leaves))
            np.testing.assert_array_equal(shared[size], alone.positive(X))
        assert (shared[sizes[0]] != shared[sizes[1]]).any()


def test_rounds_that_split_nothing_change_nothing() -> None:
    X = np.repeat(np.eye(2, dtype=np.float32), 30, axis=0)
    y = (X[:, 0] > 0.5).astype(np.int8)
    drawn = TrainingRows(X, y, np.ones(60), np.zeros(60, np.int32), np.zeros(60, bool), 1.0)
    # Of 60 rows no two leaves of 40 can be made, so LightGBM stops at the first tree.
    family = boosted(
        n_estimators=9,
        learning_rate=0.2,
        num_leaves=4,
        min_child_samples=40,
        colsample_bytree=1.0,
        seed=7,
    )
    sizes = [ForestSize(n, None) for n in (9, 3)]

    rounds = SharedRounds(family, sizes).fit(BinnedRows.of(family, drawn))
    shared = rounds.probabilities(X)

    assert rounds.booster_.num_trees() < 3
    for size in sizes:
        alone = drawn.fit(family.set_params(classifier__n_estimators=size.n_estimators))
        np.testing.assert_array_equal(shared[size], alone.positive(X))


def test_a_tree_within_the_limit_is_not_grown_twice() -> None:
    rng = np.random.default_rng(7)
    X = rng.random((200, 3), np.float32)
    y = (X[:, 0] > 0.5).astype(np.int8)
    forest = RandomForestClassifier(min_samples_leaf=40, random_state=7)

    forest = SharedForest(forest, [ForestSize(3, None), ForestSize(3, 50)]).fit(X, y, None)

    assert forest.trees_[None] == forest.trees_[50]
