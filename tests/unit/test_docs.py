"""README, CONTRIBUTING and docs/: commands parse, links lead somewhere, recipes work."""

import importlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import numpy as np
import pytest
import yaml

from minecover.cli import main
from minecover.core.config import build, composed
from minecover.core.cube import Cube
from minecover.features import ObservationFeature
from minecover.pipeline import STAGES
from minecover.prediction.region import worker_processes
from minecover.prediction.region.cluster import SETTINGS
from minecover.tracking.client import quiet_mlflow

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = [ROOT / "README.md", CONTRIBUTING, *sorted(DOCS.rglob("*.md"))]
#: Programs that a page may start, beside `minecover`; how they are tested is below.
OTHER_PROGRAMS = {
    "make", "dvc", "python", "pip", "export", "curl", "earthengine", "apt-get", "dask",
    "mlflow",
}  # fmt: skip


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def commands() -> Iterator[tuple[str, ...]]:
    """Yield every command of every shell block, in words."""
    blocks = [block for page in PAGES for block in code_blocks(page.read_text(), "sh")]
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        for part in line.split(" && "):
            if words := tuple(shlex.split(part, comments=True)):
                yield words


COMMANDS = list(dict.fromkeys(commands()))


def commands_of(*beginning: str) -> list[tuple[str, ...]]:
    return [words for words in COMMANDS if words[: len(beginning)] == beginning]


def first_words(words: tuple[str, ...]) -> str:
    return " ".join(words)[:90]


def parsed(words: tuple[str, ...], command: click.Command = main) -> click.Context:
    """Let click read a command, without running it."""
    context = command.make_context(words[0], list(words[1:]))
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert found is not None
        command, context = found, found.make_context(name, rest, parent=context)
    return context


def test_pages_start_no_program_that_is_not_tested() -> None:
    assert {words[0] for words in COMMANDS} - {"minecover"} <= OTHER_PROGRAMS


@pytest.mark.parametrize("words", commands_of("mlflow"), ids=first_words)
def test_a_command_of_mlflow_parses(words: tuple[str, ...]) -> None:
    with quiet_mlflow():
        from mlflow.cli import cli

        assert parsed(words, cli).command.name in words


@pytest.mark.parametrize("words", commands_of("minecover"), ids=first_words)
def test_a_command_parses(words: tuple[str, ...]) -> None:
    assert parsed(words).command.name in words


@pytest.mark.parametrize(
    "words", commands_of("minecover", "params", "--write"), ids=first_words
)
def test_a_configuration_composes(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    options = parsed(words).params
    chosen = [f"experiment={options['experiment']}"] if options["experiment"] else []

    params = composed([*chosen, *options["overrides"]])

    params.build("sites.layouts")
    params.build("model")


@pytest.mark.parametrize("words", commands_of("make"), ids=first_words)
def test_a_make_target_exists(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*words, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", commands_of("python", "-m"), ids=first_words)
def test_a_module_that_is_run_is_a_stage(words: tuple[str, ...]) -> None:
    assert words[2] == "minecover.pipeline"
    assert words[3] in STAGES


@pytest.mark.parametrize(
    "words", [words for words in commands_of("python") if words[1] != "-m"], ids=first_words
)
def test_a_script_exists_and_has_the_options(words: tuple[str, ...]) -> None:
    script = (ROOT / words[1]).read_text()

    options = {word for word in words if word.startswith("--")}

    assert options <= set(re.findall(r'"(--[\w-]+)"', script))


@pytest.mark.parametrize("words", commands_of("dvc"), ids=first_words)
def test_a_dvc_command_exists(words: tuple[str, ...]) -> None:
    parser = importlib.import_module("dvc.cli.parser").get_main_parser()

    assert parser.parse_args(list(words[1:])).func


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield file and anchor of every link of a page that leads to a file here."""
    for target in re.findall(r"\]\(([^):]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        yield (page.parent / name).resolve() if name else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = [str(path) for path, _ in links(page) if not path.exists()]
    lost = [
        f"{path}#{anchor}"
        for path, anchor in links(page)
        if anchor and path.suffix == ".md" and path.exists() and anchor not in anchors(path)
    ]

    assert missing + lost == []


def test_the_index_lists_every_page() -> None:
    index = DOCS / "index.md"

    listed = {path for path, _ in links(index)}

    assert set(DOCS.rglob("*.md")) - {index} <= listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """Python files are named from the root, or from src/minecover."""
    names = {
        name
        for name in re.findall(r"`([\w./-]+\.py)`", page.read_text())
        if not name.startswith("my_mines/")
    }

    missing = {
        name
        for name in names
        if not any((root / name).is_file() for root in (ROOT, ROOT / "src/minecover"))
    }

    assert missing == set()


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, object]]:
    """Write the modules of CONTRIBUTING.md's recipes; yield their yamls by group of conf/."""
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "my_mines").mkdir()
    yamls: dict[str, object] = {}
    for section in re.split(r"^##+ ", CONTRIBUTING.read_text(), flags=re.M):
        module = re.search(r"`(my_mines/\w+\.py)`", section)
        option = re.search(r"`conf/(\w+)/\w+\.yaml`", section)
        if module and option:
            (folder / module[1]).write_text(code_blocks(section, "python")[0])
            yamls[option[1]] = yaml.safe_load(code_blocks(section, "yaml")[0])
    sys.path.insert(0, str(folder))
    yield yamls
    sys.path.remove(str(folder))


def test_the_recipe_of_a_feature_works(recipes: Mapping[str, object], cube: Cube) -> None:
    feature = build(recipes["table"], "table")["wetness"]

    planes = feature.on_dates(cube, np.ones(cube.qa.shape, np.bool_))

    assert isinstance(feature, ObservationFeature)
    assert planes.shape == (2, 1, *cube.grid.shape)


def test_the_recipe_of_a_model_accepts_nan(recipes: Mapping[str, object]) -> None:
    X = np.array([[0.0, 1.0], [1.0, np.nan], [0.1, 0.9], [0.9, 0.2]], np.float32)

    model = build(recipes["model"], "model").fit(X, [0, 1, 0, 1])

    assert model.predict(X).tolist() == [0, 1, 0, 1]


def test_the_recipe_of_a_source_composes(
    recipes: Mapping[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    assert params.value("source.is_remote") is False


def test_the_settings_for_workers_of_a_cluster_are_those_of_local_workers() -> None:
    (text,) = code_blocks((DOCS / "guides/regions.md").read_text(), "yaml")
    settings = yaml.safe_load(text)["distributed"]

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
