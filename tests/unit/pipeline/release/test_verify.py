"""A build is made again from nothing; a flipped bit makes its table be named."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import House

from minecover.core.errors import RegistryError
from minecover.pipeline.release.differences import unlike
from minecover.pipeline.release.dvc_lock import Lock
from minecover.pipeline.release.verify import differences, verify

#: Tables, a model and scores, in the stages that a real build makes them in.
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


def dvc(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "dvc", *words]
    subprocess.run(command, cwd=folder, env=House(folder).environment, check=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A small pipeline, built and committed."""
    root = tmp_path_factory.mktemp("built") / "house"
    root.mkdir()
    (root / "dvc.yaml").write_text(STAGES)
    (root / "make.py").write_text(MAKE)
    (root / ".gitignore").write_text("/data/\n/models/\n")
    made = House(root)
    made.must("git", "init", "-q")
    made.must("dvc", "init", "-q")
    made.must("dvc", "repro", "-q")
    made.must("git", "add", "-A")
    made.must("git", "commit", "-qm", "Build")
    return made


@pytest.fixture(scope="module")
def fresh(built: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone: it has what git holds, and no data."""
    root = tmp_path_factory.mktemp("fresh") / "clone"
    built.must("git", "clone", "-q", str(built.root), str(root))
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


def found(built: House, here: Path, scratch: Path) -> list[str]:
    """What `verify` says of a rebuild, with what lies in a checkout."""
    commit = built.must("git", "rev-parse", "HEAD").strip()
    text = (built.root / "dvc.lock").read_text()
    return list(differences(here, scratch, commit, Lock.read(text, "the build")))


def test_a_fresh_clone_builds_the_same_bytes(rebuilt: tuple[Path, list[str]]) -> None:
    scratch, said = rebuilt

    assert said == []
    assert (scratch / TABLE).read_text() == "table b"
    assert not (scratch / ".dvc/cache/files").exists()


def test_a_flipped_bit_in_a_table_names_the_table(
    built: House, rebuilt: tuple[Path, list[str]], tmp_path: Path
) -> None:
    here = Path(shutil.copytree(built.root, tmp_path / "here"))
    flip(here / TABLE)

    assert found(built, here, rebuilt[0]) == [
        "features: data/features here b.parquet at byte 6: 0x63 recorded, 0x62 rebuilt"
    ]


def test_a_flipped_bit_in_the_recorded_model_names_the_model(
    built: House, rebuilt: tuple[Path, list[str]], tmp_path: Path
) -> None:
    here = Path(shutil.copytree(built.root, tmp_path / "here"))
    flip(here / "models/model.pkl")
    dvc(here, "commit", "-q", "-f", "train")
    lock = Lock.read((here / "dvc.lock").read_text(), "the checkout")
    commit = built.must("git", "rev-parse", "HEAD").strip()

    (said,) = differences(here, rebuilt[0], commit, lock)

    assert said.startswith("train: models/model.pkl md5 ")
    assert said.endswith("at byte 6: 0x6d recorded, 0x6c rebuilt")


def test_scores_that_were_edited_are_named(
    built: House, rebuilt: tuple[Path, list[str]], tmp_path: Path
) -> None:
    here = Path(shutil.copytree(built.root, tmp_path / "here"))
    (here / "reports/metrics.json").write_text('{"location": {"f1": 0.9}}')

    (said,) = found(built, here, rebuilt[0])

    assert said == (
        "evaluate: reports/metrics.json here at location.f1: 0.9 recorded, 0.5 rebuilt"
    )


def test_what_is_neither_a_version_nor_a_commit_is_named(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fresh)

    with pytest.raises(RegistryError, match="'nonsense' is neither a version nor a commit"):
        verify("nonsense", None)


def test_a_build_that_stops_is_no_verdict(
    built: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(shutil.copytree(built.root, tmp_path / "here"))
    (here / "make.py").write_text("raise SystemExit(3)")
    House(here).must("git", "commit", "-qam", "Break")
    monkeypatch.chdir(here)

    with pytest.raises(RegistryError, match="the build stopped"):
        verify("HEAD", tmp_path / "again")


@pytest.mark.parametrize(
    ("name", "recorded", "rebuilt", "said"),
    [
        pytest.param("a.json", {"a": {"b": 1}}, {"a": {"b": 2}}, "at a.b: 1 re", id="a key"),
        pytest.param("a.json", {"a": 1}, {"a": 1, "b": 2}, "at b: None re", id="a new key"),
        pytest.param("a.csv", [1, 2], [1, 2, 3], "at byte 5: 0x5d re", id="a byte"),
    ],
)
def test_the_first_difference_is_located(
    tmp_path: Path, name: str, recorded: object, rebuilt: object, said: str
) -> None:
    for folder, content in (("x", recorded), ("y", rebuilt)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(json.dumps(content))

    (found,) = unlike(tmp_path / "x" / name, tmp_path / "y" / name)
    assert found.startswith(said)


def test_files_that_only_one_side_has_are_named(tmp_path: Path) -> None:
    for name in ("x/same", "y/same", "x/old", "y/new"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert list(unlike(tmp_path / "x", tmp_path / "y")) == [
        "new is only in the rebuild",
        "old was not rebuilt",
    ]
