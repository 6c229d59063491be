"""A store that is moved, copied, read-only, damaged, silent, or at a path with signs in it."""

import json
import os
import pickle
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from minecover.core.digests import file_digest
from minecover.core.errors import RegistryError
from minecover.tracking import (
    Dataset,
    Record,
    Tracking,
    connect,
    log_run,
    runs,
    store,
    sweep_runs,
)
from minecover.tracking.record import REQUIRED_TAGS
from minecover.tracking.registry import register, resolve, version_at

RECORD = Record(
    name="one",
    params={"seed": 7},
    metrics={"location": {"f1": 0.6}},
    tags=dict.fromkeys((*REQUIRED_TAGS, "build_digest"), "known"),
    dataset=Dataset("tables", "data/features", "d" * 64),
    artifacts=(),
    description="",
    by_fold={},
)
#: Signs that mean something in a URL, in SQL, in yaml or in a pattern.
SIGNS = "a?b #1 100%25 é'\"[x] & ~"


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore a store that the environment of the caller names."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)


def tracking_in(folder: Path) -> Tracking:
    return Tracking(str(folder / "mlruns"), experiment="e", registered_name="m")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout at a path full of signs, with one registered model."""
    from sklearn.dummy import DummyClassifier

    home = tmp_path_factory.mktemp("home") / SIGNS
    home.mkdir()
    model = DummyClassifier(strategy="constant", constant=0).fit([[0.0, 1.0]], [0])
    (home / "model.pkl").write_bytes(pickle.dumps(model, protocol=5))
    card = {
        "features": ["red", "nir08"],
        "row": "one place",
        "observation_threshold": 0.4,
        "example": {"rows": [[0.0, 1.0]]},
        "sha256": file_digest(home / "model.pkl"),
    }
    (home / "model.json").write_text(json.dumps(card))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        pickled, described = home / "model.pkl", home / "model.json"
        register(tracking_in(home), RECORD, model=pickled, card=described)
    return home


@pytest.fixture
def copied(original: Path, tmp_path: Path) -> Path:
    """A copy of the checkout at a plain path."""
    return shutil.copytree(original, tmp_path / "copy")


def recorded_paths(checkout: Path) -> list[str]:
    """Return every absolute path that the store recorded."""
    with closing(sqlite3.connect(checkout / "mlruns" / "mlflow.db")) as connection:
        found = [
            str(path)
            for table, column in store.PATHS.items()
            for (path,) in connection.execute(f"SELECT {column} FROM {table}")
            if str(path).startswith("file:")
        ]
    lines = [
        line
        for path in (checkout / "mlruns").rglob("MLmodel")
        for line in path.read_text().splitlines()
    ]
    return found + [line.split(": ")[1] for line in lines if line.startswith("artifact_path")]


def test_a_path_with_signs_leaves_nothing_beside_it(original: Path) -> None:
    found = resolve(tracking_in(original), "models:/m@champion")

    assert found.folder.is_relative_to(original / "mlruns" / "artifacts")
    assert [path.name for path in original.parent.iterdir()] == [SIGNS]


def test_a_copied_store_reads_and_writes_its_own_files(original: Path, copied: Path) -> None:
    before = sorted(original.rglob("*"))
    (copied / "one.txt").write_text("one")

    found = resolve(tracking_in(copied), "models:/m@champion")
    run_id = log_run(tracking_in(copied), replace(RECORD, artifacts=(copied / "one.txt",)))

    assert found.folder.is_relative_to(copied)
    assert (copied / "mlruns/artifacts" / run_id / "artifacts/one.txt").is_file()
    assert sorted(original.rglob("*")) == before
    assert len(recorded_paths(copied)) == 6  # experiment, two runs, model, version, MLmodel
    assert {path.startswith(copied.as_uri()) for path in recorded_paths(copied)} == {True}


def test_a_store_that_was_moved_twice_and_renamed_is_found(
    copied: Path, tmp_path: Path
) -> None:
    connect(tracking_in(copied))
    moved = tmp_path / f"moved {SIGNS}"
    copied.rename(moved)
    (moved / "mlruns").rename(moved / "registry")

    found = resolve(replace(tracking_in(moved), folder=str(moved / "registry")), "models:/m/1")

    assert found.folder.is_relative_to(moved / "registry")


def test_a_store_that_did_not_move_is_left_alone(copied: Path) -> None:
    connect(tracking_in(copied))
    database = copied / "mlruns" / "mlflow.db"
    before = database.read_bytes()

    store.repair_paths(database, database.parent)

    assert database.read_bytes() == before


@pytest.mark.parametrize("place", ["s3://bucket/artifacts", "file://{disk}/artifacts"])
def test_files_of_an_experiment_elsewhere_are_left_there(
    copied: Path, tmp_path: Path, place: str
) -> None:
    database, disk = copied / "mlruns" / "mlflow.db", tmp_path / "large_disk"
    (disk / "artifacts" / "a_run").mkdir(parents=True)
    location = place.format(disk=disk)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location) "
            "VALUES (9, 'theirs', ?)",
            (location,),
        )

    connect(tracking_in(copied))

    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT artifact_location FROM experiments WHERE experiment_id = 9"
        assert connection.execute(query).fetchone() == (location,)


@pytest.fixture
def read_only(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The copy, which nobody may write; root may everywhere, so the question is answered."""
    access = os.access

    def answer(path: os.PathLike[str] | str, mode: int) -> bool:
        return access(path, mode) and not (mode & os.W_OK and Path(path).is_relative_to(copied))

    monkeypatch.setattr(os, "access", answer)
    return copied


def test_a_read_only_store_is_read_and_not_written(read_only: Path) -> None:
    files = {path: path.stat().st_mtime_ns for path in read_only.rglob("*")}

    found = resolve(tracking_in(read_only), "models:/m@champion")

    assert found.folder.is_relative_to(read_only)
    assert {path: path.stat().st_mtime_ns for path in read_only.rglob("*")} == files


def test_recording_in_a_read_only_store_is_refused(read_only: Path) -> None:
    tracking = tracking_in(read_only)

    with pytest.raises(RegistryError, match=r"read-only\. .*tracking\.folder"):
        log_run(tracking, RECORD)
    sweep = replace(RECORD, tags={**RECORD.tags, runs.SWEEP: "s"})
    with (
        pytest.raises(RegistryError, match="read-only"),
        sweep_runs.sweep_run(tracking, sweep),
    ):
        raise AssertionError("it was opened")


@pytest.mark.parametrize(
    "content", [b"version https://git-lfs\n" * 20, b"\0" * 4096], ids=["a pointer", "zeros"]
)
def test_a_damaged_database_is_a_sentence_at_once(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(content)

    with pytest.raises(RegistryError, match=r"mlflow\.db cannot be read as a database"):
        connect(tracking_in(tmp_path))


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        pytest.param("file:/tmp/runs", "is file:/tmp/runs, a folder", id="file"),
        pytest.param("./mlruns", "a folder", id="path"),
        pytest.param("gopher://there", "unsupported URI 'gopher://there'", id="unknown scheme"),
        pytest.param("http://u:secret@127.0.0.1:9", r"u:\*\*\*@.*refused", id="server down"),
        pytest.param("sqlite:////proc/x/y.db", "does not answer", id="no such folder"),
        pytest.param(
            "postgresql+pg8000://x@127.0.0.1:1/y",
            "needs the Python module pg8000, which is not installed",
            id="a database that Python cannot speak with",
        ),
    ],
)
def test_a_store_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, said: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)

    with pytest.raises(RegistryError, match=said) as caught:
        connect(tracking_in(tmp_path))

    assert "MLFLOW_TRACKING_URI" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "uri", ["sqlite:///{}/wrong/mlflow.db", "sqlite+pysqlite:///{}/x.db", ""]
)
def test_looking_for_a_model_creates_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(tmp_path))
    tracking = tracking_in(tmp_path)

    with pytest.raises(RegistryError, match=r"there is no database .*(Correct|correct)"):
        version_at(tracking, "models:/minecover@champion")
    with pytest.raises(RegistryError, match="there is no database"):
        runs.find_run(tracking, "abc")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("other", ["http://u:secret@127.0.0.1:1", "sqlite:////tmp/x.db", "foo"])
def test_a_registry_apart_from_the_runs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", other)

    with pytest.raises(RegistryError, match="MLFLOW_REGISTRY_URI is") as caught:
        connect(tracking_in(tmp_path))

    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_silent_server_is_waited_for_once(
    silent_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", silent_server)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    began = time.monotonic()

    with pytest.raises(RegistryError, match=f"{silent_server} does not answer"):
        connect(tracking_in(tmp_path))

    assert time.monotonic() - began < 10
    assert store.FIRST_WAITS == {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }


@pytest.mark.parametrize(
    ("stop", "status"),
    [pytest.param(KeyboardInterrupt, "KILLED"), pytest.param(OSError, "FAILED")],
)
def test_an_open_run_is_closed(
    copied: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop: type[BaseException],
    status: str,
) -> None:
    def interrupt(*_: object) -> None:
        raise stop

    monkeypatch.setattr("minecover.tracking.log.log_artifacts", interrupt)

    with pytest.raises(stop):
        log_run(tracking_in(copied), replace(RECORD, name="stopped"))

    client, experiment = connect(tracking_in(copied))
    found = client.search_runs([experiment], "attributes.run_name = 'stopped'")
    assert [run.info.status for run in found] == [status]
