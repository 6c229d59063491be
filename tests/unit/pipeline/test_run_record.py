"""What a run shows in MLflow: few metrics, short names, the same parameters for all, a card."""

from pathlib import Path

import pandas as pd
import pytest

from minecover.core.config import Params, composed
from minecover.evaluation import Report
from minecover.pipeline.run_card import (
    About,
    AgainstChampion,
    direction,
    risk,
    run_card,
    score_name,
)
from minecover.pipeline.run_record import BY_FOLD, metric_name, run_metrics, run_params
from minecover.tracking.record import MAX_RUN_METRICS

CONF = Path(__file__).parents[3] / "conf"


@pytest.fixture(scope="module")
def params() -> Params:
    return composed(conf=CONF)


def interval(value: float, half: float = 0.05) -> dict[str, float]:
    return {"": value, "_low": value - half, "_high": value + half}


def report() -> Report:
    """Scores as metrics.json has them, with more limits and prevalences than a run shows."""
    flat = {
        f"{level}.{name}": 0.7
        for level in ("location", "observation")
        for name in ("average_precision", "f1", "precision", "recall")
    }
    flat |= {
        f"objects.at_{n}_false_per_100km2.mine_recall": 0.8 for n in ("2", "5", "0_5", "9")
    }
    flat |= {"objects.mine_recall": 0.82, "objects.precision": 0.91}
    flat |= {"objects.false_per_100km2": 1.6, "objects.f1_within_1_px": 0.9}
    flat |= {f"transfer.precision_at_{n}_ppm": 0.3 for n in (5500, 1000, 100)}
    flat |= {"calibration.location.ece": 0.02, "calibration.location.brier_skill": 0.6}
    flat |= {f"truth.{key}": value for key, value in flat.items()}
    tree: Report = {"count": {"sites": 200}, "prevalence": {"location": 0.005}}
    for key, value in flat.items():
        *path, last = key.split(".")
        node = tree
        for part in path:
            child = node.setdefault(part, {})
            assert isinstance(child, dict)
            node = child
        node.update({f"{last}{end}": number for end, number in interval(value).items()})
    return tree


def test_a_run_shows_few_metrics_and_the_one_that_ranks_runs_first() -> None:
    found = run_metrics(report())

    # Beside them a job logs two times, and four numbers about its process.
    assert 30 < len(found) + len(BY_FOLD) + 6 <= MAX_RUN_METRICS
    assert list(found)[:3] == ["AP", "AP low", "AP high"]
    assert found["AP truth"] == found["AP"] == 0.7
    assert found["location.f1_low"] == pytest.approx(0.65)


def test_the_columns_of_the_table_of_runs_have_names_that_fit_their_heads() -> None:
    columns = {
        "location.average_precision": "AP",
        "calibration.location.ece": "ECE",
        "objects.at_2_false_per_100km2.mine_recall": "recall at 2 false per 100 km2",
        "objects.at_0_5_false_per_100km2.mine_recall": "recall at 0.5 false per 100 km2",
        "location.f1": "location.f1",
    }

    assert {key: metric_name(key) for key in columns} == columns


def test_parameters_name_components_and_have_one_seed(params: Params) -> None:
    found = run_params(params)

    assert found["model"] == "boosted"
    assert found["aggregation"] == "Mean"
    assert found["features"] == " ".join(params.value("features"))
    assert [key for key in found if key.endswith("seed")] == ["seed"]
    assert not [key for key in found if "_target_" in key]
    assert len(found) < 40


def test_a_component_with_a_seed_of_its_own_shows_it() -> None:
    found = run_params(composed(("model.seed=8",), conf=CONF))

    assert (found["seed"], found["model.seed"]) == (7, 8)


def champion(low: float, high: float) -> AgainstChampion:
    columns = ["score", "a", "b", "difference", "difference_low", "difference_high"]
    row = ("location.average_precision", 0.6, 0.7, 0.1, low, high)
    return AgainstChampion("champion (version 3)", pd.DataFrame([row], columns=columns))


ABOUT = About("boosted", "location", "simulated", simulated=True, n_sites=200)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        pytest.param(0.05, 0.15, "▲ better", id="a gain"),
        pytest.param(-0.15, -0.05, "▼ worse", id="a loss"),
        pytest.param(-0.05, 0.15, "no clear difference", id="the interval holds zero"),
    ],
)
def test_a_card_says_in_its_first_lines_what_decides(
    low: float, high: float, word: str
) -> None:
    simulated, score, risks, *_ = run_card(ABOUT, report(), champion(low, high)).split("\n\n")

    assert simulated == "**SIMULATED data: no evidence of skill on real ground.**"
    assert score.startswith("**Average precision 0.700** [0.650, 0.750]; minus the champion")
    assert word in score
    assert risks.startswith("**Risk:** 18 of 100 mines are missed; 9 of 100 objects")


def test_a_card_of_real_data_says_nothing_of_simulation() -> None:
    real = About("boosted", "location", "stac", simulated=False, n_sites=20)

    card = run_card(real, report(), AgainstChampion("", None, "There was no champion."))

    assert "SIMULATED" not in card
    assert card.endswith("There was no champion.")
    assert "minus the" not in card


def test_less_is_better_of_errors() -> None:
    assert direction(0.1, 0.2, less_is_better=True) == -1
    assert direction(-0.2, -0.1, less_is_better=True) == 1
    assert direction(-0.1, 0.1, less_is_better=True) == 0


def test_a_risk_that_nothing_was_scored_for_is_unknown() -> None:
    assert risk({"location": {"f1": None}}) == "**Risk:** unknown, nothing was scored."


def test_every_score_of_a_card_has_a_name() -> None:
    assert score_name("objects.at_0_5_false_per_100km2.mine_recall") == (
        "mines found at 0.5 false objects per 100 km²"
    )
    assert score_name("truth.objects.at_2_false_per_100km2.mine_recall").endswith("the truth")
