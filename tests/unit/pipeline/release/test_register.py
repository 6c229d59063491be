"""Registering a build: a model that is no better than chance gets no alias without force."""

import json
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from stores import RegistryCheckout, make_registry_checkout, out_of_fold, write_model

from minecover.core import paths
from minecover.core.config import load_params
from minecover.evaluation.out_of_fold import write_out_of_fold
from minecover.pipeline.release.dvc_lock import IDENTITY
from minecover.pipeline.release.register import run, summary
from minecover.tracking.registry import version_at
from minecover.tracking.types import Version

CONF = Path("conf").resolve()
#: Lower ends of the interval of the average precision, at a prevalence of 0.02.
CHANCE, SKILL = 0.01, 0.3
ENDS = ("", "_low", "_high")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegistryCheckout:
    """The working directory: a checkout with an empty registry, in which nothing is built."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    return make_registry_checkout(tmp_path, CONF)


def build(lock: str, low: float) -> None:
    """Write what `dvc repro` leaves behind of a build."""
    paths.MODEL.parent.mkdir(exist_ok=True)
    paths.METRICS.parent.mkdir(exist_ok=True)
    _, card = write_model(paths.MODEL.parent, takes_nan=True)
    about = {"name": "minecover", "source": "simulated", "is_simulated": True}
    card.write_text(json.dumps(json.loads(card.read_text()) | about))
    scores = {f"{name}{end}": 0.5 for name in ("precision", "recall", "f1") for end in ENDS}
    location = scores | {
        "average_precision": low + 0.01,
        "average_precision_low": low,
        "average_precision_high": low + 0.02,
    }
    metrics = {"prevalence": {"location": 0.02}, "location": location, "observation": location}
    paths.METRICS.write_text(json.dumps(metrics))
    paths.MODEL_PAGE.write_text("# A card\n")
    write_out_of_fold(paths.OUT_OF_FOLD, iter(out_of_fold(skill=3.0)))
    tables = {"path": paths.FEATURES.as_posix(), "md5": "d" * 32 + ".dir"}
    stages: dict[str, dict[str, object]] = {stage: {"cmd": lock} for stage in IDENTITY}
    stages["features"]["outs"] = [tables]
    Path("dvc.lock").write_text(yaml.dump({"stages": stages}))


def register(*, force: bool = False) -> Version:
    return run(load_params(), force=force)


def decisions(version: Version) -> list[str]:
    tags = version.tags
    return [tags[tag] for tag in sorted(tags) if tag.startswith("decision.")]


def test_a_model_without_skill_gets_no_alias(
    checkout: RegistryCheckout, caplog: pytest.LogCaptureFixture
) -> None:
    build("first", CHANCE)

    with caplog.at_level(logging.INFO):
        version = register()

    assert (version.version, version.alias) == (1, "")
    assert decisions(version)[-1].startswith("no alias: no better than chance: ")
    assert "register: no better than chance: the average" in caplog.text
    assert "(no alias), new; `minecover register --force`" in caplog.text
    assert json.loads(paths.RUN.read_text())["alias"] == ""


def test_readers_never_see_an_alias_that_it_may_not_have(checkout: RegistryCheckout) -> None:
    build("first", SKILL)
    register()
    with closing(sqlite3.connect(checkout.tracking.database)) as database, database:
        database.execute("CREATE TABLE given (alias TEXT)")
        for change in ("INSERT", "UPDATE"):
            database.execute(
                f"CREATE TRIGGER seen_{change} AFTER {change} ON registered_model_aliases "
                "BEGIN INSERT INTO given VALUES (new.alias); END"
            )
    build("second", CHANCE)
    register()
    build("third", SKILL)
    register()

    with closing(sqlite3.connect(checkout.tracking.database)) as database:
        given = database.execute("SELECT alias FROM given").fetchall()

    assert given == [("challenger",)]  # to the third


def test_it_is_refused_an_alias_once(checkout: RegistryCheckout) -> None:
    build("first", CHANCE)

    versions = [register(), register()]

    assert [len(decisions(version)) for version in versions] == [1, 1]


def test_force_makes_it_champion_where_there_is_none(checkout: RegistryCheckout) -> None:
    build("first", CHANCE)
    register()

    forced = register(force=True)
    again = register()

    assert [forced.alias, again.alias] == ["champion", "champion"]
    assert "forced: no better than chance" in " ".join(decisions(forced))


def test_it_leaves_champion_and_challenger_as_they_are(checkout: RegistryCheckout) -> None:
    for lock, low in (("first", SKILL), ("second", SKILL)):
        build(lock, low)
        register()
    build("third", CHANCE)

    version = register()

    holders = [
        version_at(checkout.tracking, f"models:/minecover@{alias}").version
        for alias in ("champion", "challenger")
    ]
    assert (version.alias, holders) == ("", [1, 2])
    assert register(force=True).alias == "challenger"


@pytest.mark.parametrize(
    ("low", "first"),
    [
        pytest.param(CHANCE, "minecover is no better than chance: the average", id="chance"),
        pytest.param(SKILL, "minecover: simulated (SIMULATED data), scored", id="skill"),
    ],
)
def test_the_summary_begins_with_a_lack_of_skill(
    checkout: RegistryCheckout, low: float, first: str
) -> None:
    build("first", low)

    assert summary()[0].startswith(first)


def test_the_summary_of_a_label_set_says_what_its_labels_are_worth(
    checkout: RegistryCheckout,
) -> None:
    build("first", SKILL)
    auc = {"auc": 0.9, "auc_low": 0.8, "auc_high": 0.95}
    for path, more in (
        (paths.METRICS, {"look_alike": auc}),
        (paths.MODEL_CARD, {"remark": "Made by a rule."}),
    ):
        path.write_text(json.dumps({**json.loads(path.read_text()), **more}))

    lines = [line.strip() for line in summary()]

    assert "look-alikes auc 0.900 [0.800, 0.950]" in lines
    assert "Made by a rule." in lines
