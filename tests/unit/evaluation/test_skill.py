"""A model is better than chance only if its interval and its map say so."""

import numpy as np
import pytest

from minecover.evaluation import (
    Bootstrap,
    EvaluationSettings,
    ObjectRule,
    Report,
    ScoredModel,
    SitePredictions,
    Thresholds,
    compute_scores,
    find_no_skill,
    measure_no_skill,
)


def metrics(
    *,
    share: float | None = 0.02,
    average: float = 0.5,
    low: float | None = 0.4,
    precision: float | None = 0.5,
    recall: float = 0.6,
) -> Report:
    """Return the scores that are looked at; those of a good model unless told otherwise."""
    return {
        "prevalence": {"location": share},
        "location": {
            "average_precision": average,
            "average_precision_low": low,
            "average_precision_high": None if low is None else 2 * average - low,
            "precision": precision,
            "recall": recall,
        },
    }


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(metrics(), id="a good model"),
        pytest.param(metrics(average=0.03, low=0.021), id="little skill is skill"),
        pytest.param(metrics(precision=None, recall=0.0), id="a map that calls nothing mine"),
        pytest.param(metrics(precision=0.06, recall=0.6), id="ten times the labelled share"),
        pytest.param(
            metrics(share=0.1, precision=0.5, recall=1.0), id="20 % of the ground called mine"
        ),
        pytest.param(
            metrics(share=0.35, average=0.9, low=0.88, precision=0.88, recall=0.94),
            id="a label set, a third of it mine",
        ),
    ],
)
def test_a_model_with_skill_is_left_alone(found: Report) -> None:
    assert find_no_skill(found) == ""


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param(
            metrics(share=0.023, average=0.021, low=0.017),
            "the average precision is 0.021 [0.017, 0.025], and that of a random ranking 0.023",
            id="nine outlines of bare ground",
        ),
        pytest.param(
            metrics(average=0.06, low=0.018), "[0.018, 0.102]", id="the interval holds chance"
        ),
        pytest.param(
            metrics(average=0.02, low=0.02), "[0.020, 0.020]", id="a constant probability"
        ),
        pytest.param(
            metrics(share=0.35, average=0.9, low=0.88, precision=0.35, recall=1.0),
            "calls 100.0% of the ground mine, 2.9 times",
            id="a third is mine, and everything is called so",
        ),
        pytest.param(metrics(low=None), "no interval over sites", id="one site"),
        pytest.param(metrics(share=None), "no interval over sites", id="no labelled ground"),
        pytest.param(
            metrics(share=0.1, precision=0.4, recall=0.9),
            "the map calls 22.5% of the ground mine, 2.2 times the labelled 10.0%",
            id="more than 20 % of the ground",
        ),
        pytest.param(
            metrics(share=0.01, precision=0.05, recall=0.6),
            "the map calls 12.0% of the ground mine, 12.0 times the labelled 1.0%",
            id="more than ten times the labelled share",
        ),
        pytest.param(
            metrics(precision=0.0, recall=0.0),
            "nothing that the map calls mine is labelled",
            id="a map of false alarms",
        ),
    ],
)
def test_a_model_without_skill_is_told_with_its_numbers(found: Report, reason: str) -> None:
    sentence = find_no_skill(found)

    assert sentence.startswith("no better than chance: ")
    assert reason in sentence


def test_all_reasons_are_given() -> None:
    sentence = find_no_skill(metrics(low=0.01, precision=0.03, recall=0.9))

    assert "random ranking 0.020; the map calls 60.0%" in sentence


@pytest.mark.parametrize("skill", [0.0, 0.8])
def test_the_model_of_a_build_has_the_skill_that_its_metrics_have(skill: float) -> None:
    rng, bootstrap = np.random.default_rng(7), Bootstrap(replicates=50, level=0.95, seed=7)
    sites = []
    for number in range(5):
        label = (rng.random((1, 100)) < 0.1).astype(np.int8)
        p = (0.2 * rng.random((1, 100)) + skill * label).astype(np.float32)
        sites.append(SitePredictions(f"s{number}", 0, label, None, p, p[0], -1, (10, 10)))
    thresholds = Thresholds(0.5, {0: 0.5})
    model = ScoredModel(sites, {"observation": thresholds, "location": thresholds})
    rule = ObjectRule(min_area_m2=900, tolerance_m=0, f1_tolerance_px=[0], false_per_100km2=[2])

    found = measure_no_skill(model, bootstrap)

    scores = compute_scores(model, EvaluationSettings(bootstrap, rule, [0.001]))
    assert found == find_no_skill(scores)
    assert bool(found) == (skill == 0)
