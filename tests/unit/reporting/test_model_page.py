"""The model card states the data, the scores and the limits of the model."""

import pytest

from minecover.evaluation import Report
from minecover.reporting.model_page import model_page

MODEL: dict[str, object] = {
    "name": "minecover",
    "source": "simulated",
    "is_simulated": True,
    "level": 1,
    "platforms": ["landsat-8", "landsat-9"],
    "lattice": {"family": "landsat", "pixel_m": 30},
    "bands": ["red", "nir08"],
    "design": "location",
    "feature_sets": {"spectral": {}},
    "features": ["ndvi", "bsi", "water"],
    "n_features": {"spectral": 2, "context": 1},
    "row": "one place",
    "observation_threshold": 0.27,
    "example": {"rows": [[0.1, 0.4, 5.0], [0.7, -0.2, None]], "probability": [0.9134, 0.0021]},
    "mask": {"name": "strict"},
    "model": {"_target_": "minecover.learning.models.forest.forest", "max_depth": 35},
    "calibration": "platt",
    "threshold": 0.26942,
    "dissimilarity_threshold": 0.42,
    "kept_negatives": 0.0791,
    "dates": {"min": 1, "median": 4.0, "max": 7, "share_with_one": 0.254, "fewest": 1},
    "training_rows": {"mine": 618, "sites": 12},
    "sha256": "ab" * 32,
}
METRICS: Report = {
    "count": {"sites": 12, "locations": 120000},
    "prevalence": {"location": 0.0052},
    "coverage": {"location": 0.98},
    "location": {
        "precision": 0.5,
        "precision_low": 0.26,
        "precision_high": 0.69,
        "average_precision_low": 0.2,
    },
    "objects": {"mine_recall": 0.84, "mine_recall_low": 0.68, "mine_recall_high": 1.0},
}
LEAKAGE: dict[str, object] = {
    "passed": True,
    "failed": [],
    "position_only_lift": 1.03,
    "site_only_lift": 1.0,
    "random_minus_grouped": 0.062,
}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("12 sites, 120000 locations, 0.52% of them mine", id="data"),
        pytest.param("| all dates together | 0.500 (0.26–0.69) | – |", id="scores"),
        pytest.param("each 30 m pixel of scenes of landsat-8, landsat-9", id="pixels"),
        pytest.param("* mines found: 0.840 (0.68–1.00)", id="mines"),
        pytest.param("`minecover.learning.models.forest.forest`, max_depth 35", id="family"),
        pytest.param("what clouds hid is *not observed*, never *no mine*", id="limits"),
        pytest.param("| features | 3: 2 spectral, 1 context |", id="features"),
        pytest.param("--model models:/minecover@champion", id="how to load"),
        pytest.param(
            "prints, for a training row of a mine and one of other ground,      [0.9134 "
            "0.0021]",
            id="example",
        ),
        pytest.param("A row is one place; the columns are the 3 `features`", id="row"),
        pytest.param("gives 1 from a probability of 0.270 on", id="class"),
        pytest.param(
            "| dates of a location | 1 to 7, median 4; 25.40% of the rows had one |", id="dates"
        ),
        pytest.param("position scores 1.03 times chance", id="leaks"),
    ],
)
def test_the_card_states(line: str) -> None:
    assert line in " ".join(model_page(MODEL, METRICS, LEAKAGE).split("\n"))


@pytest.mark.parametrize("simulated", [True, False])
def test_the_card_says_simulated_where_the_data_are(simulated: bool) -> None:
    card = model_page({**MODEL, "is_simulated": simulated}, METRICS, LEAKAGE)

    assert ("Trained and scored on SIMULATED data" in card) is simulated


@pytest.mark.parametrize(
    ("prevalence", "title"),
    [
        pytest.param(0.0052, "# minecover: model card", id="skill"),
        pytest.param(0.2, "# minecover: model card: no better than chance", id="no skill"),
    ],
)
def test_the_first_line_says_whether_the_model_has_skill(prevalence: float, title: str) -> None:
    metrics: Report = {**METRICS, "prevalence": {"location": prevalence}}

    assert model_page(MODEL, metrics, LEAKAGE).splitlines()[0] == title


def test_a_failed_leakage_audit_is_shown() -> None:
    failed = {**LEAKAGE, "passed": False, "failed": ["position_only"]}

    assert "FAILED in position_only" in model_page(MODEL, METRICS, failed)


def test_the_card_says_what_the_labels_are_worth() -> None:
    metrics: Report = {**METRICS, "chip": {"auc": 0.893}}

    card = model_page({**MODEL, "remark": "Made by a rule."}, metrics, LEAKAGE)

    assert "**Made by a rule.**" in card
    assert "* AUC, chips with a mine against chips without: 0.893" in card
    assert "AUC" not in model_page(MODEL, METRICS, LEAKAGE)
