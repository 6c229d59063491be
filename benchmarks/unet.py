"""Is a convolutional network too data-hungry for this? A small U-Net beside boosted trees.

    pip install 'minecover[unet]'
    make run && python benchmarks/unet.py simulated --sites 25 50 100 200
    python benchmarks/unet.py amazon --sites 25 50 100 200 400
    python benchmarks/unet.py simulated --sites 25 50 100 200 --picture docs/images/cnn.png

On the folds of the build and on the first draw of the folds of amazon.py, all models learn from
the same sites and are scored on all sites, out of fold. `boosted` has the features of the
experiment, squares around a location among them; `boosted, single locations` sees what the
U-Net sees. Differences to the U-Net are paired over draws of the site groups. What was computed
is kept in .cache/unet, and an interrupted command continues.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from unet_data import Amazon, Ground, Simulated

from minecover.core.files import replacing
from minecover.evaluation import Bootstrap
from minecover.learning.unet import UNet
from minecover.reporting.figures.canvas import BLUE, GREEN, ORANGE, canvas, write_png

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
CACHE = Path(".cache/unet")
MODELS = {"unet": "U-Net", "single": "boosted, single locations", "boosted": "boosted"}
GROUNDS: dict[str, Callable[[], Ground]] = {"simulated": Simulated, "amazon": Amazon}
#: Side of the windows: the whole chip.
SIDE_PX = {"simulated": 64, "amazon": 48}
#: Order in which sites become known.
SEED = 0
#: Steps of training: more sites, more of them; by the number of sites that there are.
STEPS = {25: 150, 50: 200, 100: 250, 200: 300}


def main() -> None:
    """Print the scores over the number of sites, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=sorted(GROUNDS))
    parser.add_argument("--sites", type=int, nargs="+", required=True)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--steps", type=int, help="train so long, however many sites there are")
    parser.add_argument("--picture", type=Path, help="PNG file of the first score")
    asked = parser.parse_args()
    ground = GROUNDS[asked.set]()
    found: dict[str, dict[int, Mapping[str, F64]]] = {name: {} for name in asked.models}
    for count in asked.sites:
        known = known_sites(ground, count)
        for name in asked.models:
            unet = settings(count, asked.steps, side_px=SIDE_PX[asked.set])
            found[name][count] = scores(ground, f"{asked.set}_{name}", unet, known)
        print_scores({name: found[name][count] for name in found}, count, ground.bootstrap)
    if asked.picture:
        draw(found, ground.bootstrap, asked.set, asked.picture)


def settings(count: int, steps: int | None, *, side_px: int) -> UNet:
    """Return the settings of the U-Net; chosen on one inner fold of the simulated set."""
    usual = next((n for most, n in STEPS.items() if count <= most), max(STEPS.values()))
    return UNet(
        widths=(16, 32, 64),
        steps=usual if steps is None else steps,
        batch=8,
        side_px=side_px,
        learning_rate=7e-3,
        weight_decay=1e-3,
        mine_weight=1.0,
        inner_folds=5,
        members=2,
        seed=SEED,
    )


def known_sites(ground: Ground, count: int) -> Bool:
    """Mark so many sites, the same ones among more."""
    order = np.random.default_rng(SEED).permutation(np.flatnonzero(ground.learnable))
    known = np.zeros(len(ground.learnable), np.bool_)
    known[order[:count]] = True
    return known


def scores(ground: Ground, name: str, unet: UNet, known: Bool) -> dict[str, F64]:
    """Return the scores of a model and their replicates, computed once."""
    is_unet = name.endswith("_unet")
    version = zlib.crc32(repr(unet).encode()) if is_unet else 0
    file = CACHE / f"{name}_{int(known.sum())}_{version:08x}.npy"
    kept = file.with_suffix(".parquet")
    if not kept.exists():
        found = ground.scores(probabilities(ground, name, unet, known, file))
        with replacing(kept) as temporary:
            pd.DataFrame(dict(found)).to_parquet(temporary)
    stored = pd.read_parquet(kept)
    return {str(score): stored[score].to_numpy(np.float64) for score in stored}


def probabilities(ground: Ground, name: str, unet: UNet, known: Bool, file: Path) -> F32:
    """Return out-of-fold probabilities, (n_sites, n_scored), computed once."""
    if not file.exists():
        if name.endswith("_unet"):
            p = unet_probabilities(ground, unet, known, file.with_suffix(""))
        else:
            p = ground.trees(known, around=name.endswith("_boosted"))
        _write(file, p)
    found: F32 = np.load(file)
    return found


def unet_probabilities(ground: Ground, unet: UNet, known: Bool, folder: Path) -> F32:
    """Fit one U-Net a fold, on the known sites of the other folds, and score its sites."""
    fold_of_site = ground.fold_of_site
    rows: dict[int, F32] = {}
    for fold in range(int(fold_of_site.max()) + 1):
        tested = np.flatnonzero(fold_of_site == fold)
        file = folder / f"{fold}.npy"
        if not file.exists():
            begin = time.perf_counter()
            fitted = unet.fit(ground.patches.take(known & (fold_of_site != fold)))
            _write(file, ground.kept(fitted.probability(ground.patches.planes[tested])))
            stopped = ", ".join(
                f"step {one.step} at AP {one.inner_precision:.3f}" for one in fitted.members
            )
            seconds = time.perf_counter() - begin
            print(f"# fold {fold}: stopped at {stopped}; {seconds:.0f} s", flush=True)
        rows.update(zip(tested.tolist(), np.load(file), strict=True))
    return np.stack([rows[index] for index in range(len(fold_of_site))])


def print_scores(
    found: Mapping[str, Mapping[str, F64]], count: int, bootstrap: Bootstrap
) -> None:
    """Print the scores of each model, and what the others have more than the U-Net."""
    first = next(iter(found.values()))
    print(" | ".join(["sites", "model", *first]))
    for name, scores in found.items():
        print(f"{count} | {MODELS[name]} | {_line(scores, bootstrap)}", flush=True)
    for name, scores in found.items():
        if name != "unet" and "unet" in found:
            more = {one: scores[one] - found["unet"][one] for one in scores}
            print(f"{count} | {MODELS[name]} - U-Net | {_line(more, bootstrap, '+')}")


def draw(
    found: Mapping[str, Mapping[int, Mapping[str, F64]]],
    bootstrap: Bootstrap,
    of: str,
    path: Path,
) -> None:
    """Draw the first score over the number of sites, with intervals."""
    score = next(iter(next(iter(next(iter(found.values())).values()))))
    with canvas("Learning curves", of == "simulated", (6.4, 4.2)) as figure:
        axes = figure.subplots()
        for at, ((name, by_count), colour) in enumerate(
            zip(found.items(), (ORANGE, GREEN, BLUE), strict=False)
        ):
            x = np.array(list(by_count)) * (1 + 0.03 * (at - 1))
            draws = [scores[score] for scores in by_count.values()]
            y = np.array([one[0] for one in draws])
            ends = np.array([bootstrap.interval(one[1:]) for one in draws], np.float64)
            axes.errorbar(
                x, y, yerr=np.abs(ends.T - y), color=colour, capsize=3, marker="o",
                label=MODELS[name],
            )  # fmt: skip
        counts = list(next(iter(found.values())))
        axes.set(xscale="log", xlabel="sites to learn from, before folds", ylabel=score)
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.minorticks_off()
        axes.legend()
    write_png(path, figure)


def _line(scores: Mapping[str, F64], bootstrap: Bootstrap, sign: str = "") -> str:
    cells = []
    for draws in scores.values():
        low, high = bootstrap.interval(draws[1:])
        cells.append(f"{draws[0]:{sign}.3f} [{low or 0:{sign}.3f}, {high or 0:{sign}.3f}]")
    return " | ".join(cells)


def _write(file: Path, array: F32) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as temporary, temporary.open("wb") as stream:
        np.save(stream, array)


if __name__ == "__main__":
    main()
