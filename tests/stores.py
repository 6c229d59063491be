"""A git checkout with a small registry, for the tests of promotion."""

import hashlib
import json
import os
import pickle
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from drawn_models import undecided
from sklearn.pipeline import Pipeline

from minecover.core.config import composed, write_params
from minecover.core.digests import file_digest
from minecover.evaluation.out_of_fold import OutOfFold, write_out_of_fold
from minecover.learning.applicability import DissimilarityIndex
from minecover.learning.models.calibrated import AsIs, Calibrated
from minecover.learning.models.linear import linear
from minecover.learning.training import with_threshold
from minecover.tracking import Dataset, Record, Tracking, registry
from minecover.tracking.record import REQUIRED_TAGS
from minecover.tracking.types import Version

#: Overrides for params.yaml: a fixed threshold, and few bootstrap replicates.
OVERRIDES = ("design.threshold=0.5", "metrics.bootstrap.replicates=200")
SHAPE, N_SITES = (1, 12, 12), 24


@dataclass(frozen=True)
class Build:
    """The properties of one build that the registry and the checks of promotion read."""

    lock: str  # a digit; repeated it is the lock digest
    skill: float  # shift of the probabilities of mines [logits]; 0 is chance
    passes_audit: bool = True  # of leakage
    is_dirty: bool = False  # whether dvc.lock was not committed
    code: str = "first\n"  # content of code.py when it was built
    takes_nan: bool = True  # whether the model imputes NaN


@dataclass(frozen=True)
class RegistryCheckout:
    """A clean git repository with params.yaml, and a registry beside its files."""

    root: Path
    tracking: Tracking

    def git(self, *arguments: str) -> str:
        author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
        command = ["git", "-C", str(self.root), *author, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def register(self, build: Build) -> Version:
        """Register a build as `make run` does."""
        self.write_lock(build)
        if not build.is_dirty:
            self.git("add", "dvc.lock")
            self.git("commit", "-qm", "Build", "--allow-empty")
        folder = self.root / "mlruns" / "builds" / build.lock
        folder.mkdir(parents=True)
        model, card = write_model(folder, takes_nan=build.takes_nan)
        write_out_of_fold(folder / "out_of_fold.parquet", iter(out_of_fold(build.skill)))
        audit = {
            "passed": build.passes_audit,
            "failed": [] if build.passes_audit else ["position_only"],
        }
        (folder / "leakage.json").write_text(json.dumps(audit))
        score = build.skill / 3
        names = ("out_of_fold.parquet", "leakage.json", "metrics.json")
        metrics = {
            "prevalence": {"location": 9 / 144},
            "location": {
                "precision": 0.5,
                "recall": 0.5,
                "average_precision": score,
                "average_precision_low": score - 0.1,
                "average_precision_high": score + 0.1,
            },
        }
        (folder / "metrics.json").write_text(json.dumps(metrics))
        record = Record(
            name=f"simulated location linear {build.lock * 8}",
            params={"model": {"C": 1.0}, "seed": 7},
            metrics={"location": {"f1": build.skill / 4, "average_precision": build.skill / 3}},
            tags={
                **dict.fromkeys(REQUIRED_TAGS, "known"),
                "build_digest": build.lock * 64,
                "git_commit": self.git("rev-parse", "HEAD"),
                "git_dirty": str(build.is_dirty).lower(),
                "family": "linear",
            },
            dataset=Dataset("simulated locations", "data/features", "d" * 36),
            artifacts=(
                *(folder / name for name in names),
                *(self.root / name for name in ("params.yaml", "dvc.lock")),
            ),
            description="# A card\n",
            by_fold={},
        )
        version = registry.register(self.tracking, record, model=model, card=card)
        if build.is_dirty:
            self.git("checkout", "-q", "dvc.lock")
        return version

    def write_lock(self, build: Build) -> None:
        """Write the dvc.lock of a build."""
        code = hashlib.md5(build.code.encode(), usedforsecurity=False).hexdigest()
        stage = {
            "cmd": f"build {build.lock}",
            "deps": [{"path": "code.py", "md5": code, "size": len(build.code)}],
            "params": {"params.yaml": {"seed": 7, "design.threshold": 0.5}},
            "outs": [{"path": "reports/metrics.json", "md5": build.lock * 32, "size": 9}],
        }
        (self.root / "dvc.lock").write_text(yaml.safe_dump({"stages": {"evaluate": stage}}))


def make_registry_checkout(root: Path, conf: Path) -> RegistryCheckout:
    """Create a repository with one commit, and an empty registry."""
    params = composed(OVERRIDES, conf=conf)
    write_params(params, root / "params.yaml")
    (root / "code.py").write_text("first\n")
    (root / ".gitignore").write_text("/mlruns/\n")
    checkout = RegistryCheckout(root, Tracking(str(root / "mlruns"), "minecover", "minecover"))
    checkout.git("init", "-q")
    checkout.git("add", ".")
    checkout.git("commit", "-qm", "Begin")
    return checkout


def write_model(folder: Path, *, takes_nan: bool) -> tuple[Path, Path]:
    """Write a small model and its card as `train` does; return both paths."""
    rng = np.random.default_rng(7)
    X = rng.random((200, 4), np.float32)
    y = (X[:, 0] > 0.6).astype(np.int8)
    fitted = Calibrated(linear(C=1.0, max_iter=100, class_weight=None).fit(X, y), AsIs())
    index = DissimilarityIndex(np.ones(4), 4).fit(X, fold=np.arange(200) % 2)
    model = with_threshold(fitted, 0.4, {"applicability": index, "disagreement": undecided(4)})
    if not takes_nan:
        model = Pipeline([*model.steps[:-1], ("classifier", fitted.estimator[-1])])
    (folder / "model.pkl").write_bytes(pickle.dumps(model, protocol=5))
    card = {
        "features": ["red", "nir08", "ndvi", "bsi"],
        "row": "one place",
        "dates": {"min": 1, "median": 3.0, "max": 7, "share_with_one": 0.1, "fewest": 1},
        "observation_threshold": 0.4,
        "example": {"rows": [[0.9, 0.1, 0.1, 0.1], [0.1, None, 0.1, 0.1]]},
        "sha256": file_digest(folder / "model.pkl"),
    }
    (folder / "model.json").write_text(json.dumps(card))
    return folder / "model.pkl", folder / "model.json"


def out_of_fold(skill: float) -> list[OutOfFold]:
    """Return probabilities of sites with a mine in the corner, better with more skill."""
    rng = np.random.default_rng(7)
    label = np.zeros(SHAPE, np.int8)
    label[:, :3, :3] = 1
    scores = rng.normal(size=(N_SITES, *SHAPE)) + skill * label
    p = (1 / (1 + np.exp(-scores))).astype(np.float32)
    return [
        OutOfFold(f"sim{i:04d}", i % 3, ("",), label, label, np.ones(SHAPE, bool), p[i])
        for i in range(N_SITES)
    ]


class FolderMaker:
    """Creates a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)
