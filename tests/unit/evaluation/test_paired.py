"""Differences between two models on the same sites, with the same draws for both."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from minecover.core.errors import ModelError
from minecover.evaluation import (
    Bootstrap,
    EvaluationSettings,
    ObjectRule,
    ScoredModel,
    SitePredictions,
    Thresholds,
    compute_scores,
    get_score,
    paired_differences,
)

SETTINGS = EvaluationSettings(
    bootstrap=Bootstrap(replicates=100, level=0.95, seed=7),
    objects=ObjectRule(
        min_area_m2=900, tolerance_m=0, f1_tolerance_px=[0], false_per_100km2=[2]
    ),
    prevalences=[0.001],
)


def scored_model(skill: float, *, n_dates: int = 2) -> ScoredModel:
    """Six sites of different difficulty, scored by a model of some skill."""
    random = np.random.default_rng(7)
    sites = [_site(random, index, skill, n_dates) for index in range(6)]
    thresholds = Thresholds(0.5, {0: 0.5, 1: 0.5})
    return ScoredModel(sites, {"observation": thresholds, "location": thresholds})


def _site(
    random: np.random.Generator, index: int, skill: float, n_dates: int
) -> SitePredictions:
    label = (random.random(100) < 0.1).astype(np.int8)
    noise = random.random(100) * 0.2 * (1 + index)
    probability = np.clip(noise + skill * label, 0, 1).astype(np.float32)
    dated = np.tile(label, (n_dates, 1))
    by_date = np.tile(probability, (n_dates, 1))
    return SitePredictions(
        f"s{index}", index % 2, dated, dated, by_date, probability, -1, (10, 10)
    )


def row(table: pd.DataFrame, score: str) -> pd.Series:
    return table.set_index("score").loc[score]


def test_a_model_does_not_differ_from_itself() -> None:
    table = paired_differences(scored_model(0.4), scored_model(0.4), SETTINGS)

    assert (table["difference"].dropna() == 0).all()
    assert (table["difference_low"].dropna() == 0).all()


def test_the_difference_is_that_of_the_reported_scores() -> None:
    a, b = scored_model(0.3), scored_model(0.5)

    gain = row(paired_differences(a, b, SETTINGS), "location.f1")

    of_a, of_b = (get_score(compute_scores(model, SETTINGS), "location.f1") for model in (a, b))
    assert gain["a"] == of_a
    assert gain["b"] == of_b
    assert gain["difference"] == pytest.approx(of_b - of_a, abs=2e-6)
    assert gain["difference_low"] <= gain["difference"] <= gain["difference_high"]


@pytest.mark.parametrize(
    "score",
    [
        "observation.average_precision",
        "common_support.observation.f1",
        "calibration.location.ece",
        "objects.mine_recall",
        "objects.at_2_false_per_100km2.mine_recall",
        "transfer.precision_at_1000_ppm",
        "truth.objects.false_per_100km2",
    ],
)
def test_every_score_is_compared(score: str) -> None:
    assert score in set(
        paired_differences(scored_model(0.3), scored_model(0.5), SETTINGS)["score"]
    )


def test_pairing_narrows_the_interval() -> None:
    """The sites differ much, the two models little on each of them."""
    a, b = scored_model(0.40), scored_model(0.42)

    gain = row(paired_differences(a, b, SETTINGS), "location.average_precision")

    alone = compute_scores(b, SETTINGS)
    width = get_score(alone, "location.average_precision_high") - get_score(
        alone, "location.average_precision_low"
    )
    assert gain["difference_high"] - gain["difference_low"] < width / 2


def test_the_order_of_the_sites_does_not_matter() -> None:
    a, b = scored_model(0.3), scored_model(0.5)
    turned = replace(b, sites=list(reversed(b.sites)))

    pd.testing.assert_frame_equal(
        paired_differences(a, turned, SETTINGS), paired_differences(a, b, SETTINGS)
    )


def test_designs_with_other_dates_are_compared_on_their_locations() -> None:
    table = paired_differences(scored_model(0.3), scored_model(0.3, n_dates=1), SETTINGS)

    assert not table["score"].str.contains("observation").any()
    assert row(table, "location.f1")["difference"] == 0


def test_other_sites_are_refused() -> None:
    a, b = scored_model(0.3), scored_model(0.5)

    with pytest.raises(ModelError, match="found 1 sites that differ: s5"):
        paired_differences(a, replace(b, sites=b.sites[:5]), SETTINGS)


def test_other_labels_are_refused() -> None:
    a, b = scored_model(0.3), scored_model(0.5)
    relabelled = [replace(b.sites[0], label=1 - b.sites[0].label), *b.sites[1:]]

    with pytest.raises(ModelError, match="found 1 sites that differ: s0"):
        paired_differences(a, replace(b, sites=relabelled), SETTINGS)
