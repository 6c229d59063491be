import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from minecover.core.digests import file_digest
from minecover.core.errors import ModelError, RegistryError
from minecover.tracking import Dataset, Record, Tracking, connect, log_run
from minecover.tracking.decisions import promote
from minecover.tracking.record import REQUIRED_TAGS
from minecover.tracking.registry import register, resolve
from minecover.tracking.types import Version

TAGS = dict.fromkeys(REQUIRED_TAGS, "known") | {"data_digest": "d" * 64}
RECORD = Record(
    name="aaaaaaa",
    params={"model": {"trees": 40}, "seed": 7},
    metrics={"location": {"f1": 0.6, "f1_low": None}, "count": {"sites": 12}},
    tags=TAGS,
    dataset=Dataset(name="observations", source="data/features", digest="d" * 64),
    artifacts=(),
    description="Two trees.",
    by_fold={"location.f1": [0.5, 0.7]},
)


@pytest.fixture(autouse=True, scope="module")
def _own_store() -> Iterator[None]:
    """Ignore a store that the environment of the caller names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


#: Logs one run in a store that does not exist yet, as a worker of a sweep does.
WORKER = """
from minecover.tracking import Dataset, Record, Tracking, log_run
tracking = Tracking({folder!r}, experiment="parallel", registered_name="shared")
record = Record(
    name="{name}", params={{}}, metrics={{"location": {{"f1": 0.5}}}}, tags={tags!r},
    dataset=Dataset(name="tables", source="data", digest="d" * 64), artifacts=(),
    description="", by_fold={{}},
)
log_run(tracking, record)
"""


@pytest.fixture(scope="module")
def eight_workers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tracking, list[int]]:
    """The store that eight processes created at once, each to log a run; their exit codes."""
    folder = str(tmp_path_factory.mktemp("store") / "mlruns")
    workers = [WORKER.format(folder=folder, name=f"run{k}", tags=TAGS) for k in range(8)]
    started = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", code]) for code in workers
    ]
    ended = [process.wait() for process in started]
    return Tracking(folder, experiment="tests", registered_name="shared"), ended


@pytest.fixture(scope="module")
def tracking(eight_workers: tuple[Tracking, list[int]]) -> Tracking:
    """The store that the tests of this file share: creating one takes seconds."""
    return eight_workers[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder models/ with its pickle and card, as `train` writes it."""
    random = np.random.default_rng(7)
    X = random.random((60, 2), np.float32)
    inner = LogisticRegression().fit(X, X[:, 0] > 0.5)
    fixed = FixedThresholdClassifier(inner, threshold=0.4)
    fixed.estimator_ = inner
    folder = tmp_path_factory.mktemp("models")
    pickled = pickle.dumps(Pipeline([("classifier", fixed)]), protocol=5)
    (folder / "model.pkl").write_bytes(pickled)
    card = {
        "features": ["red", "nir08"],
        "row": "one place",
        "observation_threshold": 0.4,
        "example": {"rows": [[0.9, 0.1], [0.1, 0.9]]},
        "sha256": file_digest(folder / "model.pkl"),
    }
    (folder / "model.json").write_text(json.dumps(card))
    return folder


def register_build(tracking: Tracking, folder: Path, lock: str) -> Version:
    record = replace(RECORD, name=lock[:7], tags={**TAGS, "build_digest": lock})
    return register(tracking, record, model=folder / "model.pkl", card=folder / "model.json")


@pytest.fixture(scope="module")
def versions(tracking: Tracking, trained: Path) -> list[Version]:
    """Two builds, of which the first is registered a second time at the end."""
    return [register_build(tracking, trained, lock) for lock in ("a" * 64, "b" * 64, "a" * 64)]


def test_the_first_version_is_champion_and_later_ones_are_challengers(
    versions: list[Version],
) -> None:
    assert [(v.version, v.alias, v.created) for v in versions] == [
        (1, "champion", True),
        (2, "challenger", True),
        (1, "champion", False),
    ]


def test_a_build_is_registered_once(tracking: Tracking, versions: list[Version]) -> None:
    client, experiment = connect(tracking)

    runs = client.search_runs([experiment], "tags.build_digest = '" + "a" * 64 + "'")

    assert [run.info.run_id for run in runs] == [versions[0].run_id]
    assert versions[2].run_id == versions[0].run_id


def test_the_registered_bytes_are_the_trained_ones(
    tracking: Tracking, versions: list[Version], trained: Path
) -> None:
    found = resolve(tracking, "models:/shared@champion")

    assert found.model.read_bytes() == (trained / "model.pkl").read_bytes()
    assert found.sha256 == file_digest(trained / "model.pkl")
    assert found.card == json.loads((trained / "model.json").read_text())
    assert found.version == versions[0].version


def test_a_run_has_its_provenance_parameters_and_metrics(
    tracking: Tracking, versions: list[Version]
) -> None:
    client, _ = connect(tracking)

    run = client.get_run(versions[0].run_id)

    assert run.info.status == "FINISHED"
    assert set(REQUIRED_TAGS) <= set(run.data.tags)
    assert run.data.tags["build_digest"] == "a" * 64
    assert run.data.params == {"model.trees": "40", "seed": "7"}
    assert run.data.metrics == {"location.f1": 0.6, "count.sites": 12, "fold.location.f1": 0.7}
    assert run.inputs is not None
    assert [used.dataset.digest for used in run.inputs.dataset_inputs] == ["d" * 36]


def test_a_version_has_its_metrics_and_digests(
    tracking: Tracking, versions: list[Version]
) -> None:
    client, _ = connect(tracking)

    version = client.get_model_version("shared", "1")
    model = client.get_logged_model(str(version.source).removeprefix("models:/"))

    assert {m.key: m.value for m in model.metrics or ()} == {
        "location.f1": 0.6,
        "count.sites": 12,
        "fold.location.f1": 0.7,
    }
    digests = {
        "sha256",
        "folder_sha256",
        "build_digest",
        "data_digest",
        "git_commit",
        "git_dirty",
    }
    assert digests <= set(version.tags)


def test_a_second_promotion_changes_nothing(tracking: Tracking, trained: Path) -> None:
    own = replace(tracking, registered_name="promoted")
    for lock in ("a" * 64, "b" * 64):
        register_build(own, trained, lock)

    twice = [promote(own, 2, "better"), promote(own, 2, "better")]

    assert [v.alias for v in twice] == ["champion", "champion"]
    assert resolve(own, "models:/promoted@champion").version == 2
    assert resolve(own, "models:/promoted@challenger").version == 1


@pytest.mark.parametrize(
    ("name", "file"),
    [
        pytest.param("pickle", "model.pkl", id="the pickle"),
        pytest.param("loader", "MLmodel", id="the file that names the loader"),
    ],
)
def test_changed_bytes_are_refused_before_they_are_opened(
    tracking: Tracking, trained: Path, tmp_path: Path, name: str, file: str
) -> None:
    own = replace(tracking, registered_name=f"tampered-{name}")
    register_build(own, trained, "a" * 64)
    folder = resolve(own, f"models:/tampered-{name}/1").folder
    (folder / file).write_bytes(pickle.dumps(FolderMaker(tmp_path / "opened")))

    with pytest.raises(ModelError, match=r"is not what was recorded.*was not opened"):
        resolve(own, f"models:/tampered-{name}/1")

    assert not (tmp_path / "opened").exists()


def test_a_pickle_that_its_card_does_not_describe_is_not_registered(
    tracking: Tracking, trained: Path, tmp_path: Path
) -> None:
    own = replace(tracking, registered_name="never")
    (tmp_path / "model.json").write_bytes((trained / "model.json").read_bytes())
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(FolderMaker(tmp_path / "opened")))

    with pytest.raises(ModelError, match=r"model.pkl is not what was recorded"):
        register_build(own, tmp_path, "a" * 64)

    assert not (tmp_path / "opened").exists()


class FolderMaker:
    """Creates a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        pytest.param(
            "models:/shared/9", r"no models:/shared/9 \(it has: .*@champion", id="version"
        ),
        pytest.param("models:/shared@best", r"models:/shared/2.*make run", id="alias"),
        pytest.param("models:/nobody/1", r"models:/shared@challenger", id="name"),
        pytest.param(
            "shared", r"is not the URI of a model.*models:/shared@champion", id="no URI"
        ),
    ],
)
def test_an_unknown_uri_is_refused_with_a_list_of_known_ones(
    tracking: Tracking, versions: list[Version], uri: str, message: str
) -> None:
    with pytest.raises(RegistryError, match=message):
        resolve(tracking, uri)


def test_a_version_that_lost_its_alias_and_digests(tracking: Tracking, trained: Path) -> None:
    """A run that is killed between its version and its alias leaves the registry so."""
    own = replace(tracking, registered_name="lost")
    register_build(own, trained, "a" * 64)
    client, _ = connect(own)
    client.delete_registered_model_alias("lost", "champion")
    client.delete_model_version_tag("lost", "1", "sha256")

    again = register_build(own, trained, "a" * 64)

    assert (again.version, again.alias, again.created) == (1, "champion", False)
    with pytest.raises(ModelError, match=r"models:/lost/1 has no digests"):
        resolve(own, "models:/lost/1")


def test_files_that_were_moved_are_named(tracking: Tracking, trained: Path) -> None:
    own = replace(tracking, registered_name="moved")
    register_build(own, trained, "a" * 64)
    folder = resolve(own, "models:/moved/1").folder
    folder.rename(folder.with_name("elsewhere"))

    with pytest.raises(RegistryError, match=r"files are not at .*register again"):
        resolve(own, "models:/moved/1")


def test_a_run_is_logged_without_a_model(tracking: Tracking, tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "pr.csv").write_text("recall\n")
    (tmp_path / "metrics.json").write_text("{}\n")
    record = replace(RECORD, artifacts=(tmp_path / "plots", tmp_path / "metrics.json"))
    many = replace(record, params={f"key_{i}": i for i in range(150)})

    run_id = log_run(tracking, many)

    client, _ = connect(tracking)
    assert {found.path for found in client.list_artifacts(run_id)} == {
        "plots",
        "metrics.json",
        "packages.txt",
    }
    assert len(client.get_run(run_id).data.params) == 150
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_eight_processes_create_one_store(eight_workers: tuple[Tracking, list[int]]) -> None:
    tracking, exit_codes = eight_workers

    client, experiment = connect(tracking)
    parallel = client.get_experiment_by_name("parallel")
    assert parallel is not None
    runs = client.search_runs([parallel.experiment_id])

    assert exit_codes == [0] * 8
    assert sorted(run.info.run_name for run in runs) == [f"run{k}" for k in range(8)]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert client.get_experiment(experiment).artifact_location == tracking.artifacts
