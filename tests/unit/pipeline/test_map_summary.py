"""Summaries of maps: warnings first, what was mapped, the first candidates."""

import re
from pathlib import Path

import geopandas as gpd
import pytest
from drawn_pages import candidates_of

from minecover.core.language import Language
from minecover.pipeline.map_summary import MapSummary


def summary_of(found: gpd.GeoDataFrame, **changes: object) -> MapSummary:
    """Return the summary of a map of 66 km2, a tenth of it not observed."""
    facts = {
        "mapped_km2": 66.0,
        "unseen_share": 0.1,
        "no_skill": "",
        "is_simulated": False,
        "fewest_dates": 2,
    }
    return MapSummary(found, **{**facts, **changes})  # type: ignore[arg-type]


def test_a_summary_says_what_was_mapped_and_where_to_look_first() -> None:
    lines = summary_of(candidates_of(7)).lines(Language("en"), Path("map/index.html"))

    assert lines[0].startswith("Warning: The model is not applicable to 1 of 7 candidates")
    assert lines[1:3] == [
        "Mapped 66.0 km²; 10.0 % of it was not observed.",
        "Candidates: 7; new: 3, on known mines: 4.",
    ]
    assert [line.split()[0] for line in lines[3:8]] == ["1.", "2.", "3.", "4.", "5."]
    assert re.search(r"-?\d\.\d{5}, \d\d\.\d{5}: 3.24 ha, probability 0.90, known", lines[3])
    assert lines[8] == "Look at them in a browser: map/index.html"


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        pytest.param(
            {"no_skill": "no better than chance: x"}, "no better than chance", id="skill"
        ),
        pytest.param({"is_simulated": True}, "These data are simulated", id="simulated"),
        pytest.param({"fewest_dates": 3}, "2 of 2 candidates were observed", id="dates"),
    ],
)
def test_warnings_stand_first(changes: dict[str, object], warning: str) -> None:
    lines = summary_of(candidates_of(2), **changes).lines(Language("en"), None)

    assert warning in lines[0]


@pytest.mark.parametrize("code", ["en", "fr", "pt", "es"])
def test_candidates_that_the_model_is_not_applicable_to_are_counted_once(code: str) -> None:
    named = {
        "en": "training data, small models",
        "fr": "données d'apprentissage, de petits modèles",
        "pt": "dados de treino, pequenos modelos",
        "es": "datos de entrenamiento, pequeños modelos",
    }

    found = summary_of(candidates_of(7)).warnings(Language(code))

    assert [named[code] in text for text in found] == [True]
    assert re.search(r"\b1\b.*\b7\b", found[0])


def test_without_skill_the_model_is_applicable_nowhere_and_that_is_said_once() -> None:
    nowhere = candidates_of(2).assign(applicable=False)

    found = summary_of(nowhere, no_skill="no better than chance: x").warnings(Language("en"))

    assert len(found) == 1


def test_a_map_without_candidates_has_a_summary_without_warning() -> None:
    lines = summary_of(candidates_of(1)[:0]).lines(Language("fr"), None)

    assert lines[-1] == "Candidats : 0 ; nouveaux : 0, sur des mines connues : 0."
    assert len(lines) == 2
