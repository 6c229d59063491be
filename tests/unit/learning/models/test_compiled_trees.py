"""Compiled trees predict what LightGBM predicts, NaN and rounding included."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from minecover.learning.models.bagged import Bagged
from minecover.learning.models.boosted import boosted
from minecover.learning.models.calibrated import AsIs, Calibrated
from minecover.learning.models.compiled_trees import (
    CompiledTrees,
    compile_trees,
    first_trees,
    n_trees,
)
from minecover.learning.models.prior import PriorCorrected


def rows(n: int, missing: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    X = np.round(rng.normal(size=(n, 5)), 2).astype(np.float32)
    y = (X[:, 0] + X[:, 1] * X[:, 2] > 0.3).astype(np.int8)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y


def fitted(leaves: int, missing: float) -> Pipeline:
    X, y = rows(3000, missing)
    model = boosted(
        n_estimators=12,
        learning_rate=0.2,
        num_leaves=leaves,
        min_child_samples=5,
        colsample_bytree=0.8,
        seed=7,
    )
    return model.fit(X, y)


@pytest.mark.parametrize("leaves", [4, 32, 60])
@pytest.mark.parametrize(
    ("missing_in_training", "missing_in_prediction"),
    [
        pytest.param(0.0, 0.0, id="no NaN"),
        pytest.param(0.2, 0.2, id="NaN learned"),
        pytest.param(0.0, 0.2, id="NaN in prediction only"),
    ],
)
def test_compiled_trees_predict_as_lightgbm_does(
    leaves: int, missing_in_training: float, missing_in_prediction: float
) -> None:
    model, (X, _) = fitted(leaves, missing_in_training), rows(1000, missing_in_prediction)

    compiled = compile_trees(model)

    assert isinstance(compiled[-1], CompiledTrees)
    np.testing.assert_allclose(
        compiled.predict_proba(X), model.predict_proba(X), rtol=0, atol=1e-12
    )


def test_trees_inside_wrappers_are_compiled() -> None:
    X, y = rows(500, 0.1)
    prior = PriorCorrected(fitted(8, 0.1), 0.1).fit(X, y)
    model = Calibrated(Bagged([prior]), AsIs())

    compiled = compile_trees(model)

    assert isinstance(compiled.estimator.estimators[0].estimator_[-1], CompiledTrees)
    np.testing.assert_allclose(compiled.predict_proba(X), model.predict_proba(X), atol=1e-12)


def test_a_classifier_that_occurs_twice_is_compiled_once() -> None:
    inner = fitted(8, 0.1)

    first, second = compile_trees(Bagged([inner, inner])).estimators

    assert first[-1] is second[-1]


def test_the_first_trees_predict_as_lightgbms_first_trees() -> None:
    model, (X, _) = fitted(32, 0.1), rows(300, 0.1)

    compiled = first_trees(compile_trees(model), 5)

    expected = model[-1].predict_proba(model[:-1].transform(X), num_iteration=5)
    np.testing.assert_allclose(compiled.predict_proba(X), expected, atol=1e-12)


def test_trees_inside_wrappers_are_counted() -> None:
    model = Calibrated(Bagged([compile_trees(fitted(8, 0.1))]), AsIs())

    assert n_trees(model) == 12
    assert n_trees(LogisticRegression()) == 0


def test_the_memory_order_of_rows_changes_nothing() -> None:
    model, (X, _) = compile_trees(fitted(32, 0.1)), rows(300, 0.1)

    np.testing.assert_array_equal(
        model.predict_proba(np.asfortranarray(X)), model.predict_proba(X)
    )


def test_classifiers_that_masks_do_not_cover_stay() -> None:
    X, y = rows(3000, 0.0)
    many = LGBMClassifier(num_leaves=100, min_child_samples=2, n_estimators=3, verbosity=-1)
    line = LogisticRegression().fit(X, y)

    assert isinstance(compile_trees(many.fit(X, y)), LGBMClassifier)
    np.testing.assert_array_equal(compile_trees(line).predict(X), line.predict(X))
