"""Applicability: the model extrapolates far from its training data."""

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
    return DissimilarityIndex(np.array(weights), n_columns).fit(LINE, fold=FOLD)


def test_the_index_of_a_training_point_is_zero() -> None:
    assert (index().dissimilarity(LINE) == 0).all()


def test_the_index_is_a_distance_over_the_mean_distance() -> None:
    # Points 0 ... 11 lie 13/3 apart on average; 15 lies 4 from the nearest.
    far = np.array([[15, 1]], np.float32)

    assert index().dissimilarity(far).item() == pytest.approx(4 / (13 / 3), abs=1e-4)


def test_the_threshold_is_the_largest_index_across_folds() -> None:
    # To the nearest point of another fold: 4 3 2 1, 1 2 2 1, 1 2 3 4.
    across = np.array([4, 3, 2, 1, 1, 2, 2, 1, 1, 2, 3, 4])
    low, high = np.quantile(across, [0.25, 0.75])

    limit = min(high + 1.5 * (high - low), 4)
    assert index().threshold_ == pytest.approx(limit / (13 / 3))


def test_without_folds_each_point_is_a_fold_of_its_own() -> None:
    alone = DissimilarityIndex().fit(LINE)

    leave_one_out = DissimilarityIndex().fit(LINE, fold=np.arange(12))
    assert alone.threshold_ == leave_one_out.threshold_ == pytest.approx(1 / (13 / 3))


@pytest.mark.parametrize(
    "fold",
    [
        pytest.param(np.zeros(12, int), id="one fold"),
        pytest.param(np.arange(11), id="one point without a fold"),
    ],
)
def test_folds_that_do_not_fit_to_the_points_are_refused(fold: NDArray[np.int_]) -> None:
    with pytest.raises(ValueError, match="fold must be 12 numbers"):
        DissimilarityIndex().fit(LINE, fold=fold)


@pytest.mark.parametrize(
    "weights",
    [
        pytest.param(np.ones(3), id="one too many"),
        pytest.param(np.array([1.0, -1.0]), id="a negative one"),
    ],
)
def test_weights_that_do_not_fit_to_the_features_are_refused(
    weights: NDArray[np.float64],
) -> None:
    with pytest.raises(ValueError, match="weights must be 2 numbers"):
        DissimilarityIndex(weights).fit(LINE, fold=FOLD)


def test_features_without_importance_do_not_count() -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(200, 2)).astype(np.float32)
    fitted = DissimilarityIndex(np.array([1.0, 0.0]), 2).fit(X, fold=np.arange(200) % 4)

    off = X[:5] + np.array([0, 1000], np.float32)

    assert (fitted.dissimilarity(off) == 0).all()


def test_without_any_importance_all_features_weigh_alike() -> None:
    np.testing.assert_array_equal(index((0.0, 0.0)).points_, index((1.0, 1.0)).points_)


def test_the_most_important_columns_are_used() -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(50, 4)).astype(np.float32)

    fitted = DissimilarityIndex(np.array([0.1, 3, 0, 2]), 2).fit(X, fold=np.arange(50) % 2)

    assert fitted.columns_.tolist() == [1, 3]


def test_a_missing_value_counts_as_the_mean() -> None:
    rows = np.array([[np.nan, 1], [5.5, 1]], np.float32)

    missing, mean = index().dissimilarity(rows)

    assert missing == mean


def test_features_missing_in_training_add_no_distance() -> None:
    X = np.column_stack([LINE, np.full(12, np.nan)]).astype(np.float32)

    fitted = DissimilarityIndex(np.ones(3), 3).fit(X, fold=FOLD)

    assert (fitted.dissimilarity(X) == 0).all()


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_is_far_away(value: float) -> None:
    fitted = index()

    (far,) = fitted.dissimilarity(np.array([[value, 1]], np.float32))

    assert fitted.threshold_ < far < np.inf


def test_no_rows_have_an_empty_index() -> None:
    assert index().dissimilarity(LINE[:0]).shape == (0,)


def test_transform_returns_the_rows_unchanged() -> None:
    assert index().transform(LINE) is LINE


def sample(n: int = 3000) -> Sample:
    """Rows of which one in ten is a mine, recognisable by the first feature."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, 3)).astype(np.float32)
    y: NDArray[np.int8] = (X[:, 0] > 1.3).astype(np.int8)
    site = rng.integers(0, 4, n).astype(np.int32)
    draw, never = rng.random(n, np.float32), y < 0
    dates = site.astype(np.int16)
    return Sample(X, y, draw, y == 1, never, site, site, site, dates, never)


def fitted(points: int = 400) -> DissimilarityIndex:
    rows = sample()
    model = LogisticRegression().fit(rows.X, rows.y)
    folds = np.array([0, 0, 1, 1], np.int8)
    return Applicability(points=points, columns=3, seed=7).fit(model, rows, folds)


def test_the_feature_that_the_model_uses_is_the_most_important() -> None:
    rows = sample()
    model = LogisticRegression().fit(rows.X, rows.y)

    moved = importance(model, rows.X, np.random.default_rng(7))

    assert moved[0] > 5 * moved[1:].max()


def test_half_of_the_points_are_mines() -> None:
    index = fitted(points=400)

    first = index.points_[:, 0] / index.scale_[0] + index.mean_[0]
    assert len(first) == 400
    assert np.count_nonzero(first > 1.3) == pytest.approx(200, abs=2)


def test_the_model_is_applicable_to_ground_like_the_training_ground_alone() -> None:
    inside = fitted()
    rng = np.random.default_rng(8)
    similar = rng.normal(size=(2000, 3)).astype(np.float32)

    assert (inside.dissimilarity(similar) <= inside.threshold_).mean() > 0.9
    assert (inside.dissimilarity(similar + 8) > inside.threshold_).all()


def test_fitting_twice_makes_the_same_bytes() -> None:
    assert pickle.dumps(fitted()) == pickle.dumps(fitted())


@pytest.mark.parametrize(
    ("points", "columns"),
    [pytest.param(10, 5, id="too few points"), pytest.param(500, 0, id="no dimension")],
)
def test_too_few_points_or_columns_are_refused(points: int, columns: int) -> None:
    with pytest.raises(ConfigError, match=r"Fix design\.applicability"):
        Applicability(points=points, columns=columns, seed=7)
