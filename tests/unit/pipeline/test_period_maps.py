"""The list of maps of several periods: what it holds, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import RegionError
from minecover.core.grid import Grid
from minecover.core.periods import Period
from minecover.core.raster.tile_files import write_tile
from minecover.evaluation.change import ChangeRule
from minecover.pipeline.change import followed_zones, write_change
from minecover.pipeline.period_maps import PERIODS, PeriodMaps, change_rule
from minecover.prediction.region.mosaic import tile_path
from minecover.prediction.region.tile_ledger import CLOUDY, OK, Outcome, TileLedger

PERIOD = [Period.parse(str(year)) for year in (2014, 2015, 2016)]
RULE = ChangeRule(1, 0.1, 0.1, 3.0, 0.5, 0.95, 0.2)
#: Two tiles side by side, and what each period shows of them: ``#`` mine, ``.`` none.
TILES = {
    "32635_e0000_s0001": Grid.from_corner("EPSG:32635", 500_025, -15, 3, 6),
    "32635_e0001_s0001": Grid.from_corner("EPSG:32635", 500_025 + 180, -15, 3, 6),
}


def maps_of(folder: Path, *drawn: tuple[str, str]) -> PeriodMaps:
    """Write the map of each period, a drawing for each tile; empty for a cloudy one."""
    for period, tiles in zip(PERIOD, drawn, strict=True):
        ledger = TileLedger(folder / period.name / "ledger.csv")
        for (name, grid), tile in zip(TILES.items(), tiles, strict=True):
            state = OK if tile else CLOUDY
            ledger.record(Outcome(name, state, 18, 18, 1, "", 3, 0.0, ""))
            if tile:
                plane = np.array([list(row) for row in tile.split("/")])
                values = np.where(plane == "#", 0.9, 0.01).astype(np.float32)
                path = folder / period.name / tile_path("probability", name)
                write_tile(path, values, grid, name="probability")
                classes = np.where(plane == "#", 3 if period == PERIOD[0] else 2, 1)
                path = folder / period.name / tile_path("class", name)
                write_tile(path, classes.astype(np.uint8), grid, name="class")
    maps = PeriodMaps(folder, PERIOD, [True] * 3, 0.4, 2, "digest", "model", True)
    maps.write()
    return maps


def test_the_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    maps = PeriodMaps(tmp_path, PERIOD, [True, False, True], 0.4, 3, "digest", "m", False)

    maps.write()

    assert PeriodMaps.read(tmp_path) == maps


def test_a_list_that_was_edited_is_refused(tmp_path: Path) -> None:
    PeriodMaps(tmp_path, PERIOD, [True] * 3, 0.4, 3, "digest", "m", False).write()
    content = json.loads((tmp_path / PERIODS).read_text())
    del content["threshold"]
    (tmp_path / PERIODS).write_text(json.dumps(content))

    with pytest.raises(RegionError, match="edited"):
        PeriodMaps.read(tmp_path)


def test_a_mine_across_tiles_is_one(tmp_path: Path) -> None:
    nothing = "....../....../......"
    maps = maps_of(
        tmp_path,
        (nothing, nothing),
        ("....../....##/......", "....../#...../......"),
        ("....../...###/......", "....../##..../......"),
    )

    (zone,) = followed_zones(maps, RULE)

    assert len(zone.tracks) == 1
    assert zone.tracks.area_px[:, 0].tolist() == [0, 3, 5]


def test_a_tile_under_clouds_is_hidden_and_not_empty(tmp_path: Path) -> None:
    mine, nothing = "....../.##.../......", "....../....../......"
    maps = maps_of(tmp_path, (mine, nothing), ("", nothing), (mine, nothing))

    (zone,) = followed_zones(maps, RULE)

    assert zone.tracks.observed[:, 0].tolist() == [True, False, True]
    assert zone.tracks.area_px[:, 0].tolist() == [2, 2, 2]


def test_one_bad_year_neither_opens_nor_closes_a_mine(tmp_path: Path) -> None:
    mine, nothing = "....../.##.../......", "....../....../......"
    maps = maps_of(tmp_path, (mine, nothing), (nothing, mine), (mine, nothing))

    (smooth,) = followed_zones(maps, RULE)
    (raw,) = followed_zones(maps, replace(RULE, most_evidence=0))

    assert smooth.tracks.area_px.tolist() == [[2], [2], [2]]
    # The model extrapolates on the first of the two maps that show it.
    assert smooth.applicable.tolist() == [0.5, 0.5, 1, 1]
    assert raw.tracks.area_px.tolist() == [[2, 0], [0, 2], [2, 0]]


def test_files_and_alerts_are_written_beside_the_maps(tmp_path: Path) -> None:
    mine, nothing = "....../.####./......", "....../....../......"
    maps_of(tmp_path, (nothing, nothing), (nothing, nothing), (mine, nothing))

    written = write_change(tmp_path, RULE, since=None)

    assert [path.name for path in written] == [
        "changes.gpkg", "changes.csv", "changes.geojson", "changes.kmz",
        "alerts.csv", "alerts.geojson", "changes.html",
    ]  # fmt: skip
    (alert,) = json.loads(written[-2].read_text())["features"]
    assert alert["properties"]["kind"] == "new"
    assert alert["properties"]["grown_ha"] == 0.36
    assert alert["properties"]["since"] == "2016-01-01"


def test_the_rule_is_the_key_of_the_configuration() -> None:
    assert change_rule() == composed().build("change")
