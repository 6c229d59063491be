"""Is the simulated world what it was calibrated to be? The fixed recipe on several seeds.

    python benchmarks/acceptance.py --seeds 1 7 11 --sites 200
    python benchmarks/acceptance.py --experiment poc_2017 --seeds 7 --sites 48

Prints one table: prevalence of the labels, share of valid observations, precision and recall
date by date (as published: a clouded mine is a missed one) and after the vote, and F1 on a
random split of the pixels beside the grouped one. Ranges: see `RANGES`. Simulated data.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from minecover.config import Params, composed
from minecover.metrics import Ranking, confusion
from minecover.stages import (
    context,
    evaluate,
    features,
    fetched_sites,
    folds,
    imagery,
    labels,
    masks,
    paths,
    sites,
    train,
)
from minecover.table import SiteTable, read_table
from minecover.training import Recipe, Sample, count_classes, draw_sample, fit, probability

STAGES = (labels, sites, imagery, masks, context, features, folds, train, evaluate)
#: What the fixed recipe has to give on 200 sites.
RANGES = {
    "prevalence %": (0.45, 0.65),
    "valid %": (60, 80),
    "date P": (0.18, 0.42),
    "date R": (0.30, 0.52),
    "vote P": (0.65, 0.88),
    "vote R": (0.38, 0.58),
    "F1 gain": (0.12, 1.0),
    "P gain": (0.25, 1.0),
    "random - grouped F1": (0.0, 1.0),
}


def main() -> None:
    """Run the recipe on every seed and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiment", default="acceptance")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 7, 11])
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--random-split", action=argparse.BooleanOptionalAction, default=True)
    asked = parser.parse_args()
    conf = Path("conf").resolve()
    print(f"{asked.experiment}, {asked.sites} simulated sites", flush=True)
    print("seed | " + " | ".join(RANGES), flush=True)
    for seed in asked.seeds:
        params = composed(
            [
                f"experiment={asked.experiment}",
                f"seed={seed}",
                f"source.world.n_sites={asked.sites}",
                "context=none",
                "folds.gate=false",
            ],
            conf=conf,
        )
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            print(f"{seed:4d} | " + row(params, random_split=asked.random_split), flush=True)
            os.chdir(conf.parent)


def row(params: Params, *, random_split: bool) -> str:
    """Build one world and score it; a star marks what is out of range."""
    for stage in STAGES:
        stage.run(params)
    scores = json.loads(paths.METRICS.read_text())
    date, vote = scores["observation"], scores["location"]
    found = {
        "prevalence %": 100 * scores["prevalence"]["location"],
        "valid %": 100 * scores["coverage"]["observation"],
        "date P": date["precision"],
        "date R": date["recall"],
        "vote P": vote["precision"],
        "vote R": vote["recall"],
        "F1 gain": vote["f1"] - date["f1"],
        "P gain": vote["precision"] - date["precision"],
        "random - grouped F1": np.nan,
    }
    if random_split:
        grouped = scores["common_support"]["observation"]["f1"]
        found["random - grouped F1"] = random_split_f1(params) - grouped
    cells = []
    for name, value in found.items():
        low, high = RANGES[name]
        cells.append(f"{value:.3f}{'' if np.isnan(value) or low <= value <= high else '*'}")
    return " | ".join(cells)


def random_split_f1(params: Params) -> float:
    """Score single observations when locations, not sites, are dealt into folds."""
    here = fetched_sites()
    columns = params.value("source.bands")
    recipe: Recipe = params.build("design.recipe")
    n_folds = int(params.value("folds.splitter.n"))
    profile = str(params.value("mask.name"))

    def read(index: int) -> SiteTable:
        path = paths.table("observation", here[index].site_id)
        return read_table(path, features=columns, profile=profile)

    counts = np.array([count_classes(read(i)) for i in range(len(here))])
    share = recipe.shares(counts, np.zeros(len(here), np.int8))[-1]
    sample = draw_sample(read, len(here), most=share, seed=recipe.seed)
    models = Parallel(n_jobs=-1, prefer="threads")(
        delayed(fit)(
            params.build("model"),
            sample,
            dealt(sample, n_folds) != k,
            share=share,
            correct_prior=recipe.correct_prior,
        )
        for k in range(n_folds)
    )

    def ranked(index: int) -> Ranking:
        table = read(index)
        n_px = int(np.prod(table.shape))
        fold = fold_of(np.full(n_px, index), np.arange(n_px), n_folds)
        fold = np.tile(fold, len(table.dates))
        score = np.full(len(table.label), np.nan, np.float32)
        for k, model in enumerate(models):
            usable = table.valid & (fold == k)
            score = np.where(usable, probability(model, table.X, usable), score)
        seen = np.isfinite(score)
        return Ranking.of(score[seen], table.label[seen])

    rankings = Parallel(n_jobs=-1, prefer="threads")(
        delayed(ranked)(i) for i in range(len(here))
    )
    counted = confusion(rankings, [float(params.value("design.threshold"))] * len(here))
    tp, fp, fn = (float(c.sum()) for c in (counted.tp, counted.fp, counted.fn))
    return 2 * tp / (2 * tp + fp + fn)


def dealt(sample: Sample, n_folds: int) -> np.ndarray:
    """Deal the sample's rows by their location."""
    return fold_of(sample.site, sample.location, n_folds)


def fold_of(site: np.ndarray, location: np.ndarray, n_folds: int) -> np.ndarray:
    """Deal a location by a hash of where it is (Knuth's multiplicative one)."""
    mixed = (site.astype(np.uint64) * 1_000_003 + location.astype(np.uint64)) * 2_654_435_761
    return ((mixed >> np.uint64(16)) % np.uint64(n_folds)).astype(np.int8)


if __name__ == "__main__":
    sys.exit(main())
