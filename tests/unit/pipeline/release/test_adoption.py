"""The adopted choices of a run are composed by conf/."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from minecover.core.config import Params, check_params, composed, write_params
from minecover.core.errors import ConfigError, RegistryError
from minecover.pipeline.chosen import option_tree
from minecover.pipeline.release.adoption import adopt, write_champion
from minecover.tracking import Dataset, Record, Tracking, log_run
from minecover.tracking.record import REQUIRED_TAGS

CONF = Path("conf").resolve()
FAMILIES = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))
#: The overrides of a sweep's winner: other options, other values, and a mapping of its own.
WINNER = (
    "model=forest",
    "model.max_depth=20",
    "features=[bands,spectral]",
    "design=observation",
    "design.recipe.negatives_per_positive=7",
    "+design.recipe.cleaning._target_=minecover.learning.inner_folds.Cleaning",
    "+design.recipe.cleaning.above=0.8",
    "+design.recipe.cleaning.inner_folds=3",
    "aggregation=vote",
    "mask=poc",
    "seed=11",
)


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose conf/ and params.yaml adopted a run of its own store."""
    root = tmp_path_factory.mktemp("adopted")
    shutil.copytree(CONF, root / "conf")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(root)
        write_params(composed(WINNER), root / "params.yaml")
        record = Record(
            name="winner",
            params={},
            metrics={},
            tags=dict.fromkeys(REQUIRED_TAGS, "known"),
            dataset=Dataset("simulated observations", "data/features", "d"),
            artifacts=(Path("params.yaml"),),
            description="",
            by_fold={},
        )
        tracking = Tracking("mlruns", "minecover", "minecover")
        run_id = log_run(tracking, record)
        write_params(composed(), root / "params.yaml")
        adopt(run_id[:8])
        yield root


def test_the_default_composes_the_parameters_of_the_run(adopted: Path) -> None:
    assert composed(conf=adopted / "conf") == composed(WINNER, conf=CONF)
    check_params(adopted / "params.yaml", conf=adopted / "conf")


def test_the_model_is_written_whole_and_follows_the_seed(adopted: Path) -> None:
    model = yaml.safe_load((adopted / "conf/model/champion.yaml").read_text())

    assert model == {
        "_target_": "minecover.learning.models.forest.forest",
        "n_estimators": 40,
        "max_depth": 20,
        "min_samples_leaf": 1,
        "max_features": "sqrt",
        "class_weight": None,
        "seed": "${seed}",
    }


def test_options_are_selected_and_only_other_values_are_written(adopted: Path) -> None:
    experiment = yaml.safe_load((adopted / "conf/experiment/champion.yaml").read_text())

    assert experiment == {
        "defaults": [
            {"override /model": "champion"},
            {"override /design": "observation"},
            {"override /aggregation": "vote"},
        ],
        "seed": 11,
        "mask": "poc",
        "features": ["bands", "spectral"],
        "design": {
            "recipe": {
                "negatives_per_positive": 7,
                "cleaning": {
                    "_target_": "minecover.learning.inner_folds.Cleaning",
                    "above": 0.8,
                    "inner_folds": 3,
                },
            }
        },
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_the_champion_composes_with_every_other_model(adopted: Path, family: str) -> None:
    params = composed([f"model={family}"], conf=adopted / "conf")

    assert set(params.value("model")) == set(option_tree(adopted / "conf/model", [family]))
    assert params.build("model")[-1] is not None


def test_a_run_of_another_conf_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    shutil.copytree(CONF, tmp_path / "conf")
    tree = dict(composed(conf=CONF).tree)
    tree["folds"] = {key: tree["folds"][key] for key in tree["folds"] if key != "gate"}

    with pytest.raises(ConfigError, match=r"the parameters of run x: folds\.gate would differ"):
        write_champion(Params(tree), "run x", tmp_path / "conf")

    untouched = (CONF / "model/champion.yaml").read_text()
    assert (tmp_path / "conf/model/champion.yaml").read_text() == untouched
    assert (tmp_path / "conf/config.yaml").read_text() == (CONF / "config.yaml").read_text()


def test_an_unknown_run_is_refused(adopted: Path) -> None:
    with pytest.raises(RegistryError, match=r"0 runs and sweeps whose id begins with 'fedc'"):
        adopt("fedc")


def test_a_value_of_another_group_goes_into_an_option_of_its_own(tmp_path: Path) -> None:
    shutil.copytree(CONF, tmp_path / "conf")
    wanted = composed(["aggregation=vote", "aggregation.threshold=0.4"], conf=CONF)

    write_champion(wanted, "run x", tmp_path / "conf")

    assert composed(conf=tmp_path / "conf") == wanted
    plain = composed(["aggregation=mean"], conf=tmp_path / "conf").value("aggregation")
    assert plain == composed(["aggregation=mean"], conf=CONF).value("aggregation")


def test_values_that_follow_others_are_not_copied(tmp_path: Path) -> None:
    shutil.copytree(CONF, tmp_path / "conf")
    words = [
        "experiment=brumadinho",
        "paths.real_data=elsewhere",
        "seed=3",
        "model.num_leaves=7",
    ]

    write_champion(composed(words, conf=CONF), "run x", tmp_path / "conf")

    experiment = yaml.safe_load((tmp_path / "conf/experiment/champion.yaml").read_text())
    assert experiment == {
        "defaults": ["brumadinho", "_self_", {"override /model": "champion"}],
        "seed": 3,
    }
    model = yaml.safe_load((tmp_path / "conf/model/champion.yaml").read_text())
    assert (model["num_leaves"], model["learning_rate"], model["seed"]) == (7, 0.05, "${seed}")
    moved = composed(["paths.real_data=somewhere"], conf=tmp_path / "conf")
    assert moved.value("labels.input") == "somewhere/brumadinho/mines.geojson"


def test_an_experiment_that_sets_values_of_an_option_is_followed(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(CONF, conf)
    (conf / "experiment/mine.yaml").write_text(
        "# @package _global_\nmodel: {num_leaves: 9}\ntracking: {registered_name: mine}\n"
    )
    wanted = composed(["experiment=mine", "model.num_leaves=7"], conf=conf)

    write_champion(wanted, "run x", conf)

    assert composed(conf=conf) == wanted


def test_what_an_earlier_adoption_wrote_is_replaced(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(CONF, conf)
    write_champion(composed(["aggregation=vote", "aggregation.threshold=0.4"]), "run x", conf)

    write_champion(composed(), "run y", conf)

    assert composed(conf=conf) == composed()
    assert not (conf / "aggregation/champion.yaml").exists()
