"""Compiled trees: LightGBM's own probabilities, NaN and rounding included."""

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
    compiled,
    rounds_of,
    shortened,
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
    ("missing", "met"),
    [
        pytest.param(0.0, 0.0, id="no NaN"),
        pytest.param(0.2, 0.2, id="NaN learned"),
        pytest.param(0.0, 0.2, id="NaN that training never saw"),
    ],
)
def test_compiled_trees_score_as_lightgbm_does(leaves: int, missing: float, met: float) -> None:
    model, (X, _) = fitted(leaves, missing), rows(1000, met)

    twin = compiled(model)

    assert isinstance(twin[-1], CompiledTrees)
    np.testing.assert_allclose(
        twin.predict_proba(X), model.predict_proba(X), rtol=0, atol=1e-12
    )


def test_trees_are_found_inside_of_wrappers() -> None:
    X, y = rows(500, 0.1)
    prior = PriorCorrected(fitted(8, 0.1), 0.1).fit(X, y)
    model = Calibrated(Bagged([prior]), AsIs())

    twin = compiled(model)

    assert isinstance(twin.model.members[0].estimator_[-1], CompiledTrees)
    np.testing.assert_allclose(twin.predict_proba(X), model.predict_proba(X), atol=1e-12)


def test_what_wrappers_hold_twice_is_compiled_once() -> None:
    inner = fitted(8, 0.1)

    first, second = compiled(Bagged([inner, inner])).members

    assert first[-1] is second[-1]


def test_the_first_trees_alone_are_lightgbms_first_trees() -> None:
    model, (X, _) = fitted(32, 0.1), rows(300, 0.1)

    twin = shortened(compiled(model), 5)

    wanted = model[-1].predict_proba(model[:-1].transform(X), num_iteration=5)
    np.testing.assert_allclose(twin.predict_proba(X), wanted, atol=1e-12)


def test_rounds_are_counted_inside_of_wrappers() -> None:
    model = Calibrated(Bagged([compiled(fitted(8, 0.1))]), AsIs())

    assert rounds_of(model) == 12
    assert rounds_of(LogisticRegression()) == 0


def test_rows_may_lie_column_by_column() -> None:
    model, (X, _) = compiled(fitted(32, 0.1)), rows(300, 0.1)

    np.testing.assert_array_equal(
        model.predict_proba(np.asfortranarray(X)), model.predict_proba(X)
    )


def test_what_masks_do_not_cover_stays_as_it_is() -> None:
    X, y = rows(3000, 0.0)
    many = LGBMClassifier(num_leaves=100, min_child_samples=2, n_estimators=3, verbosity=-1)
    line = LogisticRegression().fit(X, y)

    assert isinstance(compiled(many.fit(X, y)), LGBMClassifier)
    np.testing.assert_array_equal(compiled(line).predict(X), line.predict(X))
