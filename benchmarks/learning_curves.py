"""How much do more labelled sites help, and more dates? Learning curves with intervals.

    make run && python benchmarks/learning_curves.py --sites 25 50 100 150 200
    python benchmarks/learning_curves.py --dates 1 3 5 7 9 13 --of 48

Over sites: the build in the working folder, models that learn from so many of its sites and are
tested on all of them, out of fold. Over dates: worlds of so many dates, each built anew in a
folder of its own. Simulated data, scores against the label.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from sampled import Sampled

from minecover.core.config import Params, composed
from minecover.pipeline.stages import context, features, folds, imagery, labels, masks, sites
from minecover.pipeline.stages.train import chosen_columns

STAGES = (labels, sites, imagery, masks, context, features, folds)
HEADER = "average precision | best F1"


def main() -> None:
    """Print one curve, or both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiment", default="champion")
    parser.add_argument("--sites", type=int, nargs="*", default=[])
    parser.add_argument("--dates", type=int, nargs="*", default=[])
    parser.add_argument("--of", type=int, default=48, help="sites of the worlds of some dates")
    asked = parser.parse_args()
    plain = [f"experiment={asked.experiment}"]
    if asked.sites:
        over_sites(composed(plain), asked.sites)
    if asked.dates:
        over_dates(plain, asked.dates, asked.of)


def over_sites(params: Params, counts: list[int]) -> None:
    """Learn from so many sites of the other folds, the same ones among more."""
    columns = list(chosen_columns(params))
    data = Sampled(params, columns)
    order = np.random.default_rng(int(params.value("seed"))).permutation(len(data.sites))
    print(f"sites | {HEADER}")
    for count in counts:
        known = np.zeros(len(data.sites), np.bool_)
        known[order[:count]] = True
        scores = data.out_of_fold(params.build("model"), columns, known=known)
        # A fold's model learns from those of its sites that lie in the other folds.
        print(f"{count} | {data.score(scores).line(data.bootstrap)}", flush=True)


def over_dates(plain: list[str], counts: list[int], n_sites: int) -> None:
    """Build worlds of more and more dates."""
    conf, back = Path("conf").resolve(), Path.cwd()
    print(f"dates | {HEADER}  ({n_sites} sites)")
    for count in counts:
        world = [f"world.n_dates={count}", f"world.n_sites={n_sites}"]
        # On few dates clouds may hide a site altogether.
        free = ["folds.gate=false", "source.max_failed_fraction=1"]
        params = composed([*plain, *world, *free], conf=conf)
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(scratch)
            for stage in STAGES:
                stage.run(params)
            columns = list(chosen_columns(params))
            data = Sampled(params, columns)
            scores = data.out_of_fold(params.build("model"), columns)
            print(f"{count} | {data.score(scores).line(data.bootstrap)}", flush=True)
            os.chdir(back)


if __name__ == "__main__":
    main()
