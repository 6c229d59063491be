"""The claims of the 2017 report, each put to the test on the build in the working folder.

    make run && python benchmarks/claims.py --sites 60

Scores are of single observations against the label, out of fold, with the recipe of 2017 (a
forest on the eleven bands, fifteen negatives a positive) unless a line says otherwise;
differences are paired on the same draws of the sites. Simulated data: what is confirmed here
is confirmed for the simulated world. That averaging over dates matters, and how many sites
suffice, is shown by `benchmarks/goals.py` and `benchmarks/learning_curves.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from sampled import SHARE, Sampled, Scores
from sklearn.pipeline import Pipeline

from minecover.core.config import composed

#: Bands that go together.
KINDS = {
    "visible (coastal blue green red pan)": ("coastal", "blue", "green", "red", "pan"),
    "near infrared (nir08)": ("nir08",),
    "short-wave infrared (swir16 swir22)": ("swir16", "swir22"),
    "cirrus (cirrus)": ("cirrus",),
    "thermal (lwir11 lwir12)": ("lwir11", "lwir12"),
}
#: A cut of the grid of 2017.
GRID = tuple((depth, leaf) for depth in (10, 35) for leaf in (1, 10, 50))
#: Votes of 2017 were cast from here on.
VOTE = 0.3


def main() -> None:
    """Print one table a claim."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=60)
    asked = parser.parse_args()
    params = composed(["experiment=acceptance", "model.n_estimators=20"])
    bands = tuple(band for kind in KINDS.values() for band in kind)
    data = Sampled(params, bands, n_sites=asked.sites)
    forest = params.build("model")
    whole = data.score(data.out_of_fold(forest, bands))
    print("claim: thermal bands are the most valuable\nbands | average precision | best F1")
    print(f"all eleven | {whole.line(data.bootstrap)}", flush=True)
    for name, scores in without(data, forest, bands):
        print(f"without {name} | {scores.line(data.bootstrap, whole)}", flush=True)
    print("claim: logistic regression fails under imbalance")
    linear = composed(["model=linear"]).build("model")
    scores = data.score(data.out_of_fold(linear, bands))
    print(f"linear instead | {scores.line(data.bootstrap, whole)}", flush=True)
    print("claim: tuned for recall, all metrics improve together")
    print(f"depth | leaf | recall | precision at p >= {VOTE} | average precision")
    for depth, leaf in GRID:
        family = composed(
            [
                "experiment=acceptance",
                "model.n_estimators=20",
                f"model.max_depth={depth}",
                f"model.min_samples_leaf={leaf}",
            ]
        ).build("model")
        probability = data.out_of_fold(family, bands)
        recall, precision = rates(data, probability)
        average = data.score(probability).average_precision[0]
        print(f"{depth} | {leaf} | {recall:.3f} | {precision:.3f} | {average:.3f}", flush=True)


def without(
    data: Sampled, family: Pipeline, bands: tuple[str, ...]
) -> Iterator[tuple[str, Scores]]:
    """Leave out one kind of band after the other."""
    for name, kind in KINDS.items():
        rest = [band for band in bands if band not in kind]
        yield name, data.score(data.out_of_fold(family, rest))


def rates(data: Sampled, probability: np.ndarray) -> tuple[float, float]:
    """Recall and precision of the votes."""
    mine, voted = data.sample.y == 1, probability >= VOTE
    tp, fp = (mine & voted).sum(), (~mine & voted).sum() / SHARE
    return float(tp / mine.sum()), float(tp / (tp + fp))


if __name__ == "__main__":
    main()
