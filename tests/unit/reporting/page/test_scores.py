"""The scores of the report: intervals, dashes, what labels are worth, what masks hide."""

import base64
import re
from dataclasses import replace

import pandas as pd
import pytest

from minecover.evaluation import Report
from minecover.features.mask_costs import Cost
from minecover.reporting.page import ScoreContent, render_scores

PNG = b"\x89PNG not really"


def hides(n: int) -> dict[str, Cost]:
    """What a mask hides: n of 200 observations of mines and of 100 of other ground."""
    return {
        "mine": Cost(
            observations=200, hidden_observations=n, locations=100, hidden_locations=n // 10
        ),
        "other": Cost(observations=100, hidden_observations=n, locations=0, hidden_locations=0),
    }


@pytest.fixture
def content() -> ScoreContent:
    scores: Report = {
        "precision": 0.79712,
        "precision_low": 0.7,
        "precision_high": 0.9,
        "recall": None,
        "average_precision_low": 0.7,
    }
    return ScoreContent(
        model={
            "is_simulated": True,
            "name": "minecover",
            "source": "simulated",
            "design": "observation",
            "mask": {"name": "strict"},
            "sha256": "ab" * 32,
            "threshold": 0.3,
            "training_rows": {"mine": 1234, "sites": 200},
        },
        metrics={
            "location": scores,
            "prevalence": {"location": 0.0055},
            "objects": {
                "mines": 352,
                "mine_recall": 0.82,
                "at_5_false_per_100km2": {"mine_recall": 0.86},
                "f1_within_2_px": 0.95,
            },
            "transfer": {"precision_at_1000_ppm": 0.42},
            "calibration": {"location": {"brier_skill": 0.59}},
            "truth": {"objects": {"mine_recall": 0.83}},
        },
        leakage={
            "passed": True,
            "n_groups": 181,
            "n_folds": 5,
            "overlapping_pairs": 0,
            "nearest_m": 6000.5,
            "position_only_lift": 1.07,
            "position_only_limit": 1.25,
        },
        mask_costs={"mask": "scl", "profiles": {"none": hides(0), "scl": hides(30)}},
        precision=pd.DataFrame(
            {"against": ["a labelled mine"], "k": [10], "precision": [0.9], "low": [0.8]}
        ).assign(high=1.0),
        checks_a_week=50,
        pictures={"A site.": PNG},
    )


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        pytest.param("all dates together", ["0.797 (0.70–0.90)", "–", "–", "–"], id="pixels"),
        pytest.param("share of the mines that is found", ["0.820", "0.830"], id="mines"),
        pytest.param(
            "share of the mines found, if 5 false objects per 100 km² are accepted",
            ["0.860", "–"],
            id="accepted false alarms",
        ),
        pytest.param("F1 of the pixels, within a tolerance of 2 px", ["0.950", "–"], id="F1"),
        pytest.param("0.1 % of the ground is mine", ["0.420", "–"], id="rarer mines"),
        pytest.param("the first 10", ["0.900 (0.80–1.00)"], id="first candidates"),
    ],
)
def test_scores_have_intervals_and_missing_ones_are_dashes(
    content: ScoreContent, name: str, cells: list[str]
) -> None:
    row = f"<tr><td>{name}</td>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"

    assert row in render_scores(content)


def test_what_each_mask_hides_is_shown(content: ScoreContent) -> None:
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", render_scores(content)))

    assert "scl (of this build) 15.0 % 30.0 % 3.0 % –" in text
    assert "none 0.0 % 0.0 % 0.0 % –" in text


def test_a_failed_leakage_audit_is_shown(content: ScoreContent) -> None:
    html = render_scores(replace(content, leakage={**content.leakage, "passed": False}))

    assert "did NOT pass" in html


def test_figures_are_part_of_the_page(content: ScoreContent) -> None:
    assert base64.b64encode(PNG).decode() in render_scores(content)


def test_without_candidates_there_is_no_table_of_the_first_ones(content: ScoreContent) -> None:
    html = render_scores(replace(content, precision=content.precision[:0]))

    assert "Share of known mines" not in html


def test_scores_of_chips_stand_in_place_of_those_of_whole_mines(content: ScoreContent) -> None:
    metrics: Report = {
        **{
            key: node
            for key, node in content.metrics.items()
            if key not in ("objects", "truth")
        },
        "look_alike": {"auc": 0.9012},
        "chip": {"auc": 0.8934, "with_mask": {"auc": 0.9451}},
    }

    html = render_scores(replace(content, metrics=metrics))

    assert "AUC, mines against ground that looks like one</td><td>0.901" in html
    assert "chips with a mask alone</td><td>0.945" in html
    assert "Whole mines" not in html
    assert "None" not in html
    assert "AUC, mines" not in render_scores(content)
