"""Model families: each learns, each gives the same bytes twice."""

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from minecover.config import composed
from minecover.models.prior import PriorCorrected

FAMILIES = ("boosted", "forest", "linear")


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
def test_a_family_gives_the_same_bytes_twice(name: str) -> None:
    X, y = data()

    one, two = (pickle.dumps(family(name).fit(X, y)) for _ in range(2))

    assert one == two


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_bears_undefined_features(name: str) -> None:
    X, y = data()
    X[::7, 1] = np.nan

    score = family(name).fit(X, y).predict_proba(X)

    assert np.isfinite(score).all()


def test_chance_knows_nothing() -> None:
    X, y = data(20_000)

    score = family("chance").fit(X, y).predict_proba(X)[:, 1]

    precision = y[score > 0.5].mean()
    assert precision == pytest.approx(y.mean(), abs=0.03)


def test_an_unknown_key_is_named() -> None:
    from minecover.errors import ConfigError

    with pytest.raises(ConfigError, match="num_trees"):
        composed(["+model.num_trees=3"]).build("model")


def test_the_prior_comes_back() -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(200_000, 1)).astype(np.float32)
    y = (rng.random(200_000) < 1 / (1 + np.exp(5 - 1.5 * X[:, 0]))).astype(np.int8)
    kept = (y == 1) | (rng.random(200_000) < 0.05)

    corrected = PriorCorrected(LogisticRegression(), 0.05).fit(X[kept], y[kept])

    assert corrected.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.05)


def test_nothing_left_out_needs_no_correction() -> None:
    X, y = data()

    plain = LogisticRegression().fit(X, y).predict_proba(X)
    corrected = PriorCorrected(LogisticRegression(), 1.0).fit(X, y).predict_proba(X)

    np.testing.assert_allclose(corrected, plain, rtol=1e-6)
