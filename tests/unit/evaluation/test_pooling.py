"""Pooling: which share of a site's locations tells it best, chosen on other folds alone."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from minecover.evaluation.pooling import (
    CHIP_POOLING,
    best_pooling,
    pooled,
    pooled_scores,
    pooling_by_fold,
    scores_by_fold,
)

NAN = np.float32(np.nan)


def test_the_mean_of_the_highest_locations() -> None:
    p = np.array([0.0, 0.2, 0.6, 0.8, np.nan], np.float32)

    assert pooled(p, 0.0) == pytest.approx(0.8)
    assert pooled(p, 0.5) == pytest.approx(0.7)
    assert pooled(p, 1.0) == pytest.approx(0.4)
    assert np.isnan(pooled(p[-1:], 1.0))


def spotted(seed: int, *, n_spots: int, fold: int) -> list[np.ndarray]:
    """Ten sites of 100 locations: in every second one some locations stand out.

    In the others a single location is higher still.
    """
    rng = np.random.default_rng([seed, fold])
    sites = [rng.random(100).astype(np.float32) * 0.3 for _ in range(10)]
    for index, site in enumerate(sites):
        spots = rng.choice(100, n_spots if index % 2 else 1, replace=False)
        site[spots] = 0.8 if index % 2 else 0.9
    return sites


LABEL = np.arange(10) % 2


def test_the_pooling_that_tells_sites_best_is_chosen() -> None:
    ten, all_of = (pooled_scores(spotted(1, n_spots=n, fold=0)) for n in (10, 1))

    assert best_pooling(ten, LABEL) in ("highest_3_percent", "highest_10_percent")
    # One spot a site: the highest location tells them apart, though upside down.
    assert roc_auc_score(LABEL, all_of["highest"]) == 0
    assert best_pooling(all_of, LABEL) != "highest"


def test_without_sites_of_both_kinds_the_usual_one_is_chosen() -> None:
    scores = pooled_scores(spotted(1, n_spots=10, fold=0))

    assert best_pooling(scores, np.ones(10, np.int64)) == CHIP_POOLING


@pytest.mark.parametrize("only", [0, 1])
def test_one_site_of_a_kind_gives_all_folds_the_usual_pooling(only: int) -> None:
    sites = [site for fold in range(3) for site in spotted(1, n_spots=10, fold=fold)]
    scores, fold = pooled_scores(sites), np.repeat(np.arange(3), 10)
    label = np.full(30, 1 - only)
    label[4] = only

    chosen = pooling_by_fold(scores, label, fold)

    assert chosen == dict.fromkeys(range(3), CHIP_POOLING)
    found = scores_by_fold(scores, label, fold, chosen)
    np.testing.assert_array_equal(found, scores[CHIP_POOLING].astype(np.float64))


def test_the_labels_of_a_fold_do_not_choose_its_pooling() -> None:
    sites = [site for fold in range(3) for site in spotted(1, n_spots=10, fold=fold)]
    scores, fold = pooled_scores(sites), np.repeat(np.arange(3), 10)
    label = np.tile(LABEL, 3)
    upside_down = np.where(fold == 1, 1 - label, label)

    honest, changed = (pooling_by_fold(scores, one, fold) for one in (label, upside_down))

    assert honest[1] == changed[1]
    found = scores_by_fold(scores, label, fold, honest)
    same = scores_by_fold(scores, upside_down, fold, honest)
    np.testing.assert_array_equal(found[fold == 1], same[fold == 1])


def test_scores_of_two_poolings_are_put_on_one_scale() -> None:
    sites = [site for fold in range(3) for site in spotted(1, n_spots=10, fold=fold)]
    sites[0] = np.full(100, NAN)
    scores, fold = pooled_scores(sites), np.repeat(np.arange(3), 10)
    label = np.tile(LABEL, 3)

    found = scores_by_fold(
        scores, label, fold, {0: "mean", 1: "highest_10_percent", 2: "highest_10_percent"}
    )

    assert np.isnan(found[0])
    seen = ~np.isnan(found)
    # Means lie near 0.15, means of the highest tenth near 0.8: as they are they mix.
    raw = np.where(fold == 0, scores["mean"], scores["highest_10_percent"])
    assert roc_auc_score(label[seen], raw[seen]) < 0.95
    assert roc_auc_score(label[seen], found[seen]) == 1.0


def test_one_pooling_for_all_folds_is_taken_as_it_is() -> None:
    scores = pooled_scores(spotted(1, n_spots=10, fold=0))
    fold = np.repeat([0, 1], 5)

    found = scores_by_fold(scores, LABEL, fold, {0: "mean", 1: "mean"})

    np.testing.assert_array_equal(found, scores["mean"].astype(np.float64))
