"""Estimate what a map would cost before it is made: bytes, requests and time."""

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
from minecover.prediction.region.mosaic import n_locations
from minecover.prediction.region.tile_job import (
    MapSettings,
    few_dates_warning,
    map_tile,
    model_of,
    source_of,
    warm_up,
)
from minecover.prediction.region.tile_ledger import CORRUPT, EMPTY, Outcome
from minecover.prediction.region.tiles import Tile, tiles_of
from minecover.sources.earth_engine.delivery import MOST_BYTES, PIXEL_BYTES
from minecover.sources.earth_engine.scenes import EarthEngineScenes
from minecover.sources.product_folder import ProductFolder

#: Tiles are timed for at least this long [s], after one that is not counted.
BENCHMARK_S = 10.0
#: Numbers of workers for which a plan gives the time.
WORKERS = (1, 16, 100)
#: Requests a minute that Earth Engine allows a project; quality bands of a scene.
QUOTA_A_MINUTE, QUALITY_PLANES = 6_000, 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a map would cost.

    Parameters
    ----------
    pixel_m : float
        Side of a pixel [m].
    tiles, locations, scenes : int
        Number of tiles, of pixels, and of scenes that overlap the area; 0 scenes for a source
        over a network.
    read_bytes, written_bytes : float
        Bytes read from disk (the halos of neighbouring tiles twice) and written to it; NaN for
        a source over a network.
    requests : int
        Number of requests to Earth Engine: a listing and the pixels of each tile.
    seconds_a_location : float
        Time of one location on one core, measured [s]; NaN for a source over a network.
    start_s : float
        Time until a worker has started [s]; NaN for a source over a network.
    warning : str
        One sentence if tiles have scenes of fewer dates than the model knows; else empty.
    """

    pixel_m: float
    tiles: int
    locations: int
    scenes: int
    read_bytes: float
    written_bytes: float
    requests: int
    seconds_a_location: float
    start_s: float
    warning: str

    def seconds(self, workers: int) -> float:
        """Return the time of the map with this many workers [s]; tiles are not divided."""
        rounds = math.ceil(self.tiles / workers)
        return self.start_s + rounds * self.locations / self.tiles * self.seconds_a_location


def plan_area(area: str, settings: MapSettings, *, tile_px: int, dates: int) -> Plan:
    """Estimate the cost of a map, with some tiles that are made and deleted.

    Parameters
    ----------
    area : str
        See `minecover.prediction.region.area.read_area`.
    settings : MapSettings
        Settings of the map; nothing is written to its `out`.
    tile_px : int
        Side of a tile [px].
    dates : int
        Number of scenes of a location, for a source over a network.

    Returns
    -------
    Plan

    Raises
    ------
    NotCoveredError
        If no scene of a product folder shows any of the area.
    """
    geometry = read_area(area)
    lattice = model_of(settings).card.lattice
    tiles = tiles_of(geometry, size_px=tile_px, lattice=lattice)
    source = source_of(settings)
    if not isinstance(source, ProductFolder):
        requests = 0
        if isinstance(source, EarthEngineScenes):
            planes = len(source.bands) + QUALITY_PLANES
            requests = sum(requests_for(tile, dates, planes) for tile in tiles)
        warning = few_dates_warning(settings, [dates] * len(tiles))
        unknown = (math.nan, math.nan)
        return Plan(
            lattice.pixel_m,
            len(tiles),
            n_locations(tiles),
            0,
            *unknown,
            requests,
            *unknown,
            warning,
        )
    source.check_covers(geometry, area)
    covered = [tile for tile in tiles if source.covers(tile.grid)]
    scenes, read_bytes = source.estimate_reading([tile.grid for tile in covered])
    with worker_processes.one_worker("minecover.prediction.region.tile_job") as worker:
        seconds, written = worker.submit(benchmark, settings, covered).result()
    total = n_locations(covered)
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "import minecover.prediction.region.tile_job"], check=True
    )
    start_s = time.perf_counter() - begin
    warning = few_dates_warning(settings, [source.n_dates(tile.grid) for tile in covered])
    return Plan(
        lattice.pixel_m,
        len(covered),
        total,
        scenes,
        read_bytes,
        written * total,
        0,
        seconds,
        start_s,
        warning,
    )


def benchmark(settings: MapSettings, tiles: Sequence[Tile]) -> tuple[float, float]:
    """Make tiles from all over the area for `BENCHMARK_S` on one core, and delete them.

    Parameters
    ----------
    settings : MapSettings
        Settings of the map; nothing is written to its `out`.
    tiles : sequence of Tile
        Tiles that the source covers.

    Returns
    -------
    seconds : float
        Time of one location [s].
    written : float
        Bytes written for one location.
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


def requests_for(tile: Tile, dates: int, planes: int) -> int:
    """Return the number of requests to Earth Engine for a tile: a listing, and its pixels.

    Parameters
    ----------
    tile : Tile
    dates : int
        Number of its scenes; a request delivers as many as Earth Engine's limit allows.
    planes : int
        Number of bands and quality bands of a scene.
    """
    rows, cols = tile.grid.shape
    scenes_each = max(MOST_BYTES // (planes * rows * cols * PIXEL_BYTES), 1)
    return 1 + math.ceil(dates / scenes_each)


def format_plan(plan: Plan) -> list[str]:
    """Return a plan as lines of text, one for each figure, and last a warning."""
    lines = [
        f"tiles       {plan.tiles:>14,}",
        f"locations   {plan.locations:>14,}  pixels of {plan.pixel_m:g} m",
    ]
    if plan.requests:
        minutes = plan.requests / QUOTA_A_MINUTE
        lines += [
            f"requests    {plan.requests:>14,}  to Earth Engine: {minutes:,.1f} min of quota",
        ]
    warnings = [f"warning     {plan.warning}"] if plan.warning else []
    if math.isnan(plan.seconds_a_location):
        unknown = "time        depends on the service: map a small area to measure it"
        return [*lines, unknown, *warnings]
    core_hours = plan.locations * plan.seconds_a_location / 3600
    speed = plan.read_bytes / plan.locations / plan.seconds_a_location / 1e6
    lines += [
        f"scenes      {plan.scenes:>14,}",
        f"to read     {plan.read_bytes / 1e9:>14,.2f}  GB, {speed:,.1f} MB/s a worker",
        f"to write    {plan.written_bytes / 1e9:>14,.3f}  GB",
        f"speed       {1 / plan.seconds_a_location:>14,.0f}  locations/s on one core, measured",
        f"core-hours  {core_hours:>14,.2f}",
    ]
    return [
        *lines,
        *(f"{n:>4} workers {plan.seconds(n) / 60:>14,.1f}  minutes" for n in WORKERS),
        *warnings,
    ]


def plan_to_dict(plan: Plan) -> dict[str, object]:
    """Return a plan's figures for JSON, with None in place of NaN."""
    content = {
        **asdict(plan),
        "minutes": {str(n): plan.seconds(n) / 60 for n in WORKERS},
    }
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in content.items()
    }


def _spread(tiles: Sequence[Tile]) -> list[Tile]:
    """Order tiles so that any first few are spread over the area."""
    golden = (math.sqrt(5) - 1) / 2
    return sorted(tiles, key=lambda tile: (tiles.index(tile) * golden) % 1)
