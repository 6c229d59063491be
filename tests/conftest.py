"""Whole builds in repositories of their own: a small simulated world, and real imagery."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The first example of a law may wait for loops to be compiled; no law is about time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]
PARTS = ("conf", "src", "labels", "dvc.yaml", ".dvcignore", "requirements.lock", ".gitignore")

GIT_IDENTITY = (
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
)


@dataclass(frozen=True)
class House:
    """A checkout that commands run in.

    It runs the package's own files, whose loops are compiled once for all checkouts; with
    `is_changed` it runs those that were copied into it.
    """

    root: Path
    is_changed: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """Variables that commands of this checkout run with."""
        env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str((self.root if self.is_changed else ROOT) / "src"),
            "DVC_NO_ANALYTICS": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **dict.fromkeys(GIT_IDENTITY, "nobody"),
        }
        env.pop("MLFLOW_TRACKING_URI", None)
        return env

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment; what it prints is captured."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, *command: str) -> str:
        """Run a command that has to succeed; give all it printed."""
        done = self.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def house(root: Path, *overrides: str) -> House:
    """Copy the project and choose its parameters."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    (root / "mlruns").mkdir()
    shutil.copy(ROOT / "mlruns" / ".gitignore", root / "mlruns")
    built = House(root)
    built.must("git", "init", "-q")
    built.must("dvc", "init", "-q")
    built.must("minecover", "params", "--write", *overrides)
    built.must("git", "add", "-A")
    built.must("git", "commit", "-qm", "Begin")
    return built


SMALL = (
    "world.n_sites=12",
    "folds.n=3",
    # Twelve sites are too few to say whether position tells.
    "folds.gate=false",
)


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Twelve sites, from labels to report, registered."""
    built = house(tmp_path_factory.mktemp("small_world"), *SMALL)
    built.must("dvc", "repro")
    built.must("minecover", "register", "--if-missing")
    return built


@pytest.fixture(scope="session")
def scored_by_date(small_world: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Score the small world's tables date by date, and then over dates."""
    root = tmp_path_factory.mktemp("scored_by_date") / "house"
    unused = shutil.ignore_patterns(".dvc", ".git", "*.tif", "mlruns")
    shutil.copytree(small_world.root, root, ignore=unused)
    built = House(root)
    choice = ("design=observation", "features=[bands,spectral]")
    built.must("minecover", "params", "--write", *SMALL, *choice)
    built.must("python", "-m", "minecover.pipeline.stages", "train")
    built.must("python", "-m", "minecover.pipeline.stages", "evaluate")
    return built


@pytest.fixture(scope="session")
def brumadinho(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Build the experiment on real Landsat imagery, with a small forest, and register it."""
    real_data = Path(os.environ.get("MINECOVER_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not real_data.is_dir():
        pytest.skip(f"no real data at {real_data}; name the folder in MINECOVER_REAL_DATA")
    built = house(
        tmp_path_factory.mktemp("brumadinho"),
        "experiment=brumadinho",
        f"paths.real_data={real_data}",
        "model.n_estimators=10",
        "metrics.bootstrap.replicates=20",
    )
    built.must("dvc", "repro")
    built.must("minecover", "register", "--if-missing")
    return built


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Start a real browser without a window; while it runs, so does its event loop."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no browser; apt-get install chromium")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()
