"""Our sweep against scikit-learn's GridSearchCV, in one run: forests, or boosted trees.

    python benchmarks/sweep.py --sites 24
    python benchmarks/sweep.py --sites 200 --family boosted

Two depths x three leaf sizes x two forest sizes (a tenth of the trees of 2017), or two numbers
of rounds x three numbers of leaves x two rates on the default features; simulated sites, two
workers each, on the same drawn rows, the same folds and the same scorers. GridSearchCV fits and
scores; ours also writes a run with tables, pictures and intervals for every job.
Prints one table, and the tricks behind it:

* a smaller forest is the beginning of a larger one, and a limit on depth changes no tree that
  never gets so deep: 40 + 55 trees are 55, and two depths are one;
* each tree scores a row once, for every forest that it stands in, where GridSearchCV asks for
  `predict` and again for `predict_proba`;
* two workers that need the same fits take a fold each, and read the other's;
* tables lie in one file that both workers map; the drawn rows stay in memory between jobs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV

from minecover.core.config import Params, load_params
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.learning.sample import fold_rows
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.training_data import training_data
from minecover.tracking import runs

ROOT = Path(__file__).parents[1]
Grid = dict[str, list[Any]]
GRIDS: dict[str, Grid] = {
    "forest": {
        "max_depth": [40, None],
        "min_samples_leaf": [1, 10, 50],
        "n_estimators": [40, 55],
    },
    "boosted": {
        "n_estimators": [100, 150],
        "num_leaves": [15, 31, 63],
        "learning_rate": [0.08, 0.16],
    },
}
#: The features and rows: eleven bands date by date, as in 2017; those of the default model,
#: with rows that all weigh the same, as GridSearchCV weighs them.
CHOICES = {
    "forest": ["experiment=acceptance"],
    "boosted": [
        "model=boosted",
        "design.calibration=none",
        "design.recipe.correct_prior=false",
        "design.recipe.drop_dates=0",
    ],
}
#: The most that a sweep may take of the time of GridSearchCV.
LIMITS = {"forest": 0.7, "boosted": 0.65}
SCORERS = ("average_precision", "precision", "recall", "accuracy", "f1", "roc_auc")


def main() -> None:
    """Build the world, run both, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=24)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--family", choices=list(GRIDS), default="forest")
    asked = parser.parse_args()
    grid = GRIDS[asked.family]
    words = [
        *CHOICES[asked.family],
        "context=none",
        f"world.n_sites={asked.sites}",
        f"folds.n={asked.folds}",
        "folds.gate=false",
    ]
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        build(words)
        ours, tables = sweep(words, grid)
        theirs, search = grid_search(load_params(), grid)
        differ = max(differences(tables, search, asked.folds))
    print(f"{asked.sites} simulated sites, {len(tables)} jobs of {asked.family}, 2 workers")
    print(f"GridSearchCV   {theirs:7.1f} s")
    print(
        f"sweep          {ours:7.1f} s   {ours / theirs:.2f} of theirs "
        f"(limit {LIMITS[asked.family]})"
    )
    print(f"largest difference of a score of a fold: {differ:.1e}")


def build(words: list[str]) -> None:
    """Build the tables in a repository of their own."""
    tools = "dvc.yaml", ".dvcignore", "requirements.lock", ".gitignore"
    for part in ("conf", "src", "labels", *tools):
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, part)
    for command in (
        ["git", "init", "-q"],
        ["dvc", "init", "-q"],
        [
            "git",
            "-c",
            "user.name=nobody",
            "-c",
            "user.email=nobody",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "Begin",
        ],
        ["minecover", "params", "--write", *words],
        ["dvc", "repro", "-q", "folds"],
    ):
        subprocess.run(command, check=True)


def sweep(
    words: list[str], grid: Grid
) -> tuple[float, dict[tuple[str, ...], dict[str, np.ndarray]]]:
    """Time the sweep; give the wall time [s], and scores by the values of each job."""
    listed = [f"model.{key}={','.join(map(written, grid[key]))}" for key in sorted(grid)]
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    start = time.perf_counter()
    subprocess.run(
        ["minecover", "sweep", *words, *listed, *launcher],
        check=True,
    )
    wall = time.perf_counter() - start
    tracking = load_params().build("tracking")
    path = next(Path(tracking.folder).glob("artifacts/*/artifacts/summary.csv"))
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    found, fitting, rest = {}, [], []
    for row in table.to_dict("records"):
        seconds = runs.find_run(tracking, row["run_id"]).metrics
        fitting.append(seconds["seconds.fit_and_predict"])
        rest.append(seconds["seconds.rest"])
        with tempfile.TemporaryDirectory() as folder:
            path = runs.download_artifact(
                tracking, row["run_id"], "out_of_fold.parquet", Path(folder)
            )
            found[tuple(str(row[f"model.{key}"]) for key in sorted(grid))] = by_fold(path)
    print(f"beside fitting and predicting: {median(rest):.1f} s of a job's own, median;")
    print(f"with starting and logging {(2 * wall - sum(fitting)) / len(rest):.1f} s a job")
    return wall, found


def by_fold(path: Path) -> dict[str, np.ndarray]:
    """Score each fold of one job with scikit-learn's own functions: (n_folds,) by scorer."""
    parts: dict[int, list[np.ndarray]] = {}
    for site in read_out_of_fold(path):
        counts = site.valid & (site.label >= 0)
        pair = np.stack([site.label[counts].astype(np.float64), site.probability[counts]])
        parts.setdefault(site.fold, []).append(pair)
    rows = [np.concatenate(parts[fold], axis=1) for fold in sorted(parts)]
    scored = [scores(y, p) for y, p in rows]
    return {name: np.array([one[name] for one in scored]) for name in SCORERS}


def scores(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """Score as GridSearchCV's scorers of these names do."""
    said = p > 0.5
    return {
        "average_precision": average_precision_score(y, p),
        "precision": precision_score(y, said, zero_division=0),
        "recall": recall_score(y, said),
        "accuracy": accuracy_score(y, said),
        "f1": f1_score(y, said),
        "roc_auc": roc_auc_score(y, p),
    }


def written(value: object) -> str:
    """Return a value as Hydra's grammar writes it."""
    return "null" if value is None else str(value)


def grid_search(params: Params, grid: Grid) -> tuple[float, GridSearchCV]:
    """Time GridSearchCV on the rows that the sweep drew and the ground that it scored."""
    data = training_data(params, BuildState.here().data)
    tables = [data.store(index, ("all",)) for index in range(len(data.sites))]
    kept = [table.valid & (table.label >= 0) for table in tables]
    n_drawn = len(data.sample.y)
    X = np.concatenate([data.sample.X, *(t.X[k] for t, k in zip(tables, kept, strict=True))])
    y = np.concatenate(
        [data.sample.y, *(t.label[k] for t, k in zip(tables, kept, strict=True))]
    )
    fold = np.repeat(data.split.fold_of_site, [int(k.sum()) for k in kept])
    splits = [
        (
            np.flatnonzero(
                fold_rows(data.sample, data.split, k) & data.sample.drawn(data.shares[k], 0)
            ),
            n_drawn + np.flatnonzero(fold == k),
        )
        for k in range(len(data.split.near))
    ]
    search = GridSearchCV(
        params.build("model")[-1],
        grid,
        scoring=list(SCORERS),
        cv=splits,
        refit=False,
        n_jobs=2,
    )
    start = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - start, search


def differences(
    tables: dict[tuple[str, ...], dict[str, np.ndarray]], search: GridSearchCV, n_folds: int
) -> list[float]:
    """Compare every score of every fold of every job."""
    found = []
    for place, chosen in enumerate(search.cv_results_["params"]):
        name = tuple(written(chosen[key]) for key in sorted(chosen))
        for scorer in SCORERS:
            theirs = [
                search.cv_results_[f"split{k}_test_{scorer}"][place] for k in range(n_folds)
            ]
            found.append(float(np.abs(tables[name][scorer] - theirs).max()))
    return found


if __name__ == "__main__":
    main()
