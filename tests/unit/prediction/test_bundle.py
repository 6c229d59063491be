"""Model bundles: a model that was built again is used, and no other bytes are opened."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_models import write_card, write_model
from sklearn.pipeline import Pipeline

from minecover.core.errors import ModelError
from minecover.prediction.bundle import NO_MASK, ModelBundle
from minecover.prediction.region.tile_job import MapSettings, model_of

ROWS = np.array([[0.1], [0.3], [0.5]], np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a pickle, at which no model lies yet."""
    return tmp_path / "model.pkl"


def remove_key(path: Path, key: str) -> None:
    """Remove a key from the card of the pickle at a path."""
    card = path.with_suffix(".json")
    content = json.loads(card.read_text())
    del content[key]
    card.write_text(json.dumps(content))


def settings_of(path: Path) -> MapSettings:
    """Return the settings of a map with the model at a path."""
    bundle = ModelBundle.read(path)
    return MapSettings(
        model=str(path),
        card=str(bundle.card.path),
        sha256=bundle.sha256,
        card_sha256=bundle.card_sha256,
        source="",
        products="",
        services="{}",
        out="",
        is_screened=False,
        mask=json.dumps(bundle.card.value("mask")),
        other_sensors="",
        model_name="",
        source_name="",
    )


def predict(bundle: ModelBundle) -> np.ndarray:
    return np.asarray(bundle.detector().model.predict_proba(ROWS)[:, 1])


def test_a_model_that_was_built_again_at_the_same_path_is_used(path: Path) -> None:
    write_model(path, slope=2.0)
    first = predict(ModelBundle.read(path))

    write_model(path, slope=20.0)
    second = predict(ModelBundle.read(path))

    model = pickle.loads(path.read_bytes())
    np.testing.assert_array_equal(second, model.predict_proba(ROWS)[:, 1])
    assert (np.abs(second - first) > 0.1).any()


def test_a_map_uses_the_model_of_its_settings_and_refuses_any_other(path: Path) -> None:
    write_model(path, slope=2.0)
    old = settings_of(path)
    first = predict(model_of(old))

    write_model(path, slope=20.0)
    second = predict(model_of(settings_of(path)))

    assert (np.abs(second - first) > 0.1).any()
    with pytest.raises(ModelError, match=r"model\.json is no longer the card of this map's"):
        model_of(old)


def test_a_threshold_changed_in_the_card_alone_is_used(path: Path) -> None:
    write_model(path, slope=2.0, threshold=0.5)
    old, first = settings_of(path), ModelBundle.read(path).detector()

    write_card(path, threshold=0.25)
    second = ModelBundle.read(path).detector()

    assert (first.threshold, second.threshold) == (0.5, 0.25)
    with pytest.raises(ModelError, match="the card was changed"):
        model_of(old)


@pytest.mark.parametrize(
    "key",
    [
        "features",
        "feature_sets",
        "mask",
        "aggregation",
        "design",
        "threshold",
        "screen",
        "dates",
    ],
)
def test_a_missing_key_of_the_card_is_named(path: Path, key: str) -> None:
    write_model(path, slope=2.0)
    remove_key(path, key)

    with pytest.raises(ModelError, match=rf"model\.json has no '{key}'"):
        ModelBundle.read(path).detector()


def test_a_card_without_digest_is_refused(path: Path) -> None:
    write_model(path, slope=2.0)
    remove_key(path, "sha256")

    with pytest.raises(ModelError, match=r"model\.json has no 'sha256'"):
        ModelBundle.read(path)


def test_a_model_is_opened_once(path: Path) -> None:
    write_model(path, slope=2.0)

    first, second = ModelBundle.read(path), ModelBundle.read(path)

    assert first == second
    assert first.detector() is second.detector()
    assert first.pipeline() is second.pipeline()


class Payload:
    """An object that creates a file when it is unpickled."""

    def __init__(self, created: Path) -> None:
        self.created = created

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.created,)


def test_a_pickle_with_another_digest_is_not_opened(path: Path, tmp_path: Path) -> None:
    write_model(path, slope=3.0)
    created = tmp_path / "opened"
    path.write_bytes(pickle.dumps(Payload(created)))

    with pytest.raises(ModelError, match="is not what was recorded"):
        ModelBundle.read(path).detector()

    assert not created.exists()


def test_a_worker_maps_without_a_mask_where_that_was_asked_for(path: Path) -> None:
    write_model(path, slope=2.0, mask={**NO_MASK, "name": "strict", "rejects": ["cloud"]})
    bundle = ModelBundle.find(str(path), is_masked=False)
    settings = replace(
        settings_of(path), card_sha256=bundle.card_sha256, mask=json.dumps(NO_MASK)
    )

    assert model_of(settings).card.value("mask")["name"] == "none"
    assert bundle != ModelBundle.read(path)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(
            {"_target_": "minecover.features.bands.Bands", "bands": True}, id="no list of bands"
        ),
        pytest.param({"_target_": "builtins.list"}, id="no feature set"),
    ],
)
def test_feature_sets_that_name_no_column_are_refused(
    path: Path, one: dict[str, object]
) -> None:
    write_model(path, slope=31.0, feature_sets={"bands": one})

    with pytest.raises(
        ModelError, match=r"model\.json is damaged, or was edited: feature_sets"
    ):
        ModelBundle.read(path).detector()


@pytest.mark.parametrize("step", ["applicability", "disagreement"])
def test_a_model_of_an_earlier_version_is_answered_with_a_sentence(
    path: Path, step: str
) -> None:
    write_model(path, slope=2.0)
    model = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps(Pipeline([one for one in model.steps if one[0] != step])))
    write_card(path)

    with pytest.raises(ModelError, match=rf"no step {step}: .* earlier version of minecover"):
        ModelBundle.read(path).detector()


def test_a_model_without_skill_is_applicable_nowhere_and_says_why(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reason = "no better than chance: the average precision has no interval"
    write_model(path, slope=2.0, no_skill=reason)

    bundle = ModelBundle.find(str(path))

    assert bundle.detector().unknown.is_everywhere
    assert caplog.messages == [
        f"model.pkl is {reason}; its maps say that it is applicable nowhere"
    ]


def test_another_sensor_makes_another_bundle(path: Path) -> None:
    write_model(path, slope=2.0)
    bundle = ModelBundle.read(path)

    other = bundle.of_sensors("MSI (sentinel-2a)")

    assert bundle.of_sensors("") is bundle
    assert other.card_sha256 != bundle.card_sha256
    assert [one.detector().unknown.is_everywhere for one in (bundle, other)] == [False, True]


@pytest.mark.parametrize("folder", ["/", "."])
def test_a_folder_in_place_of_a_model_is_named(folder: str) -> None:
    with pytest.raises(ModelError, match="is a folder, not a model"):
        ModelBundle.find(folder)


def test_a_registered_model_without_its_prefix_is_named() -> None:
    with pytest.raises(ModelError, match=r"minecover@champion is no model.*such as models:/"):
        ModelBundle.find("minecover@champion")
