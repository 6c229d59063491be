"""Measure how long the candidates of a map take, against the map itself, and their memory.

    python benchmarks/candidates.py --products simulated-area/ --model models/model.pkl

Maps the whole extent of a folder of simulated products with two workers, then finds and writes
its candidates again in processes of their own. A threshold below that of the model makes more
candidates (`--threshold`). With `--copies` the map of small products is repeated, to as many
tiles of 1024 pixels a side, and the candidates of that larger map are measured; there are no
scenes of it, so `--pictures 0`. `benchmarks/page.py` measures the layers of larger maps.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measured import extent_of, machine

from minecover.core.grid import Grid
from minecover.core.language import IN_ENGLISH
from minecover.core.mine_pixels import MinePixels, read_mine_pixels, write_mine_pixels
from minecover.core.raster import read_band, read_grid
from minecover.core.raster.tile_files import write_tile
from minecover.pipeline.candidate_files import read_record
from minecover.pipeline.known_ground import KnownGround
from minecover.pipeline.map_candidates import write_region_candidates
from minecover.pipeline.map_page import PICTURES, PageOptions
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import MINE, MINE_UNLIKE_TRAINING
from minecover.prediction.region import worker_processes
from minecover.prediction.region.mosaic import (
    LAYERS,
    MINE_PIXELS,
    pixels_path,
    tile_path,
    write_map,
)
from minecover.prediction.region.tile_ledger import OK, Outcome, TileLedger, open_ledger
from minecover.prediction.region.tiles import Tile

WORKERS = 2
#: Side of a tile [px], and number of tiles in a row.
TILE_PX, ROW_OF_TILES = 1024, 8


def main() -> None:
    """Measure and print the figures."""
    options = _options()
    if options.again:
        _again(options.again, options.pictures)
        return
    print(machine())
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        scratch = Path(folder)
        model = _model(options.model, options.threshold, scratch)
        out = scratch / "map"
        area = extent_of(options.products, ModelBundle.read(model).card)
        command = [str(Path(sys.executable).with_name("minecover")), "map", area]
        command += ["--source", str(options.products), "--model", str(model), "--out", str(out)]
        begin = time.perf_counter()
        subprocess.run([*command, "--workers", str(WORKERS)], check=True, stdout=sys.stderr)
        wall_s = time.perf_counter() - begin
        if options.copies:
            _repeat(out, options.copies)
        outcomes = TileLedger(out / "ledger.csv").outcomes().values()
        busy_s = sum(one.seconds for one in outcomes) / WORKERS
        locations = sum(one.locations for one in outcomes if one.state == OK)
        mines = sum(one.mines for one in outcomes)
        again = [sys.executable, __file__]
        runs = [
            json.loads(
                subprocess.run(
                    [*again, "--again", str(out), "--pictures", str(options.pictures)],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
            )
            for _ in range(options.repeats)
        ]
    wall, cpu = (statistics.median(run[key] for run in runs) for key in ("wall", "cpu"))
    if not options.copies:
        print(
            f"map: {locations:,} locations in {busy_s:.1f} s on {WORKERS} workers, "
            f"{wall_s:.1f} s with starting and ending; candidates {100 * wall / busy_s:.1f} %"
        )
    print(
        f"candidates: {runs[0]['candidates']:,} of {mines:,} pixels of {locations:,} locations "
        f"in {wall:.2f} s ({cpu:.2f} s of a processor); "
        f"peak memory {runs[0]['peak'] / 1e9:.2f} GB"
    )


def _again(out: Path, n_pictures: int) -> None:
    """Find and write the candidates of a map once, and print time and memory as JSON."""
    shutil.rmtree(out / PICTURES, ignore_errors=True)
    if n_pictures:  # as the command does before it maps
        worker_processes.prepare("minecover.prediction.region.tile_job")
    begin, begin_cpu = time.perf_counter(), _cpu_s()
    write_region_candidates(
        read_record(out).settings,
        sorted(out.glob("*.vrt")),
        KnownGround.read(),
        PageOptions(IN_ENGLISH, n_pictures, WORKERS),
    )
    wall, cpu = time.perf_counter() - begin, _cpu_s() - begin_cpu
    found = json.loads((out / "candidates.json").read_text())["candidates"]
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"wall": wall, "cpu": cpu, "candidates": found, "peak": peak}))


def _cpu_s() -> float:
    """Return the time of a processor of this process and of those that it ended [s]."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _repeat(out: Path, n_tiles: int) -> None:
    """Put a map of many tiles together from copies of a small one, in its folder."""
    whole = read_grid(out / "class_32635.vrt")
    small = {
        layer: read_band(out / f"{layer}_32635.vrt", whole, resampling="nearest", fill=fill)
        for layer, (_, fill, _) in LAYERS.items()
    }
    times = -(-TILE_PX // min(whole.shape))
    planes = {
        layer: np.tile(plane, (times, times))[:TILE_PX, :TILE_PX]
        for layer, plane in small.items()
    }
    row, col = np.nonzero(np.isin(planes["class"], (MINE, MINE_UNLIKE_TRAINING)))
    days = read_mine_pixels(next((out / MINE_PIXELS).glob("*.parquet"))).dates
    random, shape = np.random.default_rng(7), (len(days), len(row))
    pixels = MinePixels(
        row=row,
        col=col,
        probability=planes["probability"][row, col].astype(np.float32),
        applicable=planes["class"][row, col] == MINE,
        dates=days,
        observed=random.random(shape) < 0.8,
        looks_mined=random.random(shape) < 0.8,
        distances={},
    )
    for path in (out / "ledger.csv", *out.glob("*.vrt")):
        path.unlink()
    tiles = []
    with open_ledger(out) as ledger:
        for index in range(n_tiles):
            down, right = (TILE_PX * 30 * step for step in divmod(index, ROW_OF_TILES))
            corner = (300_015 + right, -450_015 - down, TILE_PX, TILE_PX)
            tile = Tile(f"32635_{index:04d}", Grid.from_corner(whole.crs, *corner))
            for layer, plane in planes.items():
                write_tile(out / tile_path(layer, tile.tile_id), plane, tile.grid, name=layer)
            write_mine_pixels(out / pixels_path(tile.tile_id), pixels)
            seen, n = int(np.count_nonzero(planes["class"])), tile.locations
            dates = f"{days[0]}/{days[-1]}"
            ledger.record(Outcome(tile.tile_id, OK, n, seen, len(row), dates, len(days), 0, ""))
            tiles.append(tile)
        write_map(out, tiles, ledger.outcomes(), {})


def _model(model: Path, threshold: float | None, folder: Path) -> Path:
    """Return the model, or a copy with another threshold in its card."""
    if threshold is None:
        return model
    copy = Path(shutil.copy(model, folder / "model.pkl"))
    card = json.loads(model.with_suffix(".json").read_text())
    copy.with_suffix(".json").write_text(json.dumps({**card, "threshold": threshold}))
    return copy


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/model.pkl"))
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--copies", type=int, help="Number of tiles to put together.")
    parser.add_argument("--pictures", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="Where the map is written.")
    parser.add_argument("--again", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
