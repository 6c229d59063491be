import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError, RegistryError
from minecover.tracking import Dataset, Record, Tracking
from minecover.tracking.provenance import digest_of, folder_digest, git_state, stages_digest
from minecover.tracking.record import REQUIRED_TAGS
from minecover.tracking.types import ui_command

CONF = Path(__file__).parents[3] / "conf"


def test_the_environment_names_another_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    tracking = Tracking("mlruns", experiment="e", registered_name="m")

    assert tracking.uri == "http://127.0.0.1:5000"
    assert tracking.artifacts is None


def test_the_ui_listens_on_this_machine_only() -> None:
    arguments = ui_command("sqlite:////somewhere/mlruns/mlflow.db", port=5001)

    text = " ".join(arguments)
    assert "--host 127.0.0.1 --port 5001 --workers 1" in text
    assert "--backend-store-uri sqlite:////somewhere/mlruns/mlflow.db" in text


def test_the_configuration_builds_a_tracking() -> None:
    assert isinstance(composed(conf=CONF).build("tracking"), Tracking)


def test_a_name_that_mlflow_refuses_is_refused_with_its_key() -> None:
    with pytest.raises(ConfigError, match=r"tracking.registered_name must .* found 'a.b'"):
        Tracking("mlruns", experiment="e", registered_name="a.b")


RECORD = Record(
    name="run",
    params={"model": {"trees": 40, "features": ["red"], "depth": None}, "blocks": {}},
    metrics={"location": {"f1": 0.6, "f1_low": None}, "count": {"sites": 12}},
    tags=dict.fromkeys(REQUIRED_TAGS, "known"),
    dataset=Dataset(name="observations", source="data/features", digest="d"),
    artifacts=(),
    description="",
    by_fold={},
)


def test_params_and_metrics_have_dotted_names() -> None:
    assert RECORD.flat_params == {
        "model.trees": "40",
        "model.features": '["red"]',
        "model.depth": "null",
        "blocks": "{}",
    }
    assert RECORD.flat_metrics == {"location.f1": 0.6, "count.sites": 12}


def test_a_run_without_provenance_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lacks \['git_commit'\]"):
        replace(RECORD, tags=dict.fromkeys(set(REQUIRED_TAGS) - {"git_commit"}, "known"))


LOCK = """
schema: '2.0'
stages:
  train:
    cmd: python -m minecover.pipeline train
    outs: [{path: models/model.pkl, md5: 0123, size: 9}]
  evaluate:
    cmd: python -m minecover.pipeline evaluate
    params: {params.yaml: {from: 2016-10-15}}
  report:
    cmd: python -m minecover.pipeline report
"""


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        pytest.param(
            LOCK.replace("pipeline report", "pipeline reports"), True, id="a later stage"
        ),
        pytest.param(LOCK.replace("size: 9", "size: 8"), False, id="an output"),
        pytest.param(LOCK.replace("2016", "2017"), False, id="a parameter"),
        pytest.param(
            LOCK.replace(", size: 9", "").replace("{path", "{size: 9, path"),
            True,
            id="key order",
        ),
    ],
)
def test_a_builds_identity(tmp_path: Path, changed: str, is_same: bool) -> None:
    (tmp_path / "a").write_text(LOCK)
    (tmp_path / "b").write_text(changed)

    a, b = (stages_digest(tmp_path / name, ["train", "evaluate"]) for name in "ab")

    assert (a == b) is is_same


def test_a_lock_without_a_stage_lists_its_stages(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text(LOCK)

    with pytest.raises(
        RegistryError, match=r"no stage folds \(it has: train, evaluate, report\)"
    ):
        stages_digest(tmp_path / "dvc.lock", ["folds", "train"])


def test_a_missing_lock_asks_for_a_build(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"no dvc.lock.*dvc repro"):
        stages_digest(tmp_path / "dvc.lock", ["train"])


def test_digests_ignore_the_order_of_keys() -> None:
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})


def test_a_folders_digest_ignores_the_file_of_a_download(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"bytes")
    before = folder_digest(tmp_path)

    (tmp_path / "registered_model_meta").write_text("model_name: shared\n")

    assert folder_digest(tmp_path) == before


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit with a source file and what a build writes."""
    (tmp_path / "reports").mkdir()
    for name in ("code.py", "dvc.lock", "params.yaml", "reports/metrics.json"):
        (tmp_path / name).write_text("first\n")
    author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "Begin"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "is_dirty"),
    [
        pytest.param("code.py", True, id="changed code"),
        pytest.param("new.py", True, id="new code"),
        pytest.param("dvc.lock", True, id="the lock"),
        pytest.param("params.yaml", True, id="the parameters"),
        pytest.param("reports/metrics.json", False, id="the scores"),
    ],
)
def test_what_makes_a_tree_dirty(repository: Path, name: str, is_dirty: bool) -> None:
    (repository / name).write_text("second\n")

    state = git_state(repository / "reports")

    assert state.is_dirty is is_dirty
    assert state.changed == ((name,) if is_dirty else ())
    assert len(state.commit) == 40


def test_a_folder_outside_a_repository_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(RegistryError, match=r"git knows no commit here .*git init"):
        git_state(tmp_path)
