"""Shifts between two simulated elevation models: ours, and xdem's in an environment of its own.

    python benchmarks/coregistration.py --pairs pairs.npz
    /path/to/xdem/bin/python benchmarks/coregistration.py --pairs pairs.npz --xdem

The first command draws pairs and prints how far the shifts are off that `RegisteredChange`
finds in a window; the second does the same with `xdem.coreg.NuthKaab`, which needs an older
pandas than this project. Root mean squares over pairs.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
#: Shift to the east and to the north, and of the datum [m]; noise of each model, and of how
#: many hills [m].
CASES = [
    (0.0, 0.0, 0.0, 1.0, 60.0),
    (10.0, -6.0, 2.0, 1.0, 60.0),
    (20.0, 15.0, -3.0, 3.0, 60.0),
    (-35.0, 8.0, 0.8, 3.0, 60.0),
    (12.0, 12.0, 0.8, 3.0, 20.0),
]
SIZE_PX, PIXEL_M, REPEATED = 96, 30.0, 5


def main() -> None:
    """Draw pairs and register them, or register those of a file with xdem."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--xdem", action="store_true")
    options = parser.parse_args()
    if not options.xdem:
        np.savez(options.pairs, pairs=_pairs())
    find = _theirs if options.xdem else _ours
    pairs: F64 = np.load(options.pairs)["pairs"]
    print("| shift [m] | noise, hills [m] | error east | error north | error up |")
    print("|---|---|---|---|---|")
    for case, of_case in zip(CASES, pairs, strict=True):
        wrong = np.array([find(after, before) - case[:3] for after, before in of_case])
        cells = " | ".join(f"{one:.2f}" for one in np.sqrt((wrong**2).mean(axis=0)))
        print(f"| {case[0]:g}, {case[1]:g}, {case[2]:g} | {case[3]:g}, {case[4]:g} | {cells} |")


def _pairs() -> F64:
    """Draw pairs of models, (case, repeat, 2, row, col) [m]."""
    from minecover.core.interpolation import sampled
    from minecover.sources.simulation.ground import RELIEF_PX
    from minecover.sources.simulation.streams import random_field

    rng = np.random.default_rng(7)
    whole, inside = SIZE_PX + 64, slice(32, 32 + SIZE_PX)
    rows, cols = np.indices((SIZE_PX, SIZE_PX)) + 32.5
    pairs = []
    for east, north, up, noise, hills in CASES:
        for _ in range(REPEATED):
            height = 1000 + hills * random_field(rng, (whole, whole), RELIEF_PX)
            # The ground of a pixel lies to the east and north of it in the earlier model.
            moved = sampled(
                height, cols - east / PIXEL_M, rows + north / PIXEL_M, is_smooth=True
            )
            own = noise / np.sqrt(2) * rng.standard_normal((2, SIZE_PX, SIZE_PX))
            pairs.append([height[inside, inside] + own[0], moved - up + own[1]])
    return np.array(pairs).reshape(len(CASES), REPEATED, 2, SIZE_PX, SIZE_PX)


def _ours(after: F64, before: F64) -> F64:
    """Return shift to the east and to the north, and the difference of the datums [m]."""
    from minecover.features.context.registration import register

    return register(after, before, (PIXEL_M, PIXEL_M))[:3]


def _theirs(after: F64, before: F64) -> F64:
    """Return the same, as xdem finds it: it moves the earlier model back."""
    xdem = importlib.import_module("xdem")
    affine = importlib.import_module("affine")
    crs = importlib.import_module("rasterio.crs").CRS.from_epsg(32635)
    transform = affine.Affine(PIXEL_M, 0, 600_000, 0, -PIXEL_M, 9_900_000)
    found = xdem.coreg.NuthKaab()
    found.fit(after, before, transform=transform, crs=crs)
    east, north, up = (float(one) for one in found.to_translations())
    return np.array([-east, -north, up])


if __name__ == "__main__":
    main()
