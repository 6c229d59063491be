"""Is the simulated world what it was calibrated to be? The fixed recipe on several seeds.

    python benchmarks/acceptance.py --seeds 1 7 11 --sites 200
    python benchmarks/acceptance.py --experiment poc_2017 --seeds 7 --sites 48 --folds 1

Prints one table: prevalence of the labels, share of valid observations, precision and recall
date by date (as published: a clouded mine is a missed one) and after the vote, and F1 on a
random split of the pixels beside the grouped one. Ranges: see `RANGES`. Simulated data.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.outputs import fetched_sites
from minecover.evaluation import Ranking, confusion
from minecover.evaluation.out_of_fold import write_out_of_fold
from minecover.learning.fitting import fit, fit_folds, predict_out_of_fold, probability
from minecover.learning.folds import GroupedFolds
from minecover.learning.recipe import Recipe
from minecover.learning.sample import Split, count_rows, draw_sample
from minecover.pipeline.stages import (
    context,
    evaluate,
    features,
    folds,
    imagery,
    labels,
    masks,
    sites,
)
from minecover.pipeline.stages.train import chosen_columns, make_split

STAGES = (labels, sites, imagery, masks, context, features, folds)
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
    parser.add_argument("--folds", type=int, help="score the first so many folds only")
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
                f"world.n_sites={asked.sites}",
                "context=none",
                "folds.gate=false",
            ],
            conf=conf,
        )
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            print(f"{seed:4d} | " + row(params, asked), flush=True)
            os.chdir(conf.parent)


def row(params: Params, asked: argparse.Namespace) -> str:
    """Build one world and score it; a star marks what is out of range."""
    for stage in STAGES:
        stage.run(params)
    setting = Setting(params)
    setting.write_grouped(asked.folds or int(params.value("folds.n")))
    evaluate.run(params)
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
    if asked.random_split:
        grouped = scores["common_support"]["observation"]["f1"]
        found["random - grouped F1"] = setting.random_split_f1() - grouped
    cells = []
    for name, value in found.items():
        low, high = RANGES[name]
        cells.append(f"{value:.3f}{'' if np.isnan(value) or low <= value <= high else '*'}")
    return " | ".join(cells)


class Setting:
    """The recipe on one built world: its tables, and one sample for both kinds of split.

    No final model is fitted: nothing here is asked of it.
    """

    def __init__(self, params: Params) -> None:
        self.params = params
        self.here = fetched_sites()
        self.columns = list(chosen_columns(params))
        self.split: Split = make_split(
            self.here,
            GroupedFolds(params.value("folds.n"), params.value("folds.buffer_m")),
            pd.read_parquet(paths.FOLDS),
        )
        self.recipe: Recipe = params.build("design.recipe")
        near_px = self.recipe.keep_within_px
        counts = count_rows(
            lambda index, _: self.read(index), self.split, keep_within_px=near_px
        )
        self.shares = self.recipe.shares(counts, self.split.fold_of_site)
        self.sample = draw_sample(
            self.read,
            self.split,
            thinned=None,
            most=max(self.shares),
            keep_within_px=near_px,
            seed=self.recipe.seed,
        )

    def read(self, index: int) -> SiteTable:
        """Read one site's observations."""
        path = paths.table("observation", self.here[index].site_id)
        profile = str(self.params.value("mask"))
        return read_table(path, features=self.columns, profile=profile, static=None)

    def write_grouped(self, n_folds: int) -> None:
        """Predict the sites of the first folds with their fold's model, as `train` does."""
        models = fit_folds(
            self.params.build("model"),
            self.recipe,
            self.sample,
            self.split,
            shares=self.shares[:n_folds],
        )
        scored = np.flatnonzero(self.split.fold_of_site < n_folds)
        some = replace(
            self.split,
            site_ids=tuple(self.split.site_ids[i] for i in scored),
            fold_of_site=self.split.fold_of_site[scored],
        )
        rows = predict_out_of_fold(models, lambda index: self.read(int(scored[index])), some)
        write_out_of_fold(paths.OUT_OF_FOLD, iter(rows))

    def random_split_f1(self) -> float:
        """Score single observations when locations, not sites, are dealt into folds.

        One fold of them is enough: it holds locations of every site.
        """
        n_folds = int(self.params.value("folds.n"))
        share = self.shares[-1]
        model = fit(
            self.params.build("model"),
            self.recipe,
            self.sample,
            fold_of(self.sample.site, self.sample.location, n_folds) != 0,
            share=share,
            bag=0,
        )
        rankings = []
        for index in range(len(self.here)):
            table = self.read(index)
            n_px = int(np.prod(table.shape))
            fold = fold_of(np.full(n_px, index), np.arange(n_px), n_folds)
            tested = table.valid & (np.tile(fold, len(table.dates)) == 0)
            score = probability(model, table.X[tested])
            rankings.append(Ranking.of(score, table.label[tested]))
        cut = float(self.params.value("design.threshold"))
        counted = confusion(rankings, [cut] * len(rankings))
        tp, fp, fn = (float(c.sum()) for c in (counted.tp, counted.fp, counted.fn))
        return 2 * tp / (2 * tp + fp + fn)


def fold_of(site: np.ndarray, location: np.ndarray, n_folds: int) -> np.ndarray:
    """Deal a location by a hash of where it is (Knuth's multiplicative one)."""
    mixed = (site.astype(np.uint64) * 1_000_003 + location.astype(np.uint64)) * 2_654_435_761
    return ((mixed >> np.uint64(16)) % np.uint64(n_folds)).astype(np.int8)


if __name__ == "__main__":
    main()
