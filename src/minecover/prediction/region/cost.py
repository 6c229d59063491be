"""What a map would cost, before anything runs: bytes, requests and time."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from minecover.prediction.region import worker_processes
from minecover.prediction.region.area import read_area
from minecover.prediction.region.mosaic import locations
from minecover.prediction.region.tile_job import MapSettings, map_tile, source_of, warm_up
from minecover.prediction.region.tile_ledger import CORRUPT, EMPTY, Outcome
from minecover.prediction.region.tiles import Tile, tiles_of
from minecover.sources.earth_engine.delivery import MOST_BYTES, PIXEL_BYTES
from minecover.sources.earth_engine.scenes import EarthEngineScenes
from minecover.sources.product_folder import ProductFolder

#: Tiles are timed for this long at least [s], after one that is not counted.
BENCHMARK_S = 10.0
#: Workers for which times are told.
WORKERS = (1, 16, 100)
#: Earth Engine answers a project so many requests a minute; each scene is this many planes.
QUOTA_A_MINUTE, PLANES = 6_000, 13


@dataclass(frozen=True, slots=True)
class Plan:
    """What a map would cost.

    Parameters
    ----------
    tiles, locations, scenes : int
        Scenes are those that share ground with the area.
    read_bytes, written_bytes : float
        What leaves the disk (with the margins of tiles, which are read twice), and reaches it.
    requests : int
        To Earth Engine, one listing and its pixels a tile.
    seconds_a_location : float
        Of one core, measured; NaN for a source that answers over a network.
    start_s : float
        Until a worker has begun.
    """

    tiles: int
    locations: int
    scenes: int
    read_bytes: float
    written_bytes: float
    requests: int
    seconds_a_location: float
    start_s: float

    def seconds(self, workers: int) -> float:
        """How long it takes with so many workers: the last tile is not divided."""
        rounds = math.ceil(self.tiles / workers)
        return self.start_s + rounds * self.locations / self.tiles * self.seconds_a_location


def plan_area(area: str, settings: MapSettings, *, tile_px: int, dates: int) -> Plan:
    """Plan a map.

    Parameters
    ----------
    area : str
        See `minecover.prediction.region.area.read_area`.
    settings : MapSettings
        Its `out` is not touched.
    tile_px : int
    dates : int
        Scenes of a place, where only the service knows.

    Raises
    ------
    NotCoveredError
        If a folder shows nothing of the area.
    """
    geometry = read_area(area)
    tiles = tiles_of(geometry, size_px=tile_px)
    source = source_of(settings)
    if not isinstance(source, ProductFolder):
        asks = isinstance(source, EarthEngineScenes)
        requests = sum(requests_for(tile, dates) for tile in tiles) if asks else 0
        return Plan(
            len(tiles), locations(tiles), 0, math.nan, math.nan, requests, math.nan, math.nan
        )
    source.check_covers(geometry, area)
    covered = [tile for tile in tiles if source.covers(tile.grid)]
    scenes, read_bytes = source.weigh([tile.grid for tile in covered])
    with worker_processes.one_worker("minecover.prediction.region.tile_job") as worker:
        seconds, written = worker.submit(benchmark, settings, covered).result()
    total = locations(covered)
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "import minecover.prediction.region.tile_job"], check=True
    )
    start_s = time.perf_counter() - begin
    return Plan(len(covered), total, scenes, read_bytes, written * total, 0, seconds, start_s)


def benchmark(settings: MapSettings, tiles: Sequence[Tile]) -> tuple[float, float]:
    """Make tiles from all over the area for some seconds, and throw them away.

    Returns
    -------
    seconds, written : float
        A location, on one core; bytes a location.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = replace(settings, out=folder)
        warm_up(settings, tiles[len(tiles) // 2])
        done: list[Outcome] = []
        begin = time.perf_counter()
        for tile in _spread(tiles):
            done.append(map_tile(trial, tile))
            if time.perf_counter() - begin > BENCHMARK_S:
                break
        seconds = time.perf_counter() - begin
        total = sum(one.locations for one in done if one.state not in (EMPTY, CORRUPT))
        files = list(Path(folder).rglob("*.tif"))
        written = sum(path.stat().st_size for path in files) / max(total, 1)
    return seconds / max(total, 1), written


def requests_for(tile: Tile, dates: int) -> int:
    """Count the requests that a tile is to Earth Engine: a listing, and scenes by the stack."""
    rows, cols = tile.grid.shape
    scenes_each = max(MOST_BYTES // (PLANES * rows * cols * PIXEL_BYTES), 1)
    return 1 + math.ceil(dates / scenes_each)


def lines(plan: Plan) -> list[str]:
    """Tell a plan, a line a figure."""
    told = [
        f"tiles       {plan.tiles:>14,}",
        f"locations   {plan.locations:>14,}",
    ]
    if plan.requests:
        minutes = plan.requests / QUOTA_A_MINUTE
        told += [
            f"requests    {plan.requests:>14,}  to Earth Engine: {minutes:,.1f} min of quota",
        ]
    if math.isnan(plan.seconds_a_location):
        return [*told, "time        is the service's: map a small area to see it"]
    core_hours = plan.locations * plan.seconds_a_location / 3600
    speed = plan.read_bytes / plan.locations / plan.seconds_a_location / 1e6
    told += [
        f"scenes      {plan.scenes:>14,}",
        f"to read     {plan.read_bytes / 1e9:>14,.2f}  GB, {speed:,.1f} MB/s a worker",
        f"to write    {plan.written_bytes / 1e9:>14,.3f}  GB",
        f"speed       {1 / plan.seconds_a_location:>14,.0f}  locations/s on one core, measured",
        f"core-hours  {core_hours:>14,.2f}",
    ]
    return [
        *told,
        *(f"{n:>4} workers {plan.seconds(n) / 60:>14,.1f}  minutes" for n in WORKERS),
    ]


def figures(plan: Plan) -> dict[str, object]:
    """Give a plan's figures for scripts; None where only the service knows."""
    told = {
        **asdict(plan),
        "minutes": {str(n): plan.seconds(n) / 60 for n in WORKERS},
    }
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in told.items()
    }


def _spread(tiles: Sequence[Tile]) -> list[Tile]:
    """Order tiles so that the first few are from all over the area."""
    golden = (math.sqrt(5) - 1) / 2
    return sorted(tiles, key=lambda tile: (tiles.index(tile) * golden) % 1)
