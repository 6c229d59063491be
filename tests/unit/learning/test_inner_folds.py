"""Inner folds: groups stay whole, rounds are chosen, doubtful labels are dropped."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from minecover.core.config import composed
from minecover.core.errors import ConfigError, ModelError
from minecover.learning.inner_folds import Cleaning, EarlyStopping, TrainingRows

FAMILY = Pipeline([("classifier", LogisticRegression())])


def grouped_rows(n: int, n_groups: int = 6) -> TrainingRows:
    """Make rows whose first feature tells the mines, a tenth of the labels wrong."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, 2)).astype(np.float32)
    y = ((X[:, 0] > 1) ^ (rng.random(n) < 0.1)).astype(np.int8)
    group = rng.integers(0, n_groups, n).astype(np.int32)
    return TrainingRows(X, y, np.ones(n), group, np.zeros(n, np.bool_), 1.0)


def test_inner_folds_never_split_a_group() -> None:
    rows = grouped_rows(300)

    for fitted_on, held_out in rows.split(3):
        assert not set(rows.group[fitted_on]) & set(rows.group[held_out])


def test_more_inner_folds_than_groups_are_refused() -> None:
    with pytest.raises(ModelError, match=r"3 inner folds need .* found 2"):
        list(grouped_rows(100, n_groups=2).split(3))


@pytest.mark.parametrize(
    ("family", "rounds"),
    [
        pytest.param("boosted", "n_estimators", id="boosted"),
        pytest.param("histogram", "max_iter", id="histogram"),
    ],
)
def test_noise_stops_boosting_early(family: str, rounds: str) -> None:
    pipeline = composed([f"model={family}", f"model.{rounds}=100"]).build("model")

    with threadpool_limits(1):
        stopped = EarlyStopping(inner_folds=3, every=5).with_best_rounds(
            pipeline, grouped_rows(2000)
        )

    assert 5 <= stopped[-1].get_params()[rounds] <= 60
    assert pipeline[-1].get_params()[rounds] == 100


def test_a_family_without_rounds_is_refused() -> None:
    with pytest.raises(ConfigError, match="boosting rounds.*found LogisticRegression"):
        EarlyStopping(inner_folds=3, every=5).with_best_rounds(FAMILY, grouped_rows(100))


def test_cleaning_drops_the_negatives_that_look_like_mines() -> None:
    rows = grouped_rows(2000)

    cleaned = Cleaning(above=0.5, inner_folds=3).clean(FAMILY, rows)

    assert (cleaned.y == 1).sum() == (rows.y == 1).sum()
    before, after = (np.sort(part.X[part.y == 0, 0]) for part in (rows, cleaned))
    assert (before > 2).any()
    assert not (after > 2).any()
    np.testing.assert_array_equal(after[after < 0.5], before[before < 0.5])


def test_cleaning_keeps_what_a_reviewer_rejected() -> None:
    rows = grouped_rows(2000)

    kept = Cleaning(above=0.5, inner_folds=3).clean(FAMILY, replace(rows, reviewed=rows.y == 0))

    np.testing.assert_array_equal(kept.X, rows.X)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: Cleaning(above=1.0, inner_folds=3), id="nothing is above one"),
        pytest.param(lambda: Cleaning(above=0.8, inner_folds=1), id="one fold for cleaning"),
        pytest.param(lambda: EarlyStopping(inner_folds=1, every=5), id="one fold for stopping"),
        pytest.param(lambda: EarlyStopping(inner_folds=2, every=0), id="no evaluation"),
    ],
)
def test_impossible_settings_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match=r"Fix design\.recipe"):
        wrong()


def test_the_recipe_is_built_with_all_its_parts() -> None:
    recipe = composed(
        [
            "design.recipe.early_stopping="
            "{_target_: minecover.learning.inner_folds.EarlyStopping, "
            "inner_folds: 3, every: 10}",
            "design.recipe.cleaning="
            "{_target_: minecover.learning.inner_folds.Cleaning, above: 0.8, inner_folds: 3}",
        ]
    ).build("design.recipe")

    assert recipe.early_stopping == EarlyStopping(inner_folds=3, every=10)
    assert recipe.cleaning == Cleaning(above=0.8, inner_folds=3)
