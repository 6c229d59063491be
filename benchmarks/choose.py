"""Which recipe is the champion? Chosen on inner folds, scored on outer ones.

    make run && python benchmarks/choose.py

For every outer fold the candidates are ranked by average precision against the label on the
other four (inner) folds alone, and the winner is scored on the outer one: the score of the
whole way of choosing, in which the choice itself cannot flatter. The champion is what wins on
all inner folds together. No candidate is looked at on the `harder` set, nor against the truth.
Simulated data.
"""

from __future__ import annotations

import argparse

import numpy as np
from sampled import Sampled

from minecover.core.config import Params, composed
from minecover.pipeline.stages.train import chosen_columns

#: With what the champion does without: pan alone has four pixels to read where others have one.
ALL_BANDS = (
    "features=[spectral,normalised,normalised_rest,warmth,warmth_b11,temporal,neighbourhood]"
)
CONTEXT = "features=[spectral,normalised,warmth,temporal,neighbourhood,context]"
#: Overrides of the default configuration. Models and features: see `conf/`.
CANDIDATES = {
    "150 rounds of 0.08": ("model=boosted",),
    "300 of 0.04": ("model=boosted", "model.n_estimators=300", "model.learning_rate=0.04"),
    "300 of 0.04, a quarter of the columns": ("model=champion",),
    "the same with coastal, pan, cirrus and lwir12": ("model=champion", ALL_BANDS),
    "the same with context": ("model=champion", CONTEXT),
}


def main() -> None:
    """Fit every pair of outer and inner fold, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, help="use so many sites")
    asked = parser.parse_args()
    choices = {name: composed(list(extra)) for name, extra in CANDIDATES.items()}
    columns = {name: names(params) for name, params in choices.items()}
    every = sorted({column for some in columns.values() for column in some})
    data = Sampled(composed([]), every, n_sites=asked.sites)
    folds = range(data.n_folds)
    inner, outer = {}, {}
    print("candidate | inner AP, a column an outer fold | all outer: AP | best F1")
    for name, params in choices.items():
        family = params.build("model")
        held = data.inner(family, columns[name])
        inner[name] = [data.score(scores).average_precision[0] for scores in held]
        outer[name] = data.out_of_fold(family, columns[name])
        cells = " ".join(f"{value:.4f}" for value in inner[name])
        print(f"{name} | {cells} | {data.score(outer[name]).line(data.bootstrap)}", flush=True)
    won = [max(inner, key=lambda name: inner[name][fold]) for fold in folds]
    nested = np.select(
        [data.split.fold_of_site[data.sample.site] == fold for fold in folds],
        [outer[name] for name in won],
    ).astype(np.float32)
    print("chosen, a fold each: " + "; ".join(won))
    print(f"nested | | {data.score(nested).line(data.bootstrap)}")
    print(f"champion: {max(inner, key=lambda name: float(np.mean(inner[name])))}")


def names(params: Params) -> list[str]:
    """Name the columns of a configuration."""
    return list(chosen_columns(params))


if __name__ == "__main__":
    main()
