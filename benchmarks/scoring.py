"""How many locations a second are scored in memory? The 2017 recipe beside ours.

    python benchmarks/scoring.py --products simulated/ --model models/model.pkl

The forest of 2017 (`recipe.py`) scores simulated ground date by date on all cores; the model
scores its own columns once a location on one, with the library that grew its trees and with
compiled trees. Medians of runs in turns, features already in memory.
"""

from __future__ import annotations

import argparse
import pickle
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measured import machine
from recipe import SITES, recipe, square

from minecover.features.validity import valid
from minecover.learning.models.compiled_trees import compile_trees
from minecover.prediction.bundle import ModelBundle


def main() -> None:
    """Score, print."""
    options = _options()
    detector = ModelBundle.read(options.model).detector()
    cube = square(options.products)
    theirs = recipe(cube, detector.profile, sites=options.sites)
    usable = valid(cube, detector.profile)
    anywhere = cube.core(usable).any(axis=0)
    planes = detector.planes(cube, usable, {})
    X = np.stack([planes[name][anywhere] for name in detector.features]).T
    original = pickle.loads(options.model.read_bytes())
    twin, screen = compile_trees(original), detector.screen

    def looked_first() -> np.ndarray:
        return screen.probability(X, twin) if screen else twin.predict_proba(X)[:, 1]

    def timed(work: Callable[[], object]) -> float:
        begin = time.perf_counter()
        work()
        return len(X) / (time.perf_counter() - begin)

    rates: dict[str, Callable[[], float]] = {
        theirs.named: theirs.locations_a_second,
        "this model, library": lambda: timed(lambda: original.predict_proba(X)),
        "this model, compiled trees": lambda: timed(lambda: twin.predict_proba(X)),
        "this model, first look, then compiled trees": lambda: timed(looked_first),
    }
    rounds = [[rate() for rate in rates.values()] for _ in range(options.repeats + 1)]
    print(machine())
    print(f"{'scored in memory':<96}{'locations/s':>14}{'observations/s':>16}{'times':>8}")
    first, *medians = [statistics.median(each) for each in zip(*rounds[1:], strict=True)]
    for name, each in zip(rates, (first, *medians), strict=True):
        print(f"{name:<96}{each:>14,.0f}{each * len(cube.dates):>16,.0f}{each / first:>8.1f}")
    apart = np.abs(original.predict_proba(X) - twin.predict_proba(X)).max()
    lost = (twin.predict_proba(X)[:, 1] >= detector.threshold) & (
        looked_first() < detector.threshold
    )
    print(f"mines of this model that the first look loses: {np.count_nonzero(lost)}")
    print(f"largest difference of library and compiled trees: {apart:.1e}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("models/model.pkl"))
    parser.add_argument(
        "--sites", type=int, default=SITES, help="that the recipe's forest is fitted on"
    )
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
