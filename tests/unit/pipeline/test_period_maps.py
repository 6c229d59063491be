"""The list of maps of several periods: what it holds, and what is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from click.testing import CliRunner
from drawn_pages import page_json

from minecover.cli import main
from minecover.core.config import composed
from minecover.core.errors import RegionError
from minecover.core.grid import Grid
from minecover.core.periods import Period
from minecover.core.raster.tile_files import write_tile
from minecover.evaluation.change import ChangeRule
from minecover.pipeline.change import followed_zones, write_change
from minecover.pipeline.period_list import PeriodMaps
from minecover.pipeline.period_maps import change_rule
from minecover.prediction.region.mosaic import tile_path
from minecover.prediction.region.tile_ledger import CLOUDY, OK, Outcome, TileLedger

PERIOD = [Period.parse(str(year)) for year in (2014, 2015, 2016)]
RULE = ChangeRule(1, 0.1, 0.1, 3.0, 0.5, 0.95, 0.2, 1.0)
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


MINE, NOTHING = "....../.####./......", "....../....../......"


def three_maps(folder: Path) -> PeriodMaps:
    """Write three maps; a mine of the first tile is always there, one of the second is new."""
    return maps_of(folder, (MINE, NOTHING), (MINE, NOTHING), (MINE, MINE))


LAST = PERIOD[-1].name
SECOND_TILE = list(TILES)[1]


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(PERIOD[1].name, id="a folder"),
        pytest.param(f"{LAST}/ledger.csv", id="a ledger"),
        pytest.param(f"{LAST}/probability/{SECOND_TILE}.tif", id="probabilities"),
        pytest.param(f"{LAST}/class/{SECOND_TILE}.tif", id="classes"),
    ],
)
def test_a_map_of_which_something_was_deleted_is_refused(tmp_path: Path, lost: str) -> None:
    three_maps(tmp_path)
    path = tmp_path / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    with pytest.raises(RegionError, match=f"{lost}.*again"):
        write_change(tmp_path, RULE, since=None)

    # What is read is not written: an empty ledger would say that there are no tiles.
    assert not path.exists()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_tile_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    three_maps(tmp_path)
    path = tmp_path / LAST / tile_path("probability", SECOND_TILE)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    with pytest.raises(RegionError, match=rf"{SECOND_TILE}.*Delete"):
        write_change(tmp_path, RULE, since=None)


def test_maps_of_another_area_are_not_compared(tmp_path: Path) -> None:
    three_maps(tmp_path)
    wider = Grid.from_corner("EPSG:32635", 500_025 + 120, -15, 3, 8)
    for layer, value in {"probability": np.float32(0.9), "class": np.uint8(2)}.items():
        path = tmp_path / LAST / tile_path(layer, SECOND_TILE)
        write_tile(path, np.full(wider.shape, value), wider, name=layer)

    with pytest.raises(RegionError, match=r"2014 and 2016.*another area or another --tile"):
        write_change(tmp_path, RULE, since=None)


def test_maps_of_which_no_tile_was_observed_are_refused(tmp_path: Path) -> None:
    maps_of(tmp_path, ("", ""), ("", ""), ("", ""))

    with pytest.raises(RegionError, match="no tile"):
        write_change(tmp_path, RULE, since=None)


def test_a_future_period_changes_neither_title_nor_state(tmp_path: Path) -> None:
    maps = three_maps(tmp_path)
    future = [*maps.periods, Period.parse("2030")]
    replace(maps, periods=future, mapped=[*maps.mapped, False]).write()

    write_change(tmp_path, RULE, since=None)

    data = page_json((tmp_path / "changes.html").read_text())
    assert str(data["title"]).startswith("Mines through time · 2014–2016")
    mines = cast("list[dict[str, object]]", data["candidates"])
    assert [mine["state"] for mine in mines] == ["appeared", "stable"]
    assert [cast("list[object]", mine["areas"])[-1] for mine in mines] == [None, None]
    # Grey on the page, in its legend once.
    assert "hidden" not in cast("dict[str, str]", data["colours"])


def test_what_changed_is_written_elsewhere_where_maps_can_only_be_read(tmp_path: Path) -> None:
    three_maps(tmp_path / "maps")
    before = {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))}

    result = CliRunner().invoke(
        main, ["change", str(tmp_path / "maps"), "--out", str(tmp_path / "é à/out")]
    )

    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "é à/out").iterdir())) == 7
    maps = {path: at for path, at in before.items() if path != tmp_path}
    assert {path: path.stat().st_mtime_ns for path in maps} == maps


def test_what_a_killed_run_left_behind_is_no_picture(tmp_path: Path) -> None:
    three_maps(tmp_path)
    for period in PERIOD:
        (tmp_path / period.name / "true_colour").mkdir()
        (tmp_path / period.name / "true_colour/.x7b2.tif").write_bytes(b"half a picture")

    write_change(tmp_path, RULE, since=None)

    data = page_json((tmp_path / "changes.html").read_text())
    assert [one["image"] for one in cast("list[dict[str, object]]", data["periods"])] == [
        None
    ] * 3
