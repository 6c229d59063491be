"""Overrides as people type them: paths with signs, and keys that are nearly right."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minecover.core.composition import parses
from minecover.core.config import composed
from minecover.core.errors import ConfigError
from minecover.core.overrides import option_keys, quoted

FILES = ("labels=files", "source=product_folder", "source.input=x", "context=none")


def read_back(path: str) -> object:
    """Compose a path of labels, and return what arrives."""
    return composed([*FILES, "sites=centred", f"labels.input={path}"]).value("labels.input")


@pytest.mark.parametrize(
    "path",
    [
        "données.gpkg",
        "André (2019), mines.gpkg",
        "mines_v2#final.gpkg",
        "~/mines.gpkg",
        "a=b/mines.gpkg",
        "[old] mines.gpkg",
        '{x} & $HOME; l\'or "2".gpkg',
        "C:\\mines\\",
        "2019",
        "true",
        "1e3",
        "东/mines(1).gpkg",
        'said "so".gpkg',
        "it's\\'.gpkg",
    ],
)
def test_a_path_arrives_as_it_was_typed(path: str) -> None:
    assert read_back(path) == path


LETTERS = st.characters(exclude_categories=("C", "Z"), include_characters=" ,()[]{}#'\\~=")


@given(path=st.text(LETTERS, min_size=1).map(str.strip))
def test_any_path_is_read_as_one_text(path: str) -> None:
    special = path in ("", "null", "???") or "$" in path or path[0] in "'\""
    is_list = path.startswith("[") and path.endswith("]")

    word = quoted(f"labels.input={path}", parses)

    assert special or is_list or parses(word)
    assert special or is_list or word.startswith("labels.input='")


@pytest.mark.parametrize(
    "override",
    [
        "folds.n=3",
        "features=[bands,spectral]",
        "labels.input='my mines.gpkg'",
        "labels.input=null",
        "model.num_leaves=7,9",
        "folds.n=(3",
        "sites.layouts.tiles.area=[-44.2,-20.2,-44.1,-20.1]",
        "~sites.layouts",
        "experiment=brumadinho",
    ],
)
def test_what_is_no_plain_path_is_left_alone(override: str) -> None:
    assert quoted(override, parses) == override


def test_text_that_hydra_cannot_read_is_quoted_for_other_keys_too() -> None:
    assert quoted("labels.layer=Carrières", parses) == "labels.layer='Carrières'"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        pytest.param("model.num_leavs=3", r"model.num_leavs'.*model\.num_leaves", id="key"),
        pytest.param("folds.n_splits=3", r"folds\.n\b", id="longer"),
        pytest.param("labels.inptu=x", r"labels\.input", id="swapped"),
        pytest.param("modle=forest", r"The nearest are model\b", id="group"),
        pytest.param("model.max_depth_px=3", "model.max_depth", id="with a unit"),
        pytest.param("sites.layouts.tiles.area=[1]", "sites=tiled", id="of another option"),
        pytest.param("masks=[none,poor]", "has clear_score, none, poc, scl", id="member"),
        pytest.param("model=oracle", "no option 'oracle'. It has amazon, boosted", id="option"),
        pytest.param("model.num_leaves=7,9", "minecover sweep", id="several values"),
        pytest.param("labels", "Write key=value", id="no value"),
        pytest.param("seed=(3", r"quoted twice: \"seed='\(3'\"", id="grammar"),
    ],
)  # fmt: skip
def test_what_is_nearly_right_is_answered(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        composed([override])

    assert "hydra.cc" not in str(caught.value)


def test_the_keys_of_options_lie_under_their_groups() -> None:
    keys = option_keys(Path("conf"))

    assert keys["labels.input"] >= {"labels=files", "labels=ipis"}
    assert keys["folds.n"] == set()
    assert "world.n_sites" in keys
    assert "n_sites" not in keys
    assert not any(key.startswith("config") for key in keys)


def test_an_experiment_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(ConfigError, match=r"^conf/experiment has no option 'nope'. It has acc"):
        composed(["experiment=nope"])


def test_a_file_of_the_configuration_in_another_encoding_is_named(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree("conf", conf)
    (conf / "model" / "boosted.yaml").write_text("# été\nseed: 1\n", encoding="cp1252")

    with pytest.raises(ConfigError, match=r"model/boosted\.yaml cannot be read: not text in"):
        composed(["model=boosted"], conf=conf)


def test_no_option_of_a_group_that_needs_one_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="Config group override must be a string"):
        composed(["experiment=null"])


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("[Mine (old), b]", ["Mine (old)", "b"]),
        ("[L'Étoile, Bisié]", ["L'Étoile", "Bisié"]),
        ("[Kamituga #2]", ["Kamituga #2"]),
        ("['a, b', c (2)]", ["a, b", "c (2)"]),
    ],
)
def test_names_in_a_list_arrive_as_they_were_typed(typed: str, read: list[str]) -> None:
    options = [*FILES, "sites=centred", "labels.input=x", f"labels.ignored={typed}"]

    assert composed(options).value("labels.ignored") == read


def test_a_variable_of_the_shell_is_named() -> None:
    with pytest.raises(ConfigError, match=r"\$\{HOME\} stands for the value of a key.*quotes"):
        composed([*FILES, "sites=centred", "labels.input=${HOME}/mines.gpkg"])
