"""Which configuration is meant by a source, labels, an experiment and overrides."""

import shutil
from pathlib import Path

import pytest
from drawn_models import write_model
from products import DrawnProduct

from minecover.core.errors import ConfigError, LabelError, ModelError, SceneError
from minecover.learning.model_card import ModelCard
from minecover.pipeline.external.asked import Asked

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    """Card of a model of Landsat 8 and 9, with pixels of 30 m."""
    write_model(tmp_path / "model.pkl", slope=2.0)
    return ModelCard.read(tmp_path / "model.json")


def asked(*overrides: str, **options: str | None) -> Asked:
    fields = {"source": None, "labels": None, "experiment": None, **options}
    return Asked(**fields, overrides=overrides)


def test_another_world_of_the_simulation(card: ModelCard) -> None:
    params = asked("world.seed=8", source="simulated").compose(card)

    assert params.value("world.seed") == 8
    assert params.value("labels.reader._target_").endswith("SimulatedLabels")
    assert params.value("lattice.pixel_m") == 30


def test_a_landsat_model_is_tried_on_sentinel_2_at_its_own_pixels(card: ModelCard) -> None:
    params = asked(source="simulated_sentinel2").compose(card)

    lattice = params.value("lattice")
    assert (lattice["family"], lattice["pixel_m"]) == ("sentinel_2", 30)
    assert params.value("labels.reader._target_").endswith("SimulatedLabels")
    assert params.value("source.platforms") == ["sentinel-2a", "sentinel-2b"]


def test_a_folder_of_products_with_a_file_of_outlines(card: ModelCard, tmp_path: Path) -> None:
    folder, outlines = tmp_path / "LC08", tmp_path / "mines.geojson"
    DrawnProduct().put(folder, B4=12_000, QA_PIXEL=21824, QA_RADSAT=0)
    outlines.write_text("{}")

    params = asked(source=str(folder), labels=str(outlines)).compose(card)

    assert params.value("source.scenes.folder") == str(folder)
    assert params.value("source.level") == 1
    assert params.value("source.bands") == ["red"]
    assert params.value("labels.reader.polygons") == str(outlines)
    assert params.value("sites.layouts.mines.around") == "mine"


def test_chips_belong_together(card: ModelCard, tmp_path: Path) -> None:
    params = asked(f"source.input={tmp_path}", source="chips").compose(card)

    assert params.value("labels.reader._target_").endswith("ChipLabels")
    assert list(params.value("sites.layouts")) == ["chips"]


@pytest.mark.parametrize("word", ["experiment=brumadinho", "+experiment=brumadinho"])
def test_an_experiment_is_chosen_by_option_or_by_override(
    card: ModelCard, word: str, tmp_path: Path
) -> None:
    real_data = f"paths.real_data={tmp_path}"

    by_option = asked(real_data, experiment="brumadinho").compose(card)
    by_override = asked(word, real_data).compose(card)

    assert by_option.tree == by_override.tree
    assert by_option.value("source.name") == "brumadinho"


def test_what_is_built_here_says_nothing_about_a_source(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    (tmp_path / "conf/chosen.yaml").write_text("defaults:\n- experiment: amazon\n")
    monkeypatch.chdir(tmp_path)

    params = asked(source="simulated").compose(card)

    assert params.value("source.name") == "simulated"
    assert params.value("labels.remark") is None
    by_override = asked("experiment=brumadinho", source="product_folder").compose(card)
    assert by_override.value("source.name") == "brumadinho"


def test_overrides_come_last(card: ModelCard, tmp_path: Path) -> None:
    params = asked(
        "sites=tiled", "sites.layouts.tiles.area=[28,-2,29,-1]", source="simulated"
    ).compose(card)

    assert list(params.value("sites.layouts")) == ["tiles"]


def test_nothing_that_names_the_ground_is_refused(card: ModelCard) -> None:
    with pytest.raises(ConfigError, match=r"nothing says which ground .* --source"):
        asked().compose(card)


def test_products_without_labels_are_refused(card: ModelCard, tmp_path: Path) -> None:
    folder = tmp_path / "LC08"
    DrawnProduct().put(folder, B4=12_000, QA_PIXEL=21824, QA_RADSAT=0)

    with pytest.raises(LabelError, match=r"nothing says where the mines of .* --labels"):
        asked(source=str(folder)).compose(card)


def test_labels_that_are_not_there_are_refused(card: ModelCard) -> None:
    with pytest.raises(LabelError, match=r"no file mine\.gpkg, and no option .* chips"):
        asked(source="simulated", labels="mine.gpkg").compose(card)


def test_a_source_that_is_not_there_is_refused(card: ModelCard) -> None:
    with pytest.raises(SceneError, match=r"there is no folder LC80, and no option"):
        asked(source="LC80").compose(card)


def test_what_was_asked_can_be_typed_again() -> None:
    words = asked("world.seed=8", source="simulated", labels=None).text()

    assert words == "--source simulated 'world.seed=8'"


@pytest.mark.parametrize("source", ["simulated", "LC08"])
def test_outside_of_a_checkout_the_missing_configuration_is_named(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    DrawnProduct().put(tmp_path / "LC08", B4=12_000, QA_PIXEL=21824, QA_RADSAT=0)
    (tmp_path / "mines.geojson").write_text("{}")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=r"no configuration at conf/config\.yaml.*root"):
        asked(source=source, labels="mines.geojson").compose(card)


def test_a_source_without_the_pixels_of_the_model_is_refused(tmp_path: Path) -> None:
    lattice = {
        "_target_": "minecover.core.lattice.Lattice",
        "family": "sentinel_2",
        "pixel_m": 10,
    }
    write_model(tmp_path / "model.pkl", slope=2.0, lattice=lattice)
    fine = ModelCard.read(tmp_path / "model.json")

    with pytest.raises(ModelError, match=r"of 10 m, which scenes of landsat do not have"):
        asked(source="simulated").compose(fine)
