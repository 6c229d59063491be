"""A commit builds what dvc.lock records if it has the code, inputs and parameters of it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Checkout

from minecover.pipeline.release.commits import differing_inputs, find_commit
from minecover.pipeline.release.dvc_lock import DvcLock

STAGES = """
stages:
  evaluate:
    cmd: cat src/package/a.py > scores
    deps: [src/package, labels, ../outside.csv]
    params: [seed, model]
    outs: [scores]
"""
FILES = {
    "dvc.yaml": STAGES,
    "params.yaml": "seed: 7\nmodel: {depth: null, name: forest}\nother: 1\n",
    "src/package/a.py": "first\n",
    "src/package/inner/b.py": "first\n",
    "labels/mines, a.csv": "first\n",
    ".dvcignore": "*.pyc\n",
    ".gitignore": "/scores\n*.pyc\n",
    "../outside.csv": "data\n",
}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """The working directory: a repository whose build DVC made from committed files."""
    root = tmp_path / "checkout"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "src/package/a.pyc").write_text("ignored\n")
    checkout = Checkout(root)
    monkeypatch.chdir(root)
    checkout.must("git", "init", "-q")
    checkout.must("dvc", "init", "-q")
    checkout.must("git", "add", "-A")
    checkout.must("git", "commit", "-qm", "Begin")
    command = [sys.executable, "-m", "dvc", "repro", "-q"]
    subprocess.run(command, env=checkout.environment, check=True)
    return checkout


def head(checkout: Checkout) -> str:
    return checkout.must("git", "rev-parse", "HEAD").strip()


def commit(checkout: Checkout, *names: str) -> str:
    checkout.must("git", "add", *names)
    checkout.must("git", "commit", "-qm", "Change")
    return head(checkout)


def lock() -> DvcLock:
    return DvcLock.read(Path("dvc.lock").read_text(), "here")


def test_dvcs_digests_of_files_folders_and_parameters_are_ours(built: Checkout) -> None:
    assert list(differing_inputs(head(built), lock())) == []


def edit(name: str) -> Callable[[], object]:
    return lambda: Path(name).write_text("second\n")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(edit("src/package/inner/b.py"), ["src/package"], id="code"),
        pytest.param(edit("src/package/new.py"), ["src/package"], id="new code"),
        pytest.param(edit("labels/mines, a.csv"), ["labels"], id="an input"),
        pytest.param(
            lambda: Path("params.yaml").write_text("seed: 8\nmodel: {depth: null}\n"),
            ["params.yaml (model)", "params.yaml (seed)"],
            id="parameters",
        ),
        pytest.param(
            lambda: Path("params.yaml").write_text(FILES["params.yaml"] + "more: 2\n"),
            [],
            id="a parameter that no stage reads",
        ),
        pytest.param(edit("README.md"), [], id="what no stage reads"),
    ],
)
def test_what_a_commit_has_otherwise_is_named(
    built: Checkout, change: Callable[[], object], named: list[str]
) -> None:
    change()

    found = differing_inputs(commit(built, "-A"), lock())

    assert sorted(found) == named


def test_code_that_a_commit_lacks_is_named(built: Checkout) -> None:
    built.must("git", "rm", "-rq", "--cached", "src/package")
    built.must("git", "commit", "-qm", "Forget")

    assert list(differing_inputs(head(built), lock())) == ["src/package"]


def test_the_commit_that_builds_it_is_found_also_after_the_one_that_records_it(
    built: Checkout,
) -> None:
    edit("src/package/a.py")()
    built.must("dvc", "repro", "-q")

    assert find_commit(lock()) is None
    first = commit(built, "dvc.lock")
    recorded = find_commit(lock())
    second = commit(built, "src")
    complete = find_commit(lock())

    assert recorded is not None
    assert (recorded.commit, recorded.differing) == (first, ("src/package",))
    assert complete is not None
    assert (complete.commit, complete.differing) == (second, ())
