"""Write Sentinel-2 Level-2A products of a simulated area, to measure `minecover map` at 10 m.

    python benchmarks/sentinel_2_products.py --side 3660 --out .cache/bench/sentinel2

Repeats sites of the simulated world, mirrored, until they fill a square, and writes a product
for each date: Cloud Optimized GeoTIFFs of six bands and of the scene classification. Fit for
measuring time, not scores: a map of it shows each mine many times.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from minecover.core.config import composed
from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.core.lattice import Lattice
from minecover.core.sensors import MSI
from minecover.core.sites import Site
from minecover.sources.simulated_sentinel_2 import SimulatedSentinel2
from minecover.sources.simulation.world import World

# The writer of product folders that tests draw.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from safe_products import DrawnSafe

BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
LATTICE = Lattice("sentinel_2", 10.0)
#: Side of a site [px of 10 m], and how many different ones are repeated.
SITE_PX, N_SITES = 300, 8
#: Bits of the quality band that are the scene classification.
CLASS_BITS = 0b1111


def main() -> None:
    """Write one product for each date."""
    options = _options()
    world = composed(["source=simulated_sentinel2", f"world.n_sites={N_SITES}"]).build("world")
    cubes = [_cube(world, grid) for grid in list(world.sites().values())[:N_SITES]]
    for k in range(options.dates):
        day = date(2021, 6, 1) + timedelta(days=5 * k)
        safe = DrawnSafe(day=day.isoformat(), suffix=".tif")
        home = safe.put(options.out)
        for name, planes in _planes(cubes, k).items():
            side_m = 20.0 if name == "SCL" else safe.sides()[name]
            path = home / f"{safe.image(name)}.tif"
            _write(path, _filled(planes, options.side), side_m, safe)
        print(home)


def _cube(world: World, grid: Grid) -> Cube:
    """Return the scenes of the square of a site, in pixels of 10 m."""
    corner = (LATTICE.nearest(grid.bounds[0]), LATTICE.nearest(grid.bounds[3]))
    finer = Grid.from_corner(grid.crs, *corner, SITE_PX, SITE_PX, pixel_m=LATTICE.pixel_m)
    return SimulatedSentinel2(world, LATTICE, BANDS).scenes(Site("part", "", finer, 0))


def _planes(cubes: list[Cube], k: int) -> dict[str, list[NDArray[np.integer]]]:
    """Return the planes of each site on the k-th date by the agency's names of the bands."""
    planes: dict[str, list[NDArray[np.integer]]] = {"SCL": []}
    for cube in cubes:
        at = k % len(cube.dates)
        for name, plane in zip(BANDS, cube.dn[at], strict=True):
            planes.setdefault(MSI.bands[name].native, []).append(plane)
        planes["SCL"].append((cube.qa[at] & CLASS_BITS).astype(np.uint8))
    return planes


def _filled(planes: list[NDArray[np.integer]], side_px: int) -> NDArray[np.integer]:
    """Repeat squares, mirrored so that they meet without a seam, over a larger square."""
    n = -(-side_px // SITE_PX)
    rows = [
        np.hstack(
            [planes[(7 * i + j) % len(planes)][:: (-1) ** i, :: (-1) ** j] for j in range(n)]
        )
        for i in range(n)
    ]
    return np.vstack(rows)[:side_px, :side_px]


def _write(path: Path, plane: NDArray[np.integer], side_m: float, safe: DrawnSafe) -> None:
    """Write a plane of 10 m as a COG with pixels of another size."""
    step = round(side_m / LATTICE.pixel_m)
    plane = plane[::step, ::step]
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="COG",
        compress="deflate",
        predictor=2,
        blocksize=512,
        width=plane.shape[1],
        height=plane.shape[0],
        count=1,
        dtype=plane.dtype,
        crs=safe.crs,
        transform=Affine(side_m, 0, safe.corner[0], 0, -side_m, safe.corner[1]),
    ) as sink:
        sink.write(plane, 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--side", type=int, default=3660, help="side of the square [px of 10 m]"
    )
    parser.add_argument("--dates", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
