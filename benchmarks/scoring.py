"""How many locations a second are scored in memory? The 2017 recipe beside ours.

    python benchmarks/scoring.py --products simulated/ --model models/model.pkl

Fits the 2017 forest (200 trees of depth 35 on eleven bands of single dates) on the simulated
ground, and scores it date by date; scores the model's own columns once a location, with the
library that grew its trees and with compiled trees. Medians, features already in memory.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
from measured import machine, median_s
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from minecover.cube import Cube
from minecover.landsat import BANDS
from minecover.masks import valid
from minecover.models.compiled import compiled
from minecover.raster import read_band
from minecover.sites import Site
from minecover.source.product_folder import ProductFolder
from minecover.stages.predict import open_detector


def main() -> None:
    """Fit, score, print."""
    options = _options()
    detector = open_detector(options.model, options.model.with_suffix(".json"))
    cube, truth = ground(options.products, options.side)
    usable = valid(cube, detector.profile)
    seen = cube.core(usable)
    bands = cube.core(cube.values(*BANDS)).transpose(0, 2, 3, 1)[seen]
    is_mine = np.broadcast_to(truth, seen.shape)[seen]
    forest = poc_forest(bands, is_mine, options.trees, options.fitted)
    planes = detector.planes(cube, usable, {})
    anywhere = seen.any(axis=0)
    X = np.stack([planes[name][anywhere] for name in detector.features]).T
    dates = len(cube.dates)
    print(machine())
    print(f"{'scored in memory':<56}{'locations/s':>14}{'observations/s':>16}")
    original = pickle.loads(options.model.read_bytes())
    twin, screen = compiled(original), detector.screen
    for name, work, rows, each in (
        (
            f"2017 recipe: forest of {options.trees}, date by date, 2 threads",
            lambda: forest.predict_proba(bands),
            len(bands),
            1,
        ),
        ("this model, library, one thread", lambda: original.predict_proba(X), len(X), dates),
        (
            "this model, first look, then compiled trees, one thread",
            lambda: screen.probability(X, twin) if screen else twin.predict_proba(X),
            len(X),
            dates,
        ),
        (
            "this model, compiled trees, one thread",
            lambda: twin.predict_proba(X),
            len(X),
            dates,
        ),
    ):
        seconds = median_s(work, options.repeats)
        observations = rows * each / seconds
        print(f"{name:<56}{observations / dates:>14,.0f}{observations:>16,.0f}")
    apart = np.abs(original.predict_proba(X) - twin.predict_proba(X)).max()
    if screen:
        lost = (twin.predict_proba(X)[:, 1] >= detector.threshold) & (
            screen.probability(X, twin) < detector.threshold
        )
        print(f"mines of this model that the first look loses: {np.count_nonzero(lost)}")
    print(f"largest difference of library and compiled trees: {apart:.1e}")


def ground(products: Path, side: int) -> tuple[Cube, NDArray[np.bool_]]:
    """Read a square of simulated ground, and where its mines are."""
    source = ProductFolder(str(products), 1, BANDS)
    extent = source.extent()
    grid = extent.cut(24, 24, side + 24, side + 24)
    truth = read_band(products / "truth.tif", grid, resampling="nearest")
    return source.scenes(Site("benchmark", "", grid, 24)), truth == 1


def poc_forest(
    bands: NDArray[np.float32], is_mine: NDArray[np.bool_], trees: int, rows: int
) -> RandomForestClassifier:
    """Fit the forest of 2017 on a sample: all mines, and others up to so many rows."""
    rng = np.random.default_rng(7)
    others = rng.choice(np.flatnonzero(~is_mine), rows, replace=False)
    chosen = np.concatenate([np.flatnonzero(is_mine), others])
    forest = RandomForestClassifier(trees, max_depth=35, n_jobs=2, random_state=7)
    return forest.fit(bands[chosen], is_mine[chosen])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("models/model.pkl"))
    parser.add_argument(
        "--side", type=int, default=256, help="of the ground that is scored [px]"
    )
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument(
        "--fitted", type=int, default=50_000, help="rows the forest is fitted on"
    )
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
