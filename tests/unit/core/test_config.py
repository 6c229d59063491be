"""Composition of conf/: what composes, what is committed, what is refused."""

from pathlib import Path

import pytest

from minecover.core.config import (
    PARAMS,
    Params,
    check_params,
    composed,
    load_params,
    write_params,
)
from minecover.core.errors import ConfigError

GROUPS = sorted(path for path in Path("conf").glob("*/*.yaml"))


def test_the_committed_params_are_what_conf_composes() -> None:
    check_params()


#: The three options of a label set go together.
CHIPS = ["source=chips", "source.input=chips", "sites=chips", "labels=chips"]
#: Overrides that options with mandatory values need.
NEEDS = {
    "sites=tiled": ["sites.layouts.tiles.area=[28,-2,29,-1]"],
    "sites=background": ["sites.layouts.background.area=[28,-2,29,-1]"],
    "context=files": ["context.input=layers"],
    "labels=files": ["labels.input=mines.geojson"],
    "labels=ipis": ["labels.input=visits.csv"],
    "source=product_folder": ["source.input=products"],
    "source=sentinel2_folder": ["source.input=products"],
    "source=embeddings_folder": ["source.input=embeddings"],
    **{f"{group}=chips": CHIPS for group in ("source", "sites", "labels")},
}
#: Sources of real scenes need labels of real mines.
REAL = ["labels=files", "labels.input=mines.geojson", "context=none"]


@pytest.mark.parametrize("path", GROUPS, ids=lambda path: f"{path.parent.name}={path.stem}")
def test_every_option_composes(path: Path) -> None:
    group, option = path.parent.name, path.stem
    choice = f"{group}=[{option}]" if group == "features" else f"{group}={option}"
    is_real = group == "source" and not option.startswith("simulated")

    tree = composed([choice, *NEEDS.get(choice, []), *(REAL if is_real else [])]).tree

    assert tree


def test_an_edited_params_file_is_an_error_with_the_command_to_type(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    write_params(composed(), path)
    path.write_text(path.read_text().replace("num_leaves: ", "num_leaves: 9"))

    with pytest.raises(ConfigError, match=r"model.num_leaves.*minecover params --write"):
        check_params(path)


def test_an_additional_key_is_found(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    write_params(Params({**composed().tree, "colour": "red"}), path)

    with pytest.raises(ConfigError, match="colour"):
        check_params(path)


def test_writing_then_reading_changes_nothing(tmp_path: Path) -> None:
    params = composed()

    write_params(params, tmp_path / "params.yaml")

    assert load_params(tmp_path / "params.yaml") == params


@pytest.mark.parametrize(
    ("override", "said"),
    [
        pytest.param("model.num_trees=3", "num_trees", id="unknown key"),
        pytest.param("model=oracle", "oracle", id="unknown option"),
        pytest.param("colour=red", "colour", id="unknown group"),
        pytest.param("sites=tiled", "sites.layouts.tiles.area", id="mandatory value"),
        pytest.param(
            "labels=files", r"^no value for labels\.input, .* Set it", id="of other keys too"
        ),
        pytest.param(
            "source=product_folder", r"^no value for source\.input, .* Set it", id="of a source"
        ),
    ],
)
def test_what_does_not_compose_is_named(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        composed([override])


def test_a_missing_configuration_names_the_repository_root(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="repository root"):
        composed(conf=tmp_path)


def test_a_file_with_a_missing_value_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("labels: {input: '???', reader: {polygons: '???'}}\n")

    with pytest.raises(ConfigError, match=r"no value for labels\.input, labels\.reader"):
        load_params(path)


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no key 'model\.depth'"):
        composed().value("model.depth")


def test_nothing_of_this_machine_is_committed() -> None:
    text = PARAMS.read_text()

    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text


def test_dvc_composes_the_same_values(tmp_path: Path) -> None:
    """`dvc exp run -S` writes params.yaml by Hydra's composition inside DVC."""
    from dvc.utils.hydra import compose_and_dump

    path, overrides = tmp_path / "params.yaml", ["mask=poc", "folds.n=4"]
    compose_and_dump(path, str(Path("conf").resolve()), None, "config", "", overrides)

    assert load_params(path) == composed(overrides)


@pytest.mark.parametrize("path", sorted(Path("conf/experiment").glob("*.yaml")), ids=str)
def test_an_experiment_has_every_group_of_keys_that_stages_read(path: Path) -> None:
    keys = ("sites.layouts", "sites.group_within_m", "sites.reviewed", "labels.reader")

    params = composed([f"experiment={path.stem}"])

    for key in keys:
        params.value(key)
