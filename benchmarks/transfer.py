"""Measure how well a model finds mines on other ground than it was trained on.

    python benchmarks/transfer.py --worlds
    python benchmarks/transfer.py --table
    python benchmarks/transfer.py --labels 0 10 30 100
    python benchmarks/transfer.py --tried
    python benchmarks/transfer.py --statistics

Real ground is the label set of `experiment=amazon` and the scene of `experiment=brumadinho`,
which need the real data; simulated ground is made, and kept in .cache/bench. All of it is cut
into chips of 480 m in the six bands that Landsat and Sentinel-2 share. Look-alike AUC: pixels
of mines against ground that looks mined. Chip AUC: the mean of a chip's highest tenth against
its label. Intervals are over groups of chips.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import cache

import numpy as np
from chip_models import (
    SEED,
    STEP,
    Rows,
    Scored,
    everything,
    fitted,
    line,
    of_chips,
    out_of_fold,
    scores,
)
from chip_statistics import print_statistics
from labelled_chips import IGNORED, coarser, cut_sites, feature_names, label_set
from numpy.typing import NDArray

from minecover.core.config import composed

N_SITES, N_DATES = 24, 6
SIX = "source.bands=[blue,green,red,nir08,swir16,swir22]"
WORLD = [f"world.n_sites={N_SITES}", f"world.n_dates={N_DATES}"]
GROUNDS = {
    "simulated, default": ["experiment=sentinel2", SIX, *WORLD],
    "simulated, river valleys": ["experiment=river_valleys", SIX, *WORLD],
    "simulated Landsat, default": ["source=simulated", *WORLD],
    "simulated Landsat, river valleys": [
        "experiment=river_valleys",
        "source=simulated",
        "sites.layouts.mines.halo_m=720",
        *WORLD,
    ],
    "Brumadinho": ["experiment=brumadinho", "sites.layouts.tiles.size_m=1500"],
    "Amazon": ["experiment=amazon"],
}
WORLDS = ("default", "river valleys")
#: Scores of a set of chips.
OF_CHIPS = ("look-alike", "chip", "chip, mixed too")
#: Grounds that have pixels of 30 m only.
COARSE = ("simulated Landsat, default", "simulated Landsat, river valleys", "Brumadinho")


@cache
def rows(ground: str, pixel_m: int) -> Rows:
    """Return what is known of a ground, on pixels of 10 or 30 m."""
    params = composed(GROUNDS[ground])
    chips = label_set(params) if ground == "Amazon" else cut_sites(params)
    return Rows(coarser(chips, 3) if round(chips.pixel_m) < pixel_m else chips)


def halves(data: Rows) -> dict[str, NDArray[np.bool_]]:
    """Return the chips that colours were measured on and choices made on, and the others."""
    even = np.array([int(group) % 2 == 0 for group in data.group])
    return {"measured half": even, "other half": ~even}


def worlds(pixels: Sequence[int]) -> None:
    """Print what a model of each simulated world is worth in the Amazon."""
    print("world | pixels | chips | look-alike AUC | chip AUC | chip AUC, mixed too")
    for pixel_m in pixels:
        found = {
            name: world(name, pixel_m)
            for name in GROUNDS
            if name.startswith("simulated") and (pixel_m == 30 or name not in COARSE)
        }
        for sensor in ("simulated", "simulated Landsat"):
            if f"{sensor}, default" in found:
                before, after = (found[f"{sensor}, {one}"] for one in WORLDS)
                difference(before, after, f"{sensor}, difference | {pixel_m} m")


def world(name: str, pixel_m: int) -> dict[str, dict[str, Scored]]:
    """Print what a model of one simulated world is worth in the Amazon, and return it."""
    amazon, found = rows("Amazon", pixel_m), {}
    model = fitted([(*everything(rows(name, pixel_m)), 1.0)])
    p = of_chips(model, amazon.X)
    for part, kept in {"all": np.ones(len(p), np.bool_), **halves(amazon)}.items():
        found[part] = scores(amazon, p, kept)
        print(f"{name} | {pixel_m} m | {part} | {line(found[part], *OF_CHIPS)}", flush=True)
    return found


def difference(
    before: dict[str, dict[str, Scored]], after: dict[str, dict[str, Scored]], title: str
) -> None:
    """Print what the second world adds to the first, on the same draws of groups."""
    for part in before:
        gained = {name: after[part][name] - before[part][name] for name in OF_CHIPS}
        print(f"{title} | {part} | {line(gained, *OF_CHIPS, sign='+')}", flush=True)


def table(pixels: Sequence[int]) -> None:
    """Print trained on against tested on."""
    for pixel_m in pixels:
        names = [n for n in GROUNDS if pixel_m == 30 or n not in COARSE]
        print(f"\n{pixel_m} m: trained on | tested on | pixel AUC | look-alike AUC | chip AUC")
        for trained in names:
            tested_on(trained, names, pixel_m)


def tested_on(trained: str, names: Sequence[str], pixel_m: int) -> None:
    """Print what a model of one ground is worth on others, and out of fold on its own."""
    model = fitted([(*everything(rows(trained, pixel_m)), 1.0)])
    for tested in names:
        data = rows(tested, pixel_m)
        p = out_of_fold(data) if tested == trained else of_chips(model, data.X)
        cells = line(scores(data, p), "pixel", "look-alike", "chip")
        print(f"{trained} | {tested} | {cells}", flush=True)


def labels(counts: Sequence[int], *, n_draws: int, pixel_m: int) -> None:
    """Print how the score of one half of the Amazon's groups grows with labels of the other."""
    print("trained on | labelled chips | tested on | look-alike AUC | chip AUC | sd over draws")
    for source in (None, "simulated, default", "simulated, river valleys"):
        for count in counts:
            if source or count:
                with_labels(source, count, n_draws=n_draws if count else 1, pixel_m=pixel_m)


def with_labels(source: str | None, count: int, *, n_draws: int, pixel_m: int) -> None:
    """Print the scores with so many labelled chips, the mean over draws of them."""
    amazon = rows("Amazon", pixel_m)
    base = [] if source is None else [(*everything(rows(source, pixel_m)), 1.0)]
    has_mask = (amazon.y != IGNORED).all(axis=1)
    for tested, kept in halves(amazon).items():
        known, found = np.flatnonzero(~kept & has_mask), []
        for draw in range(n_draws):
            some = np.random.default_rng([SEED, draw]).permutation(known)[:count]
            own = [(*amazon.drawn(some, seed=draw), 1.0)] if count else []
            p = of_chips(fitted([*base, *own], seed=draw), amazon.X[kept])
            found.append(scores(amazon.of(kept), p))
        mean = {
            name: np.mean([one[name] for one in found], axis=0)
            for name in ("look-alike", "chip")
        }
        spread = np.std([one["look-alike"][0] for one in found])
        cells = line(mean, "look-alike", "chip")
        print(
            f"{source or 'labels alone'} | {count} | {tested} | {cells} | {spread:.3f}",
            flush=True,
        )


def tried(pixel_m: int) -> None:
    """Print what was tried in the river valleys, on the half that choices were made on."""
    amazon, valleys = rows("Amazon", pixel_m), rows("simulated, river valleys", pixel_m)
    X, y = everything(valleys)
    names = feature_names()
    absolute = {"blue", "green", "red", "nir08", "swir16", "swir22"}
    relative = [i for i, name in enumerate(names) if name.split("_")[0] not in absolute]
    single = [i for i, name in enumerate(names) if not name.endswith("m")]
    texture = [i for i, name in enumerate(names) if "_sd" in name or "_mean" not in name]
    kept = halves(amazon)["measured half"]
    models = {
        "all features": fitted([(X, y, 1.0)]),
        "indices alone, and their squares": fitted([(X, y, 1.0)], columns=relative),
        "no squares": fitted([(X, y, 1.0)], columns=single),
        "squares: deviations without means": fitted([(X, y, 1.0)], columns=texture),
        "look-alikes weigh a tenth of mines": fitted([(X, y, 1.0)], alike=0.1),
        "look-alikes weigh three times mines": fitted([(X, y, 1.0)], alike=3.0),
    }
    print("model | look-alike AUC | chip AUC | chip AUC, mixed too")
    for name, model in models.items():
        found = scores(amazon, of_chips(model, amazon.X), kept)
        print(f"{name} | {line(found, *OF_CHIPS)}", flush=True)
        if name == "all features":
            mean = np.nanmean(model(amazon.X), axis=1)
            print(
                f"mean of both dates | {line(scores(amazon, mean, kept), *OF_CHIPS)}",
                flush=True,
            )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", action="store_true", help="simulated worlds -> Amazon")
    parser.add_argument("--table", action="store_true", help="trained on x tested on")
    parser.add_argument("--labels", type=int, nargs="*", default=[], help="labelled chips")
    parser.add_argument("--draws", type=int, default=3, help="of so many labelled chips")
    parser.add_argument("--tried", action="store_true", help="features, weights and dates")
    parser.add_argument("--statistics", action="store_true", help="colours of the Amazon")
    parser.add_argument("--pixels", type=int, nargs="+", choices=list(STEP), default=list(STEP))
    asked = parser.parse_args()
    if asked.statistics:
        print_statistics(composed(GROUNDS["Amazon"]))
    if asked.worlds:
        worlds(asked.pixels)
    for pixel_m in asked.pixels:
        if asked.tried:
            tried(pixel_m)
        if asked.labels:
            labels(asked.labels, n_draws=asked.draws, pixel_m=pixel_m)
    if asked.table:
        table(asked.pixels)


if __name__ == "__main__":
    main()
