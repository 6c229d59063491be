"""What README and docs tell to type is typed: commands parse, compose and run; recipes work."""

import importlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
import yaml

from minecover.cli import main
from minecover.core.config import build, composed
from minecover.core.cube import Cube
from minecover.features import ObservationFeature
from minecover.prediction.region import worker_processes
from minecover.prediction.region.cluster import SETTINGS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Programs that a page may start, beside `minecover`; how the tests try them is below.
OTHERS = {"make", "dvc", "python", "export", "curl", "earthengine", "apt-get", "dask"}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.M | re.S)


def commands() -> Iterator[tuple[str, ...]]:
    """Every command of every shell block, in words, once each."""
    lines = "\n".join(b for page in PAGES for b in blocks(page, "sh")).replace("\\\n", " ")
    for line in dict.fromkeys(lines.splitlines()):
        for part in line.split(" && "):
            if words := tuple(shlex.split(part, comments=True)):
                yield words


TYPED = list(dict.fromkeys(commands()))
OURS = [words for words in TYPED if words[0] == "minecover"]
COMPOSED = [words for words in OURS if words[:3] == ("minecover", "params", "--write")]
MADE = [words for words in TYPED if words[0] == "make"]


def parsed(words: tuple[str, ...]) -> click.Context:
    """Let click read a command as it would, without running it."""
    command: click.Command = main
    context = command.make_context("minecover", list(words[1:]))
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert found is not None
        command, context = found, found.make_context(name, rest, parent=context)
    return context


def named(words: tuple[str, ...]) -> str:
    return " ".join(words)[:90]


def test_pages_start_no_program_that_is_not_tried() -> None:
    assert {words[0] for words in TYPED} - {"minecover"} <= OTHERS


@pytest.mark.parametrize("words", OURS, ids=named)
def test_a_command_of_a_page_is_read(words: tuple[str, ...]) -> None:
    assert parsed(words).command.name in words


@pytest.mark.parametrize("words", COMPOSED, ids=named)
def test_a_composition_of_a_page_composes(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    asked = parsed(words).params
    chosen = [f"experiment={asked['experiment']}"] if asked["experiment"] else []

    params = composed([*chosen, *asked["overrides"]])

    params.build("sites.layouts")
    params.build("model")


@pytest.mark.parametrize("words", MADE, ids=named)
def test_a_target_of_a_page_is_made(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*words, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [words for words in TYPED if words[0] == "python"], ids=named)
def test_a_python_command_of_a_page_names_a_stage(words: tuple[str, ...]) -> None:
    files = {
        "minecover.pipeline.stages": f"stages/{words[3]}.py",
        "minecover.pipeline.sweep": "sweep/__main__.py",
    }

    assert words[1] == "-m"
    assert (ROOT / "src/minecover" / files[words[2]]).is_file()


@pytest.mark.parametrize("words", [w for w in TYPED if w[0] == "dvc"], ids=named)
def test_a_dvc_command_of_a_page_exists(words: tuple[str, ...]) -> None:
    parser = importlib.import_module("dvc.cli.parser").get_main_parser()

    assert parser.parse_args(list(words[1:])).func


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        (page.name, target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """Write the recipes of docs/extending.md as they stand there; give their yamls."""
    folder = tmp_path_factory.mktemp("recipes")
    page = ROOT / "docs" / "extending.md"
    names = [re.search(r"`(my_mines/\w+\.py)`", text) for text in page.read_text().split("## ")]
    (folder / "my_mines").mkdir()
    for name, code in zip([n[1] for n in names if n], blocks(page, "python"), strict=True):
        (folder / name).write_text(code)
    sys.path.insert(0, str(folder))
    feature, model, source = (yaml.safe_load(text) for text in blocks(page, "yaml"))
    yield {"feature": feature, "model": model, "source": source}
    sys.path.remove(str(folder))


def test_the_recipe_of_a_feature_works(recipes: dict[str, object], cube: Cube) -> None:
    feature = build(recipes["feature"], "features")["wetness"]

    planes = feature.on_dates(cube, np.ones(cube.qa.shape, np.bool_))

    assert isinstance(feature, ObservationFeature)
    assert planes.shape == (2, 1, *cube.grid.shape)


def test_the_recipe_of_a_model_learns_beside_nan(recipes: dict[str, object]) -> None:
    X = np.array([[0.0, 1.0], [1.0, np.nan], [0.1, 0.9], [0.9, 0.2]], np.float32)

    model = build(recipes["model"], "model").fit(X, [0, 1, 0, 1])

    assert model.predict(X).tolist() == [0, 1, 0, 1]


def test_the_recipe_of_a_source_composes(
    recipes: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    option = tmp_path / "conf" / "source" / "patches.yaml"
    option.write_text(yaml.safe_dump(recipes["source"]))
    monkeypatch.chdir(tmp_path)

    params = composed(
        ["source=patches", "source.input=there", "labels=files", "labels.input=none",
         "context=none", "sites=centred"]
    )  # fmt: skip

    assert params.build("source.scenes").folder == "there"


def test_workers_elsewhere_are_told_to_run_as_those_of_this_machine_do() -> None:
    (told,) = blocks(ROOT / "docs/regions.md", "yaml")
    settings = yaml.safe_load(told)["distributed"]

    variables = settings["nanny"].pop("pre-spawn-environ")

    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}  # which Dask itself limits
    assert {name: str(value) for name, value in variables.items()} == {
        name: value
        for name, value in worker_processes.ENVIRONMENT.items()
        if name not in threads
    }
    assert (
        settings["worker"]["profile"]["enabled"]
        == SETTINGS["distributed.worker.profile.enabled"]
    )
