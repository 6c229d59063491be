"""Model families and wrappers: they learn, deterministically, and take missing values."""

import pickle
from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from minecover.core.config import composed
from minecover.learning.models.bagged import Bagged
from minecover.learning.models.calibrated import Calibrated, Isotonic, Platt
from minecover.learning.models.missing_values import FillMissing
from minecover.learning.models.prior import PriorCorrected

FAMILIES = ("boosted", "forest", "histogram", "linear")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Fit as training does, where folds run side by side."""
    with threadpool_limits(1):
        yield


def data(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, 4)).astype(np.float32)
    return X, (X[:, 0] + 0.3 * rng.normal(size=n) > 1).astype(np.int8)


def family(name: str) -> Pipeline:
    pipeline: Pipeline = composed([f"model={name}"]).build("model")
    return pipeline


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_learns(name: str) -> None:
    X, y = data()

    score = family(name).fit(X, y).predict_proba(X)[:, 1]

    assert score[y == 1].mean() > score[y == 0].mean() + 0.3


@pytest.mark.parametrize("name", FAMILIES)
def test_fitting_twice_makes_the_same_bytes(name: str) -> None:
    X, y = data()

    one, two = (pickle.dumps(family(name).fit(X, y)) for _ in range(2))

    assert one == two


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_takes_missing_values(name: str) -> None:
    X, y = data()
    X[::7, 1] = np.nan

    score = family(name).fit(X, y).predict_proba(X)

    assert np.isfinite(score).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_takes_missing_values_of_features_that_had_none_in_training(name: str) -> None:
    X, y = data()
    warm = X + 300
    missing = warm[:50].copy()
    missing[:, 1] = np.nan

    model = family(name).fit(warm, y)
    without, with_all = (model.predict_proba(rows)[:, 1] for rows in (missing, warm[:50]))

    # The second feature is noise: without it the probability stays much the same.
    assert np.abs(without - with_all).mean() < 0.1


def test_only_features_without_missing_values_in_training_are_filled() -> None:
    X = np.array([[1, np.nan], [2, 5], [6, 7]], np.float32)

    filled = FillMissing().fit(X).transform(np.full((1, 2), np.nan, np.float32))

    np.testing.assert_array_equal(filled, [[2, np.nan]])


def test_rows_without_missing_values_are_not_copied() -> None:
    X, _ = data()

    assert FillMissing().fit(X).transform(X) is X


def test_bagged_predicts_the_mean_probability() -> None:
    X, y = data()
    members = [LogisticRegression(C=c).fit(X, y) for c in (0.01, 1.0)]

    bagged = Bagged(members)

    each = [member.predict_proba(X) for member in members]
    np.testing.assert_allclose(bagged.predict_proba(X), np.mean(each, axis=0))
    np.testing.assert_array_equal(bagged.predict(X), np.mean(each, axis=0)[:, 1] > 0.5)
    assert bagged.n_features_in_ == 4


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param(Platt(0.5, -1.0), id="platt"),
        pytest.param(
            Isotonic(np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.1, 1.0])), id="isotonic"
        ),
    ],
)
def test_a_calibrated_model_applies_the_curve_and_keeps_the_order(
    curve: Platt | Isotonic,
) -> None:
    X, y = data()
    model = LogisticRegression().fit(X, y)

    calibrated = Calibrated(model, curve).predict_proba(X)

    raw = model.predict_proba(X)[:, 1]
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)
    np.testing.assert_allclose(calibrated[:, 1], curve(raw.astype(np.float64)))
    assert (np.diff(calibrated[np.argsort(raw), 1]) >= 0).all()


def test_chance_is_as_precise_as_prevalence() -> None:
    X, y = data(20_000)

    score = family("chance").fit(X, y).predict_proba(X)[:, 1]

    precision = y[score > 0.5].mean()
    assert precision == pytest.approx(y.mean(), abs=0.03)


def test_an_unknown_key_is_named() -> None:
    from minecover.core.errors import ConfigError

    with pytest.raises(ConfigError, match="num_trees"):
        composed(["+model.num_trees=3"]).build("model")


def test_the_mean_probability_is_the_prevalence_of_all_rows() -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(200_000, 1)).astype(np.float32)
    y = (rng.random(200_000) < 1 / (1 + np.exp(5 - 1.5 * X[:, 0]))).astype(np.int8)
    kept = (y == 1) | (rng.random(200_000) < 0.05)

    corrected = PriorCorrected(LogisticRegression(), 0.05).fit(X[kept], y[kept])

    assert corrected.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.05)


def test_with_all_negatives_there_is_nothing_to_correct() -> None:
    X, y = data()

    plain = LogisticRegression().fit(X, y).predict_proba(X)
    corrected = PriorCorrected(LogisticRegression(), 1.0).fit(X, y).predict_proba(X)

    np.testing.assert_allclose(corrected, plain, rtol=1e-6)
