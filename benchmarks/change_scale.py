"""Time and memory of `minecover change` over many locations and periods.

    python benchmarks/change_scale.py --locations 10 --periods 8

Writes maps of noise that looks like mines (about 0.3 % of it) in tiles of 1024 pixels, once for
each period, and measures what following the mines takes, without the writing of the maps: one
line for 2, 4 ... periods.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from minecover.core.config import composed
from minecover.core.grid import Grid
from minecover.core.periods import Period
from minecover.core.raster.tile_files import write_tile
from minecover.pipeline.change import write_change
from minecover.pipeline.period_list import PeriodMaps
from minecover.prediction.region.mosaic import tile_path
from minecover.prediction.region.tile_ledger import OK, Outcome, TileLedger

TILE_PX, THRESHOLD = 1024, 0.37


def main() -> None:
    """Write maps, then follow mines in a process of its own for each number of periods."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--locations", type=float, default=10, help="millions")
    parser.add_argument("--periods", type=int, default=8)
    parser.add_argument("--follow", type=Path, help="follow the mines of this folder, print")
    options = parser.parse_args()
    if options.follow:
        _follow(options.follow)
        return
    n_tiles = round(options.locations * 1e6 / TILE_PX**2)
    print("| periods | locations | mines | seconds | peak memory [GB] |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder, n = Path(scratch), 1
        for at in range(options.periods):
            _write(folder, n_tiles, at)
            if at + 1 == 2 * n:
                n = at + 1
                _list(folder, n)
                command = [sys.executable, __file__, "--follow", str(folder)]
                line = subprocess.run(command, check=True, capture_output=True, text=True)
                print(f"| {n} | {n_tiles * TILE_PX**2:,} | {line.stdout.strip()} |", flush=True)


def _period(at: int) -> Period:
    return Period.parse(str(2010 + at))


def _list(folder: Path, n: int) -> None:
    periods = [_period(at) for at in range(n)]
    PeriodMaps(folder, periods, [True] * n, THRESHOLD, 3, "", "noise", True).write()


def _write(folder: Path, n_tiles: int, at: int) -> None:
    """Write the map of one period."""
    out = folder / _period(at).name
    ledger = TileLedger(out / "ledger.csv")
    for number in range(n_tiles):
        ground, own = np.random.default_rng(number), np.random.default_rng([number, at])
        field = gaussian_filter(ground.standard_normal((TILE_PX, TILE_PX)), 2)
        noise = 0.7 * own.standard_normal(field.shape)
        probability = 1 / (1 + np.exp(6.5 - 2.2 * field / field.std() - noise))
        grid = Grid.from_corner(
            "EPSG:32635", 500_025 + 30 * TILE_PX * number, -15, TILE_PX, TILE_PX
        )
        name = f"32635_e{number:04d}_s0001"
        write_tile(
            out / tile_path("probability", name),
            probability.astype(np.float32),
            grid,
            name="probability",
        )
        write_tile(
            out / tile_path("class", name),
            (1 + (probability >= THRESHOLD)).astype(np.uint8),
            grid,
            name="class",
        )
        ledger.record(Outcome(name, OK, grid.shape[0] ** 2, 0, 1, "", 3, 0.0, ""))


def _follow(folder: Path) -> None:
    """Print the number of mines, the time, and the peak memory."""
    rule = composed().build("change")
    begin = time.perf_counter()
    written = write_change(folder, rule, since=None)
    seconds = time.perf_counter() - begin
    n_mines = sum(1 for _ in written[1].open()) - 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{n_mines} | {seconds:.1f} | {peak:.2f}")


if __name__ == "__main__":
    main()
