"""Regions: invalid areas, adjacent tiles, the ledger, one run in a folder, workers, mosaics."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import shapely

from minecover.core.errors import ConfigError, RegionError, SiteError
from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT
from minecover.core.raster import read_planes
from minecover.core.raster.tile_files import MosaicTile, write_mosaic, write_tile
from minecover.prediction.region import cluster, worker_processes
from minecover.prediction.region.area import by_zone, read_area
from minecover.prediction.region.tile_ledger import CLOUDY, FAILED, OK, Outcome, open_ledger
from minecover.prediction.region.tiles import tiles_of


def feature(path: Path, *rings: list[tuple[float, float]]) -> str:
    """Write polygons as GeoJSON."""
    shapes = [{"type": "Polygon", "coordinates": [ring]} for ring in rings]
    features = [{"type": "Feature", "properties": {}, "geometry": one} for one in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def outcome(tile_id: str, state: str) -> Outcome:
    return Outcome(tile_id, state, 100, 90, 1, "2017-01-01/2017-02-02", 3, 1.5, "")


@pytest.mark.parametrize(
    ("area", "message"),
    [
        pytest.param("nowhere.geojson", "no area at nowhere.geojson", id="no file"),
        pytest.param("28,-1,28,-2", "which is empty", id="a line"),
        pytest.param("nan,-2,29,-1", "which holds a value that is no number", id="no west"),
        pytest.param("28,-2,29,inf", "which holds a value that is no number", id="no north"),
        pytest.param("28,-2,29,-3", "which is empty", id="south above north"),
        pytest.param("28,85,29,86", "leave the poles out", id="beyond UTM"),
        pytest.param("179,-2,182,-1", "RFC 7946", id="longitudes beyond 180"),
    ],
)
def test_an_invalid_area_is_refused(area: str, message: str) -> None:
    with pytest.raises(SiteError, match=message):
        read_area(area)


def test_an_outline_that_crosses_itself_is_refused(tmp_path: Path) -> None:
    bow = [(28.0, -2.0), (29.0, -1.0), (29.0, -2.0), (28.0, -1.0), (28.0, -2.0)]

    with pytest.raises(SiteError, match=r"Self-intersection\[28.5 -1.5\]"):
        read_area(feature(tmp_path / "bow.geojson", bow))


def test_an_area_of_points_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.geojson"
    path.write_text('{"type": "Point", "coordinates": [28, -2]}')

    with pytest.raises(SiteError, match="should hold polygons, found Point"):
        read_area(str(path))


def test_a_box_may_cross_the_antimeridian() -> None:
    parts = by_zone(read_area("179.5,-17,-179.5,-16"))

    assert list(parts) == ["EPSG:32601", "EPSG:32660"]


def test_ground_on_each_side_of_a_zone_border_is_in_its_own_zone() -> None:
    tiles = tiles_of(read_area("29.9,-1.1,30.1,-1.0"), size_px=256)

    assert {tile.grid.crs for tile in tiles} == {"EPSG:32635", "EPSG:32636"}
    assert len({tile.tile_id for tile in tiles}) == len(tiles)


def test_an_area_40_degrees_wide_is_tiled_zone_by_zone() -> None:
    area = read_area("0,-1,40,0")

    tiles = tiles_of(area, size_px=4096)

    assert {tile.grid.crs for tile in tiles} == {f"EPSG:326{zone}" for zone in range(31, 38)}
    ground = sum(tile.locations for tile in tiles) * 900 / 1e6
    assert ground == pytest.approx(40 * 111.32 * 110.57, rel=0.02)


def test_tiles_meet_on_the_lattice_and_end_with_the_area() -> None:
    box = Grid.from_corner("EPSG:32635", 600_015.0, -450_015.0, 200, 300)
    corners = shapely.box(*box.bounds)
    area = shapely.transform(corners, _degrees)

    tiles = tiles_of(area, size_px=128)

    assert all(tile.grid.is_on(LANDSAT) for tile in tiles)
    n_tiles = np.zeros((260, 360), int)
    for tile in tiles:
        row, col = box.grown(30).rowcol(*tile.grid.xy(0, 0))
        n_tiles[row : row + tile.grid.shape[0], col : col + tile.grid.shape[1]] += 1
    assert n_tiles.max() == 1
    assert (n_tiles[30:230, 30:330] == 1).all()
    assert n_tiles.sum() <= 202 * 302


def _degrees(xy: np.ndarray) -> np.ndarray:
    from pyproj import Transformer

    back = Transformer.from_crs("EPSG:32635", "EPSG:4326", always_xy=True)
    return np.column_stack(back.transform(xy[:, 0], xy[:, 1]))


def test_tiles_as_small_as_a_halo_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 64 pixels a side, found 10"):
        tiles_of(shapely.box(28, -2, 29, -1), size_px=10)


def test_a_ledger_stores_the_last_outcome_and_counts_tries(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        for state in (FAILED, FAILED, OK):
            ledger.record(outcome("a", state))
        ledger.record(outcome("b", CLOUDY))

    with open_ledger(tmp_path) as ledger:
        assert list(ledger.outcomes().values()) == [outcome("a", OK), outcome("b", CLOUDY)]
        assert (ledger.tries("a"), ledger.tries("b"), ledger.tries("c")) == (3, 1, 0)
        assert ledger.counts() == {"ok": 1, "empty": 0, "cloudy": 1, "corrupt": 0, "failed": 0}


def test_two_runs_never_write_into_one_folder(tmp_path: Path) -> None:
    with (
        open_ledger(tmp_path),
        pytest.raises(RegionError, match=r"another run \(process \d+\) writes into"),
        open_ledger(tmp_path),
    ):
        pass


def test_a_missing_scheduler_is_reported_within_seconds() -> None:
    begin = time.monotonic()

    with (
        pytest.raises(RegionError, match="no scheduler at tcp://127.0.0.1:9 responds"),
        cluster.connect(cluster.Workers("tcp://127.0.0.1:9", 1, 1.0)),
    ):
        pass

    assert time.monotonic() - begin < 2 * cluster.TIMEOUT_S


#: Checks the modules and variables of a worker process, and of the one that starts it.
PROGRAM = """
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from minecover.prediction.region import worker_processes

worker_processes.prepare("no.such.module", "minecover.prediction.region.tiles")
is_imported = "'minecover.prediction.region.tiles' in __import__('sys').modules"
names = [*worker_processes.ENVIRONMENT]
variables = "{name: __import__('os').environ.get(name) for name in %r}" % names
with ProcessPoolExecutor(1, get_context(worker_processes.METHOD)) as pool:
    assert pool.submit(eval, is_imported).result()
    assert pool.submit(eval, variables).result() == worker_processes.ENVIRONMENT
assert os.environ.get("MALLOC_ARENA_MAX") == "7"
assert "MALLOC_MMAP_MAX_" not in os.environ
"""


@pytest.mark.skipif(worker_processes.METHOD != "forkserver", reason="no fork server")
def test_workers_start_with_modules_and_variables_that_their_parent_does_not_get() -> None:
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in worker_processes.ENVIRONMENT
    }

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**env, "MALLOC_ARENA_MAX": "7"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("processes", "memory_gb"), [(0, 1.0), (2, 0.0)])
def test_workers_without_process_or_memory_are_refused(
    processes: int, memory_gb: float
) -> None:
    with pytest.raises(ConfigError, match="at least one worker"):
        cluster.Workers(None, processes, memory_gb)


def test_a_mosaic_is_not_observed_where_it_has_no_tile(tmp_path: Path) -> None:
    whole = Grid.from_corner("EPSG:32635", 600_015.0, -450_015.0, 4, 6)
    left, right = whole.cut(0, 0, 2, 3), whole.cut(2, 3, 4, 6)
    write_tile(tmp_path / "a.tif", np.full((2, 3), 1, np.uint8), left, name="class")
    write_tile(tmp_path / "b.tif", np.full((2, 3), 2, np.uint8), right, name="class")

    write_mosaic(
        tmp_path / "all.vrt",
        [MosaicTile("b.tif", right), MosaicTile("a.tif", left)],
        "uint8",
        0,
    )

    (plane,) = read_planes(tmp_path / "all.vrt").values()
    assert plane.tolist() == [
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [0, 0, 0, 2, 2, 2],
        [0, 0, 0, 2, 2, 2],
    ]
