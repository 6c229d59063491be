"""Fixtures of whole builds, each in its own repository: a simulated world, and real imagery."""

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

# The first example of a property may compile loops, so examples have no deadline.
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
class Checkout:
    """A copy of the project that commands run in.

    Commands run the source of this project, whose loops are compiled once for all copies; with
    `is_changed` they run the source in the copy.
    """

    root: Path
    is_changed: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of the commands."""
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
        """Run a command, and capture what it prints."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, *command: str) -> str:
        """Run a command that has to succeed, and return what it printed."""
        done = self.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def make_checkout(root: Path, *overrides: str) -> Checkout:
    """Copy the project into a git repository, and write its params.yaml."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    (root / "mlruns").mkdir()
    shutil.copy(ROOT / "mlruns" / ".gitignore", root / "mlruns")
    checkout = Checkout(root)
    checkout.must("git", "init", "-q")
    checkout.must("dvc", "init", "-q")
    checkout.must("minecover", "params", "--write", *overrides)
    checkout.must("git", "add", "-A")
    checkout.must("git", "commit", "-qm", "Begin")
    return checkout


SMALL = (
    "world.n_sites=12",
    "folds.n=3",
    # Twelve sites are too few for the leakage audit.
    "folds.gate=false",
)


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Build twelve simulated sites, and register the model."""
    checkout = make_checkout(tmp_path_factory.mktemp("small_world"), *SMALL)
    checkout.must("dvc", "repro")
    checkout.must("minecover", "register", "--if-missing")
    return checkout


@pytest.fixture(scope="session")
def scored_by_date(small_world: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Train and evaluate the observation design on the tables of the small world."""
    root = tmp_path_factory.mktemp("scored_by_date") / "checkout"
    unused = shutil.ignore_patterns(".dvc", ".git", "*.tif", "mlruns")
    shutil.copytree(small_world.root, root, ignore=unused)
    checkout = Checkout(root)
    choice = ("design=observation", "features=[bands,spectral]")
    checkout.must("minecover", "params", "--write", *SMALL, *choice)
    checkout.must("python", "-m", "minecover.pipeline", "train")
    checkout.must("python", "-m", "minecover.pipeline", "evaluate")
    return checkout


@pytest.fixture(scope="session")
def brumadinho(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Build the experiment on real Landsat imagery, with a small forest, and register it."""
    real_data = Path(os.environ.get("MINECOVER_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not real_data.is_dir():
        pytest.skip(f"no real data at {real_data}; name the folder in MINECOVER_REAL_DATA")
    checkout = make_checkout(
        tmp_path_factory.mktemp("brumadinho"),
        "experiment=brumadinho",
        f"paths.real_data={real_data}",
        "model.n_estimators=10",
        "metrics.bootstrap.replicates=20",
    )
    checkout.must("dvc", "repro")
    checkout.must("minecover", "register", "--if-missing")
    return checkout


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Start a headless browser; its event loop runs until the fixture ends."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no browser; apt-get install chromium")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """Read the script of axe-core, which looks for what users of screen readers cannot use."""
    name = os.environ.get("MINECOVER_AXE", "node_modules/axe-core/axe.min.js")
    if not Path(name).is_file():
        pytest.skip(f"no {name}; npm install axe-core, and name axe.min.js in MINECOVER_AXE")
    return Path(name).read_text(encoding="utf-8")
