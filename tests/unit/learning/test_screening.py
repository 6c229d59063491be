"""Screening: it loses no more than it may, and what passes is predicted by all trees."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from minecover.core.errors import ConfigError
from minecover.learning.fitting import probability
from minecover.learning.models.boosted import boosted
from minecover.learning.models.compiled_trees import compile_trees, first_trees
from minecover.learning.sample import Sample
from minecover.learning.screening import Screen, Screening

FOLD = (np.arange(4000) % 2).astype(np.int8)


def sample() -> Sample:
    """Rows of which one in eight is a mine, recognisable by two of five features with noise."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(4000, 5)).astype(np.float32)
    y = (X[:, 0] + X[:, 1] + 0.3 * rng.normal(size=4000) > 1.8).astype(np.int8)
    nowhere = np.zeros(4000, np.int32)
    rejected = np.zeros(4000, bool)
    dates = np.ones(4000, np.int16)
    return Sample(X, y, X[:, 4], y == 1, rejected, nowhere, nowhere, nowhere, dates, rejected)


def models(rows: Sample) -> list[Pipeline]:
    """Fit a model on half of the rows, for both folds."""
    family = boosted(
        n_estimators=80,
        learning_rate=0.1,
        num_leaves=8,
        min_child_samples=20,
        colsample_bytree=1.0,
        seed=7,
    )
    return [family.fit(rows.X[FOLD == 1], rows.y[FOLD == 1])] * 2


@pytest.mark.parametrize("most_lost", [0.0, 0.01, 0.1])
def test_screening_loses_no_more_mines_than_it_may(most_lost: float) -> None:
    rows = sample()
    fitted = models(rows)

    rule = Screening(most_lost).choose(fitted, rows, FOLD, threshold=0.5, share=0.1)

    assert rule is not None
    whole = probability(fitted[0], rows.X)
    early = probability(first_trees(compile_trees(fitted[0]), rule.rounds), rows.X)
    weight = np.where(rows.y == 1, 1, 10)
    is_lost = (whole >= 0.5) & (early < rule.at_least)
    assert weight[is_lost].sum() / weight[whole >= 0.5].sum() == pytest.approx(rule.lost)
    assert rule.lost <= most_lost
    assert weight[early >= rule.at_least].sum() / weight.sum() == pytest.approx(rule.passed)
    assert rule.passed < 0.5


def test_rows_that_pass_are_predicted_by_all_trees() -> None:
    rows = sample()
    model = models(rows)[0]
    first = first_trees(compile_trees(model), 8)

    score = Screen(first, 0.2).probability(rows.X, model)

    early, whole = probability(first, rows.X), probability(model, rows.X)
    np.testing.assert_array_equal(score, np.where(early >= 0.2, whole, early))
    assert (early >= 0.2).any()
    assert (early < 0.2).any()


def test_a_model_without_boosted_trees_has_no_rule() -> None:
    rows = sample()
    model = LogisticRegression().fit(rows.X, rows.y)

    rule = Screening(0.001).choose([model, model], rows, FOLD, threshold=0.5, share=1.0)

    assert rule is None


def test_a_model_that_finds_no_mine_has_no_rule() -> None:
    rows = sample()

    rule = Screening(0.001).choose(models(rows), rows, FOLD, threshold=1.1, share=1.0)

    assert rule is None


def test_a_share_of_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="most_lost must be a share below 1"):
        Screening(1.0)
