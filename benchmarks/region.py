"""Measure how fast a region is mapped, from files to files, and what limits the speed.

    python benchmarks/region.py --products simulated/ --model models/model.pkl --repeats 5
    python benchmarks/region.py --products sentinel2/ --model model.pkl --without-recipe

Scores in memory with the recipe of 2017 (`recipe.py`; of Landsat alone), and maps the whole
extent of a folder of simulated products with one and with two workers, in turns. Prints
medians, the time of each part of a tile, the peak memory of all processes together, and
estimates for larger regions. `sentinel_2_products.py` writes products with pixels of 10 m.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from measured import Run, extent_of, machine, mapped, median_s
from recipe import SITES, Recipe, recipe, square

from minecover.core.grid import Grid
from minecover.core.raster.tile_files import write_tile
from minecover.core.sites import Site
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.other_sensors import folder_source
from minecover.prediction.region.area import read_area
from minecover.prediction.region.map_settings import map_settings
from minecover.prediction.region.tile_job import (
    WINDOW_PX,
    MapSettings,
    model_of,
    source_of,
)
from minecover.prediction.region.tiles import Tile, tiles_of

#: Areas of regions [km2].
REGIONS = {"North Kivu": 59_483, "DRC": 2_344_858}
#: Side of a tile [px], the default of `minecover map`.
TILE_PX = 1024
#: Cores of a machine, and number of machines.
FLEETS = ((2, 1), (16, 1), (16, 100))


def main() -> None:
    """Measure and print the figures."""
    options = _options()
    card = ModelBundle.read(options.model).card
    area = extent_of(options.products, card)
    baseline = None if options.without_recipe else _recipe(options)
    print(machine())
    in_memory: list[float] = []
    found = {workers: list[Run]() for workers in (1, 2)}
    for _ in range(options.repeats):
        # In turns: other load of the machine affects all alike.
        if baseline is not None:
            in_memory.append(baseline.locations_a_second())
        for workers, runs in found.items():
            runs.append(mapped(options.products, area, options.model, workers, options.scratch))
    if baseline is not None:
        print(f"{statistics.median(in_memory):,.0f} locations/s, in memory: {baseline.named}")
    medians = {workers: _median(runs) for workers, runs in found.items()}
    for workers, run in medians.items():
        print(
            f"{workers} workers: {run.locations / run.busy_s:>10,.0f} locations/s mapping, "
            f"{run.locations / run.wall_s:>10,.0f} with starting and ending "
            f"({run.wall_s:.1f} s); peak {run.peak_bytes / 1e9:.2f} GB"
        )
    pairs = [one.busy_s / two.busy_s for one, two in zip(*found.values(), strict=True)]
    print(
        f"two workers against one: {statistics.median(pairs):.2f} x "
        f"({min(pairs):.2f} ... {max(pairs):.2f})"
    )
    if in_memory:
        _print_ratio(found[2], in_memory)
    tiles = tiles_of(read_area(area), size_px=TILE_PX, lattice=card.lattice)
    settings = map_settings(str(options.model), str(options.products), options.scratch)
    largest = max(tiles, key=lambda tile: tile.locations)
    _where_time_goes(settings, largest.grid, options.repeats)
    products = folder_source(settings.source, card)
    _, n_bytes = products.estimate_reading([tile.grid for tile in tiles])
    n_bytes /= sum(tile.locations for tile in tiles)
    _regions(medians[2].locations / medians[2].busy_s / 2, n_bytes, card.lattice.pixel_m)


def _recipe(options: argparse.Namespace) -> Recipe:
    """Return the recipe of 2017, trained, and run once."""
    profile = ModelBundle.read(options.model).detector().profile
    baseline = recipe(square(options.products), profile, sites=options.sites)
    baseline.locations_a_second()
    return baseline


def _print_ratio(runs: Sequence[Run], in_memory: Sequence[float]) -> None:
    """Print how much faster maps are than the recipe in memory."""
    rates = [run.locations / run.busy_s for run in runs]
    times = [rate / recipes for rate, recipes in zip(rates, in_memory, strict=True)]
    print(
        f"two workers, files to files, against the recipe in memory: "
        f"{statistics.median(times):.1f} x ({min(times):.1f} ... {max(times):.1f})"
    )


def _median(runs: Sequence[Run]) -> Run:
    """Return the run of median time."""
    return sorted(runs, key=lambda run: run.busy_s)[len(runs) // 2]


def _where_time_goes(settings: MapSettings, grid: Grid, repeats: int) -> None:
    """Print the time of each part of a tile on one core, and of reading and writing alone."""
    detector, source = model_of(settings).detector(), source_of(settings)
    tile = Tile("part", grid)
    site = Site("part", "", grid, model_of(settings).card.halo_px)
    cube = source.scenes(site)
    side = slice(0, WINDOW_PX + 2 * cube.halo_px)
    block = cube.cut(side, side, halo_px=cube.halo_px)
    probability, classes = detector.classes(block, {}, is_screened=True)
    plane = np.resize(probability, tile.grid.shape)
    with tempfile.TemporaryDirectory(dir=settings.out) as folder:
        parts = {
            "read, all dates with the halo": (lambda: source.scenes(site), tile.locations),
            "mask, features, score, cut": (
                lambda: detector.classes(block, {}, is_screened=True),
                classes.size,
            ),
            "write probability": (
                lambda: write_tile(Path(folder) / "p.tif", plane, tile.grid, name="p"),
                tile.locations,
            ),
            "write class": (
                lambda: write_tile(
                    Path(folder) / "c.tif",
                    np.resize(classes, tile.grid.shape),
                    tile.grid,
                    name="c",
                ),
                tile.locations,
            ),
        }
        each = {name: median_s(work, repeats) / n for name, (work, n) in parts.items()}
    for name, seconds in each.items():
        print(f"  {name:<32}{1e6 * seconds:>8.2f} us a location and core")
    limit = 1 / sum(seconds for name, seconds in each.items() if "mask" not in name)
    print(f"  limit, reading and writing alone{limit:>12,.0f} locations/s and core")


def _regions(a_core: float, n_bytes: float, pixel_m: float) -> None:
    """Print the estimated time of regions: locations / (locations/s and core x cores)."""
    print(f"{a_core:,.0f} locations/s and core, {n_bytes:.0f} bytes to read a location:")
    for region, km2 in REGIONS.items():
        name, n = f"{region}, {km2:,} km2", km2 * 1e6 / pixel_m**2
        for cores, machines in FLEETS:
            rate = a_core * cores * machines
            print(
                f"  {name:<24}{machines:>4} x {cores:>2} cores:{n / rate / 3600:>9.2f} h, "
                f"{rate * n_bytes / machines / 1e6:>7,.0f} MB/s to each machine"
            )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("models/model.pkl"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--sites", type=int, default=SITES, help="on which the recipe's forest is fitted"
    )
    parser.add_argument(
        "--without-recipe", action="store_true", help="do not run the recipe of 2017 beside"
    )
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    return parser.parse_args()


if __name__ == "__main__":
    main()
