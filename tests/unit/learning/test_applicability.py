"""Applicability: near the training data the model may speak, far from it it extrapolates."""

import pickle

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from minecover.core.errors import ConfigError
from minecover.learning.applicability import Applicability, DissimilarityIndex, importance
from minecover.learning.sample import Sample

# Twelve points on a line in three folds: the features are the position, and a constant.
LINE = np.column_stack([np.arange(12), np.ones(12)]).astype(np.float32)
FOLD = np.repeat([0, 1, 2], 4)


def index(weights: tuple[float, ...] = (1.0, 1.0), n_columns: int = 2) -> DissimilarityIndex:
    return DissimilarityIndex(np.array(weights), n_columns).fit(LINE, FOLD)


def test_a_training_point_is_like_the_training_data() -> None:
    assert (index().dissimilarity(LINE) == 0).all()


def test_the_index_is_a_distance_over_the_mean_distance() -> None:
    # Points 0 ... 11 lie 13/3 apart on average; 15 lies 4 from the nearest.
    far = np.array([[15, 1]], np.float32)

    assert index().dissimilarity(far).item() == pytest.approx(4 / (13 / 3), abs=1e-4)


def test_the_threshold_is_what_cross_validation_met() -> None:
    # To the nearest point of another fold: 4 3 2 1, 1 2 2 1, 1 2 3 4.
    across = np.array([4, 3, 2, 1, 1, 2, 2, 1, 1, 2, 3, 4])
    low, high = np.quantile(across, [0.25, 0.75])

    limit = min(high + 1.5 * (high - low), 4)
    assert index().threshold_ == pytest.approx(limit / (13 / 3))


def test_what_the_model_does_not_look_at_does_not_count() -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(200, 2)).astype(np.float32)
    fitted = DissimilarityIndex(np.array([1.0, 0.0]), 2).fit(X, np.arange(200) % 4)

    off = X[:5] + np.array([0, 1000], np.float32)

    assert (fitted.dissimilarity(off) == 0).all()


def test_no_importance_at_all_weighs_alike() -> None:
    np.testing.assert_array_equal(index((0.0, 0.0)).points_, index((1.0, 1.0)).points_)


def test_the_most_important_columns_are_looked_at() -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(50, 4)).astype(np.float32)

    fitted = DissimilarityIndex(np.array([0.1, 3, 0, 2]), 2).fit(X, np.arange(50) % 2)

    assert fitted.columns_.tolist() == [1, 3]


def test_an_undefined_feature_counts_as_its_mean() -> None:
    rows = np.array([[np.nan, 1], [5.5, 1]], np.float32)

    undefined, mean = index().dissimilarity(rows)

    assert undefined == mean


def test_features_undefined_in_training_bear_no_distance() -> None:
    X = np.column_stack([LINE, np.full(12, np.nan)]).astype(np.float32)

    fitted = DissimilarityIndex(np.ones(3), 3).fit(X, FOLD)

    assert (fitted.dissimilarity(X) == 0).all()


def test_no_rows_have_no_index() -> None:
    assert index().dissimilarity(LINE[:0]).shape == (0,)


def test_a_pipeline_passes_rows_on() -> None:
    assert index().transform(LINE) is LINE


def sample(n: int = 3000) -> Sample:
    """One mine in ten; the first feature tells them."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, 3)).astype(np.float32)
    y: NDArray[np.int8] = (X[:, 0] > 1.3).astype(np.int8)
    site = rng.integers(0, 4, n).astype(np.int32)
    return Sample(X, y, rng.random(n, np.float32), y == 1, y < 0, site, site, site)


def fitted(points: int = 400) -> DissimilarityIndex:
    rows = sample()
    model = LogisticRegression().fit(rows.X, rows.y)
    folds = np.array([0, 0, 1, 1], np.int8)
    return Applicability(points=points, columns=3, seed=7).fit(model, rows, folds)


def test_the_models_feature_is_the_most_important() -> None:
    rows = sample()
    model = LogisticRegression().fit(rows.X, rows.y)

    moved = importance(model, rows.X, np.random.default_rng(7))

    assert moved[0] > 5 * moved[1:].max()


def test_half_of_the_points_are_mines_as_far_as_there_are() -> None:
    kept = fitted(points=400)

    first = kept.points_[:, 0] / kept.scale_[0] + kept.mean_[0]
    assert len(first) == 400
    assert np.count_nonzero(first > 1.3) == pytest.approx(200, abs=2)


def test_ground_like_the_trainings_is_applicable_and_other_ground_is_not() -> None:
    inside = fitted()
    rng = np.random.default_rng(8)
    alike = rng.normal(size=(2000, 3)).astype(np.float32)

    assert (inside.dissimilarity(alike) <= inside.threshold_).mean() > 0.9
    assert (inside.dissimilarity(alike + 8) > inside.threshold_).all()


def test_the_same_training_gives_the_same_bytes() -> None:
    assert pickle.dumps(fitted()) == pickle.dumps(fitted())


@pytest.mark.parametrize(
    ("points", "columns"),
    [pytest.param(10, 5, id="too few points"), pytest.param(500, 0, id="no dimension")],
)
def test_an_index_of_nothing_is_refused(points: int, columns: int) -> None:
    with pytest.raises(ConfigError, match=r"Fix design\.applicability"):
        Applicability(points=points, columns=columns, seed=7)
