"""What `minecover params --write` is told stays: conf/ composes it, also for DVC and sweeps."""

import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from conftest import Checkout

from minecover.cli import main
from minecover.core.composition import compose_conf
from minecover.core.config import composed, load_params
from minecover.core.errors import ConfigError, SweepError
from minecover.pipeline import params as writing
from minecover.pipeline.chosen import replacing_conf
from minecover.pipeline.sweep.build_state import BuildState, refuse_stale

ROOT = Path(__file__).parents[3]
CONF = ROOT / "conf"
#: Groups whose options are the parameters of one class: a key of another class breaks it.
FAMILIES = ("model", "aggregation")
#: Overrides of the same kinds as people type.
WRITTEN = {
    "a plain value": ["folds.n=3"],
    "an option": ["model=forest"],
    "a value of an option": ["model.num_leaves=9"],
    "an option and a value of it": ["model=forest", "model.max_depth=20"],
    "an option with a value that is missing": ["labels=files", "labels.input=my mines.gpkg"],
    "an experiment": ["experiment=brumadinho"],
    "an experiment and its model": ["experiment=brumadinho", "model.num_leaves=7"],
    "an experiment and another model": ["experiment=brumadinho", "model=forest"],
    "an experiment's own value": ["experiment=brumadinho", "source.level=1"],
    "lists of options": ["table=[bands,spectral]", "features=[bands]"],
    "a value of an option in a list": ["masks.strict.dilate_m=60"],
    "a mapping": ["model={n_estimators: 7, num_leaves: 3}"],
    "keys that are added": [
        "+design.recipe.cleaning._target_=minecover.learning.inner_folds.Cleaning",
        "+design.recipe.cleaning.above=0.8",
        "+design.recipe.cleaning.inner_folds=3",
    ],
    "a key that is deleted": ["context=files", "context.input=layers", "~context.planes"],
    "a reference": ["labels=files", "labels.input='${paths.real_data}/a.gpkg'"],
    "the grid of a sweep": ["sweep=forest"],
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a folder with a copy of conf/."""
    shutil.copytree(CONF, tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def minecover(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def keep(*words: str) -> None:
    """Keep overrides, without the checks of `minecover params --write` against each other."""
    with replacing_conf(Path("conf")) as (trial, _):
        writing.keep(words, compose_conf(words, Path("conf")), trial)


def test_what_was_written_passes_the_check(here: Path) -> None:
    written = minecover("params", "--write", "folds.n=3", "model.num_leaves=9")

    checked = minecover("params", "--check")

    assert written.exit_code == 0, written.output
    assert checked.exit_code == 0, checked.output
    assert load_params().value("folds.n") == 3


@pytest.mark.parametrize("words", WRITTEN.values(), ids=WRITTEN)
def test_conf_composes_what_was_written(here: Path, words: list[str]) -> None:
    keep(*words)

    assert composed() == composed(words, conf=CONF)


def test_what_is_written_later_is_added(here: Path) -> None:
    keep("model=forest", "model.max_depth=20")
    keep("folds.n=3", "model.n_estimators=7")
    keep()

    both = ["model=forest", "model.max_depth=20", "folds.n=3", "model.n_estimators=7"]
    assert composed() == composed(both, conf=CONF)


@pytest.mark.parametrize("is_committed", [True, False])
def test_dvc_exp_run_starts_from_what_was_written(here: Path, is_committed: bool) -> None:
    """`dvc exp run` composes conf/ by itself, and sees nothing else."""
    checkout = Checkout(here)
    Path("dvc.yaml").write_text("stages: {copy: {cmd: cp params.yaml out, params: [mask]}}\n")
    checkout.must("git", "init", "-q")
    checkout.must("dvc", "init", "-q")
    shutil.copy(ROOT / ".dvc/config", ".dvc/config")
    writing.write([])
    checkout.must("git", "add", "-A")
    checkout.must("git", "commit", "-qm", "Begin")
    words = ["folds.n=3", "model=forest", "model.max_depth=20"]
    writing.write(words)
    if is_committed:
        checkout.must("git", "add", "-A")
        checkout.must("git", "commit", "-qm", "Choose")

    checkout.must("dvc", "exp", "run", "-S", "mask=poc")

    assert load_params(Path("out")) == composed([*words, "mask=poc"], conf=CONF)
    assert composed() == composed(words, conf=CONF)


def test_a_sweep_starts_from_what_was_written(here: Path) -> None:
    keep("folds.n=3", "model=forest", "model.max_depth=20")

    job = Checkout(here).must("minecover", "sweep", "--cfg", "job", "mask=poc")

    found = yaml.safe_load(job)
    assert (found["folds"]["n"], found["model"]["max_depth"], found["mask"]) == (3, 20, "poc")


@pytest.mark.parametrize("model", ["linear", "chance", "champion"])
def test_a_written_value_stays_behind_with_its_option(here: Path, model: str) -> None:
    keep("model=forest", "model.max_depth=20", "folds.n=3")

    found = composed([f"model={model}"])

    assert found == composed([f"model={model}", "folds.n=3"], conf=CONF)


def test_another_option_written_leaves_its_values_behind(here: Path) -> None:
    keep("model=forest", "model.max_depth=20")
    keep("model=linear")
    keep("model=forest")

    assert composed() == composed(["model=forest"], conf=CONF)
    assert not Path("conf/model/chosen.yaml").exists()


def texts() -> dict[Path, str]:
    """Return the text of each file of conf/."""
    return {path: path.read_text() for path in Path("conf").rglob("*.yaml")}


def test_an_experiment_starts_anew_and_the_default_is_one(here: Path) -> None:
    before = texts()
    keep("model=forest", "model.max_depth=20", "table=[bands]", "features=[bands]")
    keep("experiment=acceptance")
    other = composed()
    keep("experiment=champion")

    assert other == composed(["experiment=acceptance"], conf=CONF)
    assert texts() == before


def test_the_grid_of_a_sweep_changes_what_was_written(here: Path) -> None:
    keep("model=linear", "folds.n=3")

    found = composed(["sweep=forest"])

    assert found == composed(["model=forest", "folds.n=3"], conf=CONF)


def test_what_a_sweep_is_told_to_type_keeps_what_was_written(here: Path) -> None:
    keep("model=forest", "model.max_depth=20", "world.n_sites=12")
    upstream = {"imagery": {"world": composed().value("world")}}
    built = BuildState(
        upstream=upstream,
        audited={},
        read=("model", "folds"),
        data="d",
        audit="a",
        code="c",
        datasets=(),
    )
    words = ("world.n_dates=9",)

    with pytest.raises(SweepError) as refused:
        refuse_stale(built, {words: composed(words)})

    assert "Type: minecover params --write 'world.n_dates=9' && dvc repro folds" in str(
        refused.value
    )
    keep(*words)
    assert composed().value("world.n_sites") == 12
    assert composed().value("model.max_depth") == 20


def test_only_choices_are_written(here: Path) -> None:
    keep("experiment=brumadinho", "seed=3", "paths.real_data=elsewhere")

    written = yaml.safe_load(Path("conf/experiment/chosen.yaml").read_text())

    assert written == {
        "defaults": ["brumadinho", "_self_"],
        "seed": 3,
        "paths": {"real_data": "elsewhere"},
    }


def test_a_reference_is_kept_as_it_was_typed(here: Path) -> None:
    keep("labels=files", "labels.input='${paths.real_data}/a.gpkg'")

    assert composed(["paths.real_data=b"]).value("labels.input") == "b/a.gpkg"
    written = yaml.safe_load(Path("conf/labels/chosen.yaml").read_text())
    assert written["reader"]["polygons"] == "${labels.input}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["model=oracle"], "conf/model has no option|model/oracle", id="option"),
        pytest.param(["folds.n=2,3"], "several values", id="several values"),
        pytest.param(["~report.tops"], "belongs to no option", id="deleted for all"),
        pytest.param(["mask=thick"], "mask must be one of", id="do not go together"),
    ],
)
def test_what_is_refused_is_not_written(here: Path, words: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        writing.write(words)

    assert not Path("params.yaml").exists()
    assert not list(Path("conf").glob("*/chosen.yaml"))


def test_more_than_an_experiment_in_the_selection_is_refused(here: Path) -> None:
    Path("conf/chosen.yaml").write_text("defaults: [{experiment: champion}]\nseed: 3\n")
    Path("conf/experiment/chosen.yaml").write_text("# @package _global_\nseed: 4\n")

    with pytest.raises(
        ConfigError, match=r"chosen\.yaml must select an experiment and nothing"
    ):
        keep("experiment=chosen", "folds.n=3")


@pytest.mark.parametrize("path", sorted((CONF / "experiment").glob("*.yaml")), ids=str)
def test_an_experiment_has_no_values_of_a_family(path: Path) -> None:
    """`minecover sweep model=...` then works with it: see conf/model for options of its own."""
    found = yaml.safe_load(path.read_text())

    assert not set(found) & set(FAMILIES)
