"""Tables, alerts and files of mines that were followed over periods."""

import csv
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from drawn_changes import LATTICE, PERIODS, ZONE, drawn

from minecover.core.errors import RegionError
from minecover.core.periods import Period
from minecover.reporting.changes import (
    alerts,
    by_period,
    change_table,
    write_alerts,
    write_changes,
)
from minecover.reporting.changes.states import states_of

KML = {"kml": "http://www.opengis.net/kml/2.2"}


@pytest.fixture(scope="module")
def table() -> gpd.GeoDataFrame:
    return change_table([ZONE], PERIODS, level=0.95)


@pytest.fixture(scope="module")
def in_time(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return by_period([ZONE], table, PERIODS)


def test_a_table_tells_what_became_of_each_mine(table: gpd.GeoDataFrame) -> None:
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert sorted(table["state"]) == ["appeared", "gone", "hidden", "stable", "stable"]
    grown = table.iloc[0]
    assert grown["state"] == "appeared"
    assert (grown["first_seen"], grown["last_seen"]) == ("2015", "2018")
    assert grown["area_ha_2014"] == 0
    assert grown["area_ha_2018"] == 0.54
    assert grown["grown_ha"] == 0.54
    assert grown["growth_low"] <= grown["growth_ha_a"] <= grown["growth_high"]
    assert grown["events"] == "appeared 2015"


def test_a_mine_grew_if_it_grew_by_more_than_maps_are_noisy() -> None:
    zone = drawn("##......", "####....", "?????...", "########", "#####...", "########")
    tracks = zone.tracks

    exact, noisy = (states_of(tracks, noise)[:, 0].tolist() for noise in (0.0, 0.5))

    assert exact == ["stable", "grew", "hidden", "grew", "shrank", "grew"]
    assert noisy == ["stable", "stable", "hidden", "grew", "stable", "stable"]


def test_a_mine_says_whether_the_model_is_applicable(table: gpd.GeoDataFrame) -> None:
    assert table["applicable"].iloc[0]
    assert not table["applicable"].all()


def test_what_was_not_observed_has_no_area(table: gpd.GeoDataFrame) -> None:
    gone = table[table["state"] == "gone"].iloc[0]
    hidden = table[table["state"] == "hidden"].iloc[0]

    assert gone["state_2016"] == "hidden"
    assert np.isnan(gone["area_ha_2016"])
    assert gone["state_2018"] == "gone"
    assert (gone["last_seen"], hidden["last_seen"]) == ("2015", "2016")
    assert hidden["area_ha"] == 0.18


def test_a_last_period_without_a_map_does_not_hide_what_became_of_mines(
    table: gpd.GeoDataFrame,
) -> None:
    # Nobody observed the fifth period, in which nothing is mined either.
    tracks = replace(
        ZONE.tracks,
        **{
            name: np.pad(getattr(ZONE.tracks, name), ((0, 1), (0, 0)))
            for name in ("area_px", "observed", "parts", "split", "merged")
        },
    )
    mined = np.pad(ZONE.mined, ((0, 1), (0, 0)))
    zone = replace(ZONE, mined=mined, on_map=mined, tracks=tracks)
    periods = [*PERIODS, Period.parse("2030")]

    found = change_table([zone], periods, level=0.95, mapped=[True] * 4 + [False])
    clouds = change_table([zone], periods, level=0.95, mapped=[True] * 5)

    assert found["state"].tolist() == table["state"].tolist()
    assert set(clouds["state"]) == {"hidden"}
    assert set(found["state_2030"]) == {"hidden"}


def test_a_place_lies_inside_its_outline(table: gpd.GeoDataFrame) -> None:
    points = gpd.GeoSeries.from_xy(table["lon"], table["lat"], crs="EPSG:4326")

    assert table.geometry.contains(points).all()
    assert table["change_id"].is_unique


def test_a_mine_keeps_its_name_while_it_grows() -> None:
    small, large = "##" + 38 * ".", 40 * "#"
    periods = PERIODS[:3]

    before = change_table([drawn(small, small)], periods[:2], level=0.95)
    after = change_table([drawn(small, small, large)], periods, level=0.95)

    assert after["area_ha"].iloc[0] > 10 * before["area_ha"].iloc[0]
    assert after["change_id"].tolist() == before["change_id"].tolist()


def test_each_period_has_the_outline_of_its_time(
    table: gpd.GeoDataFrame, in_time: gpd.GeoDataFrame
) -> None:
    area_ha = in_time.to_crs(LATTICE.crs).area / 10_000

    np.testing.assert_allclose(area_ha, in_time["area_ha"], rtol=0.01)
    assert in_time["period"].value_counts().to_dict() == {
        "2014": 4, "2015": 5, "2016": 4, "2018": 3,
    }  # fmt: skip
    ends = in_time.groupby("period")["end"].first().astype(str).to_dict()
    assert ends["2015"] == "2015-12-31"
    assert ends["2016"] == "2017-12-31"


def test_a_mine_that_a_period_did_not_observe_does_not_vanish_from_a_time_slider(
    tmp_path: Path,
) -> None:
    zone = drawn("####", "####", "####", "....")
    # Clouds in 2015, which the other periods fill.
    observed = np.array([[True], [False], [True], [True]])
    tracks = replace(zone.tracks, observed=observed)
    zone = replace(zone, tracks=tracks)
    found = change_table([zone], PERIODS, level=0.95)

    rows = by_period([zone], found, PERIODS)

    assert rows["period"].tolist() == ["2014", "2015", "2016"]
    assert rows["state"].tolist() == ["stable", "hidden", "stable"]
    assert rows["area_ha"].isna().tolist() == [False, True, False]
    gpkg, *_, kmz = write_changes(tmp_path, found, rows, simulated=False)
    assert len(gpd.read_file(gpkg, layer="changes")) == 3
    document = ElementTree.fromstring(ZipFile(kmz).read("doc.kml"))
    names = [one.text for one in document.findall(".//kml:Placemark/kml:name", KML)]
    assert [str(name).partition(": ")[2] for name in names] == [
        "stable, 0.36 ha", "not observed", "stable, 0.36 ha",
    ]  # fmt: skip
    styles = {f"#{one.get('id')}" for one in document.findall(".//kml:Style", KML)}
    assert {one.text for one in document.findall(".//kml:styleUrl", KML)} <= styles


def test_alerts_are_new_or_have_grown_by_more_than_a_stated_area() -> None:
    zone = drawn("........../####......", "..##....../####......", "###.#...../####...##?")
    periods = PERIODS[1:]
    found = change_table([zone], periods, level=0.95)

    small = alerts(found, periods, since=date(2016, 1, 1), least_ha=0.1)
    large = alerts(found, periods, since=date(2016, 1, 1), least_ha=0.3)

    assert small["kind"].tolist() == ["grown", "new"]
    assert small["grown_ha"].tolist() == [0.36, 0.18]
    assert large["grown_ha"].tolist() == [0.36]


def test_ground_that_nobody_saw_before_is_no_alert() -> None:
    zone = drawn("??..", "####", "####")
    found = change_table([zone], PERIODS[:3], level=0.95)
    hidden = drawn("????", "####", "####")
    unknown = change_table([hidden], PERIODS[:3], level=0.95)

    since = date(2015, 1, 1)

    assert len(alerts(found, PERIODS[:3], since=since, least_ha=0.1)) == 1
    assert len(alerts(unknown, PERIODS[:3], since=since, least_ha=0.1)) == 0


@pytest.mark.parametrize("since", [date(2010, 1, 1), date(2030, 1, 1)])
def test_a_day_with_nothing_to_compare_is_refused(table: gpd.GeoDataFrame, since: date) -> None:
    with pytest.raises(RegionError, match="--since"):
        alerts(table, PERIODS, since=since, least_ha=1)


def test_files_know_their_time(
    table: gpd.GeoDataFrame, in_time: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    gpkg, table_csv, geojson, kmz = write_changes(tmp_path, table, in_time, simulated=True)

    assert pyogrio.read_info(gpkg, layer="changes")["features"] == len(in_time)
    layer = gpd.read_file(gpkg, layer="changes")
    assert layer["begin"].dt.year.tolist() == in_time["begin"].dt.year.tolist()
    # Days: as times they would begin on the day before, west of Greenwich.
    kinds = dict(
        zip(
            *(pyogrio.read_info(gpkg, layer="changes")[k] for k in ("fields", "ogr_types")),
            strict=True,
        )
    )
    assert (kinds["begin"], kinds["end"]) == ("OFTDate", "OFTDate")
    with closing(sqlite3.connect(gpkg)) as file:
        (style,) = file.execute("SELECT styleQML FROM layer_styles").fetchone()
    temporal = ElementTree.fromstring(style).find("temporal")
    assert temporal is not None
    assert (temporal.get("startField"), temporal.get("endField")) == ("begin", "end")
    assert temporal.get("enabled") == "1"
    document = ElementTree.fromstring(ZipFile(kmz).read("doc.kml"))
    spans = document.findall(".//kml:TimeSpan", KML)
    assert len(spans) == len(in_time)
    assert spans[0].findtext("kml:begin", namespaces=KML) == "2014-01-01"
    assert document.findtext(".//kml:name", namespaces=KML) == "Mines through time (simulated)"
    rows = list(csv.DictReader(table_csv.read_text().splitlines()))
    assert [row["area_ha_2018"] for row in rows] == ["0.54", "0.18", "0.18", "", "0.0"]
    properties = json.loads(geojson.read_text())["features"][0]["properties"]
    assert properties["area_ha_2018"] == 0.54


def test_the_same_mines_give_the_same_bytes(
    table: gpd.GeoDataFrame, in_time: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    one, other = (
        [*write_changes(folder, table, in_time, simulated=False), *write_alerts(folder, found)]
        for folder in (tmp_path / "one", tmp_path / "other")
        for found in [alerts(table, PERIODS, since=date(2015, 1, 1), least_ha=0.1)]
    )

    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_no_mine_makes_empty_files(tmp_path: Path) -> None:
    zone = drawn("....", "....", "....", "....")
    table = change_table([zone], PERIODS, level=0.95)

    written = write_changes(tmp_path, table, by_period([zone], table, PERIODS), simulated=False)

    assert len(table) == 0
    assert json.loads(written[2].read_text())["features"] == []
    assert len(gpd.read_file(written[0], layer="changes")) == 0
