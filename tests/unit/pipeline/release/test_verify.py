"""Verifying a build: it is built again from nothing, and each difference is named."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Checkout

from minecover.core.errors import RegistryError
from minecover.pipeline.release.differences import find_differences
from minecover.pipeline.release.dvc_lock import DvcLock
from minecover.pipeline.release.verify import compare_builds, verify

#: Tables, a model and metrics, written by the stages of the real pipeline.
STAGES = """
stages:
  features:
    cmd: python make.py features
    deps: [make.py]
    outs: [data/features]
  train:
    cmd: python make.py train
    deps: [make.py, data/features]
    outs: [data/out_of_fold.parquet, models/model.pkl]
  evaluate:
    cmd: python make.py evaluate
    deps: [make.py, data/out_of_fold.parquet]
    metrics: [{reports/metrics.json: {cache: false}}]
"""
MAKE = """
import sys
from pathlib import Path

WRITTEN = {
    "features": {"data/features/a.parquet": "table a", "data/features/b.parquet": "table b"},
    "train": {"data/out_of_fold.parquet": "scores", "models/model.pkl": "a model"},
    "evaluate": {"reports/metrics.json": '{"location": {"f1": 0.5}}'},
}
for name, text in WRITTEN[sys.argv[1]].items():
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
"""
TABLE = "data/features/b.parquet"


def dvc(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "dvc", *arguments]
    subprocess.run(command, cwd=folder, env=Checkout(folder).environment, check=True)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A small pipeline, built and committed."""
    root = tmp_path_factory.mktemp("original") / "checkout"
    root.mkdir()
    (root / "dvc.yaml").write_text(STAGES)
    (root / "make.py").write_text(MAKE)
    (root / ".gitignore").write_text("/data/\n/models/\n")
    checkout = Checkout(root)
    checkout.must("git", "init", "-q")
    checkout.must("dvc", "init", "-q")
    checkout.must("dvc", "repro", "-q")
    checkout.must("git", "add", "-A")
    checkout.must("git", "commit", "-qm", "Build")
    return checkout


@pytest.fixture(scope="module")
def fresh(original: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone: it has what git holds, and no data."""
    root = tmp_path_factory.mktemp("fresh") / "clone"
    original.must("git", "clone", "-q", str(original.root), str(root))
    return root


@pytest.fixture(scope="module")
def rebuilt(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The scratch clone that `verify` made of the fresh clone, and what it found."""
    scratch = tmp_path_factory.mktemp("rebuilt") / "again"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(fresh)
        return scratch, verify("HEAD", scratch)


def flip(path: Path) -> None:
    """Flip the lowest bit of a file's last byte."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def differences(original: Checkout, here: Path, scratch: Path) -> list[str]:
    """Return the differences between a rebuild and the files of a checkout."""
    commit = original.must("git", "rev-parse", "HEAD").strip()
    text = (original.root / "dvc.lock").read_text()
    return list(compare_builds(here, scratch, commit, DvcLock.read(text, "the build")))


def test_a_fresh_clone_builds_the_same_bytes(rebuilt: tuple[Path, list[str]]) -> None:
    scratch, found = rebuilt

    assert found == []
    assert (scratch / TABLE).read_text() == "table b"
    assert not (scratch / ".dvc/cache/files").exists()


def test_a_flipped_bit_in_a_table_names_the_table(
    original: Checkout, rebuilt: tuple[Path, list[str]], tmp_path: Path
) -> None:
    here = Path(shutil.copytree(original.root, tmp_path / "here"))
    flip(here / TABLE)

    assert differences(original, here, rebuilt[0]) == [
        "features: data/features here b.parquet at byte 6: 0x63 recorded, 0x62 rebuilt"
    ]


def test_a_flipped_bit_in_the_recorded_model_names_the_model(
    original: Checkout, rebuilt: tuple[Path, list[str]], tmp_path: Path
) -> None:
    here = Path(shutil.copytree(original.root, tmp_path / "here"))
    flip(here / "models/model.pkl")
    dvc(here, "commit", "-q", "-f", "train")
    lock = DvcLock.read((here / "dvc.lock").read_text(), "the checkout")
    commit = original.must("git", "rev-parse", "HEAD").strip()

    (found,) = compare_builds(here, rebuilt[0], commit, lock)

    assert found.startswith("train: models/model.pkl md5 ")
    assert found.endswith("at byte 6: 0x6d recorded, 0x6c rebuilt")


def test_edited_metrics_are_named(
    original: Checkout, rebuilt: tuple[Path, list[str]], tmp_path: Path
) -> None:
    here = Path(shutil.copytree(original.root, tmp_path / "here"))
    (here / "reports/metrics.json").write_text('{"location": {"f1": 0.9}}')

    (found,) = differences(original, here, rebuilt[0])

    assert found == (
        "evaluate: reports/metrics.json here at location.f1: 0.9 recorded, 0.5 rebuilt"
    )


def test_a_target_that_is_neither_version_nor_commit_is_refused(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fresh)

    with pytest.raises(RegistryError, match="'nonsense' is neither a version nor a commit"):
        verify("nonsense", None)


def test_a_build_that_fails_is_an_error(
    original: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(shutil.copytree(original.root, tmp_path / "here"))
    (here / "make.py").write_text("raise SystemExit(3)")
    Checkout(here).must("git", "commit", "-qam", "Break")
    monkeypatch.chdir(here)

    with pytest.raises(RegistryError, match="the build stopped"):
        verify("HEAD", tmp_path / "again")


@pytest.mark.parametrize(
    ("name", "recorded", "rebuilt", "where"),
    [
        pytest.param("a.json", {"a": {"b": 1}}, {"a": {"b": 2}}, "at a.b: 1 re", id="a key"),
        pytest.param("a.json", {"a": 1}, {"a": 1, "b": 2}, "at b: None re", id="a new key"),
        pytest.param("a.csv", [1, 2], [1, 2, 3], "at byte 5: 0x5d re", id="a byte"),
    ],
)
def test_the_first_difference_is_located(
    tmp_path: Path, name: str, recorded: object, rebuilt: object, where: str
) -> None:
    for folder, content in (("x", recorded), ("y", rebuilt)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(json.dumps(content))

    (found,) = find_differences(tmp_path / "x" / name, tmp_path / "y" / name)
    assert found.startswith(where)


def test_files_that_exist_on_one_side_only_are_named(tmp_path: Path) -> None:
    for name in ("x/same", "y/same", "x/old", "y/new"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert list(find_differences(tmp_path / "x", tmp_path / "y")) == [
        "new is only in the rebuild",
        "old was not rebuilt",
    ]
