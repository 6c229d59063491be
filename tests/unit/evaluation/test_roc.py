"""Rates over all thresholds are those of scikit-learn, in each draw of the sites."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from minecover.evaluation.roc import (
    cut_at_false_share,
    recall_at_false_share,
    weighted_auc,
)

DRAWS = np.array([[1, 1, 1, 1, 1], [0, 3, 1, 0, 1]], np.float64)


def drawn(seed: int) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]:
    """Scores with many ties on five sites."""
    rng = np.random.default_rng(seed)
    score = (rng.integers(0, 12, 300) / 12).astype(np.float32)
    return score, rng.random(300) < score * 0.8 + 0.1, rng.integers(0, 5, 300)


@pytest.mark.parametrize("seed", range(5))
def test_the_area_under_the_curve_is_scikit_learns(seed: int) -> None:
    score, positive, site = drawn(seed)

    found = weighted_auc(score, positive, site, DRAWS)

    expected = [roc_auc_score(positive, score, sample_weight=draw[site]) for draw in DRAWS]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_draw_without_one_of_the_two_has_no_area_and_no_recall() -> None:
    score, site = np.array([0.2, 0.7], np.float32), np.array([0, 1])
    positive, draws = np.array([False, True]), np.array([[1.0, 1], [2, 0]])

    for found in (
        weighted_auc(score, positive, site, draws),
        recall_at_false_share(score, positive, site, draws, most_false=0.05),
    ):
        assert found[0] == 1
        assert np.isnan(found[1])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most_false", [0.0, 0.05, 0.3])
def test_recall_is_the_highest_on_the_curve_of_scikit_learn(
    seed: int, most_false: float
) -> None:
    score, positive, site = drawn(seed)

    found = recall_at_false_share(score, positive, site, DRAWS, most_false=most_false)

    for draw, recall in zip(DRAWS, found, strict=True):
        false, true, _ = roc_curve(
            positive, score, sample_weight=draw[site], drop_intermediate=False
        )
        assert recall == pytest.approx(true[false <= most_false + 1e-12].max())


def test_the_cut_lets_no_more_than_the_share_through() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5], np.float32)
    positive = np.array([True, False, True, False, False])

    assert cut_at_false_share(score, positive, most_false=0.34) == pytest.approx(0.7)
    assert cut_at_false_share(score, positive, most_false=0.0) == pytest.approx(0.9)
    assert cut_at_false_share(score[1:], positive[1:], most_false=0.0) == np.inf
