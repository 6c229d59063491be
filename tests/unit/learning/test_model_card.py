"""The model card: a value that no card has is refused when it is read."""

import json
from pathlib import Path
from typing import Any

import pytest
from drawn_models import write_model

from minecover.core.errors import ModelError
from minecover.learning.model_card import ModelCard


@pytest.fixture
def card(tmp_path: Path) -> Path:
    write_model(tmp_path / "model.pkl", slope=2.0)
    return tmp_path / "model.json"


def change(card: Path, key: str, value: object) -> None:
    content: dict[str, Any] = json.loads(card.read_text())
    card.write_text(json.dumps({**content, key: value}))


def test_a_card_as_it_was_written_is_read(card: Path) -> None:
    assert ModelCard.read(card).level == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("threshold", 1.5),
        ("threshold", True),
        ("threshold", None),
        ("threshold", float("nan")),
        ("features", []),
        ("features", "red"),
        ("features", [1]),
        ("bands", None),
        ("level", 3),
        ("level", True),
        ("halo_px", -1),
        ("halo_px", 0.5),
        ("design", "pixel"),
        ("feature_sets", {}),
        ("feature_sets", {"bands": None}),
        ("mask", {"name": "none"}),
        ("aggregation", []),
        ("context", None),
        ("dates", {"min": 1}),
        ("screen", "2019"),
        ("screen", {"rounds": 2}),
    ],
)
def test_a_value_that_no_card_has_is_named(card: Path, key: str, value: object) -> None:
    change(card, key, value)

    with pytest.raises(ModelError, match=rf"model\.json is damaged, or was edited: {key} must"):
        ModelCard.read(card)
