"""Which stages does `dvc repro` run again when one thing changes? Prints a table.

    python benchmarks/rebuilds.py

Builds eight simulated sites in a scratch folder, makes one change after the other in copies of
it, and builds again. A stage that reads what changed runs; one that comes later runs only if
what it reads came out differently. docs/results/what-is-rebuilt.md holds the table, and
tests/unit/test_what_is_rebuilt.py checks its second column against dvc.yaml.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd

ROOT = Path(__file__).parents[1]
PARTS = ("conf", "src", "labels", "dvc.yaml", ".dvcignore", "requirements.lock", ".gitignore")
#: A build of a minute.
SMALL = (
    "world.n_sites=8",
    "folds.n=2",
    "folds.gate=false",
    "model.n_estimators=20",
    "metrics.bootstrap.replicates=20",
    # Files that DVC watches, as it watches outlines and scenes of one's own.
    "labels.input=outlines",
    "source.input=scenes",
)
INPUTS = ("outlines", "scenes")


def run(root: Path, *command: str) -> str:
    """Run a command in a checkout with the source of that checkout; return its output."""
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    env = {
        **os.environ,
        **dict.fromkeys(names, "nobody"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(root / "src"),
        "DVC_NO_ANALYTICS": "1",
    }
    done = subprocess.run(
        command, cwd=root, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def append(name: str, line: str = "# A comment.") -> Callable[[Path], None]:
    """Return a change that adds a line at the end of a file."""

    def change(root: Path) -> None:
        with (root / name).open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")

    return change


def write(*words: str) -> Callable[[Path], None]:
    """Return a change of the configuration."""

    def change(root: Path) -> None:
        run(root, "minecover", "params", "--write", *SMALL, *words)

    return change


def review(root: Path) -> None:
    """Reject the ground of one candidate, as a reviewer does."""
    words = ("minecover", "review", "export", "--uncertain", "--top", "1", "--json")
    package = json.loads(run(root, *words))["files"][0]
    questions = gpd.read_file(root / package, layer="review")
    questions.assign(verdict="not mine").to_file(root / package, layer="review")
    run(root, "minecover", "review", "import", package, "--who", "ada", "--when", "2026-03-01")


#: Everything that changes, by its name in the table.
CHANGES: dict[str, Callable[[Path], None]] = {
    "a comment in `core/`": append("src/minecover/core/errors.py"),
    "a comment in `sources/`": append("src/minecover/sources/mtl.py"),
    "a comment in `features/`": append("src/minecover/features/spectral.py"),
    "a comment in `learning/`": append("src/minecover/learning/fitting.py"),
    "a comment in `evaluation/`": append("src/minecover/evaluation/metrics.py"),
    "a comment in `reporting/`": append("src/minecover/reporting/figures/curves.py"),
    "a comment in `pipeline/stages/folds.py`": append("src/minecover/pipeline/stages/folds.py"),
    "a comment in `release/`, `sweep/` or `cli/`": append("src/minecover/cli/release.py"),
    "a comment in `requirements.lock`": append("requirements.lock"),
    "`model.num_leaves`": write("model.num_leaves=7"),
    "`mask`": write("mask=poc"),
    "`folds.n`": write("folds.n=3"),
    "`metrics.bootstrap.replicates`": write("metrics.bootstrap.replicates=30"),
    "`report.checks_a_week`": write("report.checks_a_week=40"),
    "`promotion.tolerated`": write("promotion.tolerated=0.01"),
    "a file of outlines (`labels.input`)": append("outlines/mines.geojson"),
    "a verdict of a reviewer": review,
    "a scene (`source.input`)": append("scenes/LC08.txt"),
}


def prepare(root: Path) -> None:
    """Copy the project into a repository, without building it."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    for name in INPUTS:
        (root / name).mkdir()
        (root / name / "README.txt").write_text("watched by DVC\n")
    run(root, "git", "init", "-q")
    run(root, "dvc", "init", "-q")
    run(root, "minecover", "params", "--write", *SMALL)
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-qm", "Begin")


def readers(root: Path) -> list[str]:
    """Return the stages that read what has changed, as `dvc status` names them."""
    status = json.loads(run(root, "dvc", "status", "--json"))
    stages = run(root, "dvc", "stage", "list", "--name-only").split()
    return [stage for stage in stages if stage in status]


def built(root: Path) -> list[str]:
    """Build, and return the stages that ran."""
    return re.findall(r"Running stage '(\w+)'", run(root, "dvc", "repro"))


def shown(names: list[str], n_all: int) -> str:
    """Return names of stages for a cell of the table."""
    return "all" if len(names) == n_all else ", ".join(names) or "none"


def main() -> None:
    """Build the small world, make every change in a copy, and print the table."""
    print("| what changes | stages that read it | stages that ran after these |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "base")
        base.mkdir()
        prepare(base)
        n_all = len(built(base))
        for name, change in CHANGES.items():
            copy = Path(folder, "copy")
            shutil.copytree(base, copy)
            change(copy)
            direct = readers(copy)
            later = [stage for stage in built(copy) if stage not in direct]
            print(f"| {name} | {shown(direct, n_all)} | {shown(later, n_all)} |", flush=True)
            shutil.rmtree(copy)


if __name__ == "__main__":
    main()
