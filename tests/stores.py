"""A checkout with a small registry: what the tests of promotion and of the UI look at."""

import json
import os
import pickle
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from minecover.core.config import composed, write_params
from minecover.core.digests import file_digest
from minecover.evaluation.out_of_fold import OutOfFold, write_out_of_fold
from minecover.learning.applicability import DissimilarityIndex
from minecover.learning.models.calibrated import AsIs, Calibrated
from minecover.learning.models.linear import linear
from minecover.learning.training import finished
from minecover.tracking import Dataset, Record, Tracking
from minecover.tracking.record import REQUIRED_TAGS
from minecover.tracking.registry import register
from minecover.tracking.types import Version

#: Locations are scored once; they are mines in the corner, and nobody drew a threshold.
CHOICES = ("design.threshold=0.5", "metrics.bootstrap.replicates=200")
SHAPE, N_SITES = (1, 12, 12), 24


@dataclass(frozen=True)
class Build:
    """What one build left behind, as far as the registry asks."""

    lock: str  # a digit; repeated it is the digest
    skill: float  # how far mines are told from other ground; 0 is chance
    passed: bool = True  # the audit of leaks
    dirty: bool = False
    fills: bool = True  # whether the model's first step takes what callers send
    card: str = "# A card\n"
    pictures: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Checkout:
    """A clean git repository with params.yaml, and a registry beside its files."""

    root: Path
    tracking: Tracking

    def git(self, *words: str) -> str:
        author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
        command = ["git", "-C", str(self.root), *author, *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def registered(self, build: Build) -> Version:
        """Register a build as `make run` does."""
        folder = self.root / "mlruns" / "built" / build.lock
        folder.mkdir(parents=True)
        model, card = trained(folder, fills=build.fills)
        write_out_of_fold(folder / "out_of_fold.parquet", iter(scored(build.skill)))
        audit = {"passed": build.passed, "failed": [] if build.passed else ["position_only"]}
        (folder / "leakage.json").write_text(json.dumps(audit))
        names = ("out_of_fold.parquet", "leakage.json")
        record = Record(
            name=f"simulated location linear {build.lock * 8}",
            params={"model": {"C": 1.0}, "seed": 7},
            metrics={"location": {"f1": build.skill / 4, "average_precision": build.skill / 3}},
            tags={
                **dict.fromkeys(REQUIRED_TAGS, "known"),
                "lock_digest": build.lock * 64,
                "git_commit": self.git("rev-parse", "HEAD"),
                "git_dirty": str(build.dirty).lower(),
                "family": "linear",
            },
            dataset=Dataset("simulated locations", "data/features", "d" * 36),
            artifacts=(
                *(folder / name for name in names),
                self.root / "params.yaml",
                *build.pictures,
            ),
            description=build.card,
            by_fold={},
        )
        return register(self.tracking, record, model=model, card=card)


def checkout(root: Path, conf: Path) -> Checkout:
    """Make a repository with one commit."""
    params = composed(CHOICES, conf=conf)
    write_params(params, root / "params.yaml")
    (root / "code.py").write_text("first\n")
    (root / ".gitignore").write_text("/mlruns/\n")
    made = Checkout(root, Tracking(str(root / "mlruns"), "minecover", "minecover"))
    made.git("init", "-q")
    made.git("add", ".")
    made.git("commit", "-qm", "Begin")
    return made


def trained(folder: Path, *, fills: bool) -> tuple[Path, Path]:
    """Leave a small model as `train` leaves one; give its pickle and its card."""
    rng = np.random.default_rng(7)
    X = rng.random((200, 4), np.float32)
    y = (X[:, 0] > 0.6).astype(np.int8)
    fitted = Calibrated(linear(C=1.0, max_iter=100, class_weight=None).fit(X, y), AsIs())
    index = DissimilarityIndex(np.ones(4), 4).fit(X, np.arange(200) % 2)
    model = finished(fitted, 0.4, {"applicability": index})
    if not fills:
        model = Pipeline([*model.steps[:-1], ("classifier", fitted.model[-1])])
    (folder / "model.pkl").write_bytes(pickle.dumps(model, protocol=5))
    card = {
        "features": ["B4", "B5", "ndvi", "bsi"],
        "sha256": file_digest(folder / "model.pkl"),
    }
    (folder / "model.json").write_text(json.dumps(card))
    return folder / "model.pkl", folder / "model.json"


def scored(skill: float) -> list[OutOfFold]:
    """Score sites whose corner is a mine; the more skill, the less its scores overlap."""
    rng = np.random.default_rng(7)
    label = np.zeros(SHAPE, np.int8)
    label[:, :3, :3] = 1
    scores = rng.normal(size=(N_SITES, *SHAPE)) + skill * label
    p = (1 / (1 + np.exp(-scores))).astype(np.float32)
    return [
        OutOfFold(f"sim{i:04d}", i % 3, ("",), label, label, np.ones(SHAPE, bool), p[i])
        for i in range(N_SITES)
    ]


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)
