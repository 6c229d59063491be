"""Candidates are found, merged across sites, ranked and written."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from geopandas.testing import assert_geodataframe_equal

from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.reporting.candidates import (
    COLUMNS,
    SiteMap,
    find_candidates,
    write_candidates,
    write_geopackage,
)

CRS = "EPSG:32635"
#: A corner in South Kivu: its first pixel is lattice column 24000, 9000 south of the equator.
LEFT_M, TOP_M = 719_985.0, -269_985.0

NO_LABELS = gpd.GeoDataFrame({"kind": []}, geometry=[], crs="EPSG:4326")


def site_map(
    drawing: str, *, site_id: str = "a", right_px: int = 0, down_px: int = 0, crs: str = CRS
) -> SiteMap:
    """Return a site from a drawing: digits are tenths, . is 0, ? is not observed."""
    values = {".": 0.0, "?": np.nan, **{str(d): d / 10 for d in range(10)}}
    plane = np.array([[values[mark] for mark in line] for line in drawing.split()], np.float32)
    left_m, top_m = LEFT_M + 30 * right_px, TOP_M - 30 * down_px
    grid = Grid.from_corner(crs, left_m, top_m, *plane.shape)
    return SiteMap(site_id, grid, plane)


def found_in(*maps: SiteMap, min_px: int = 1) -> gpd.GeoDataFrame:
    return find_candidates(maps, NO_LABELS, threshold=0.5, min_px=min_px)


@pytest.mark.parametrize(
    ("drawing", "hectares"),
    [
        pytest.param(". . ....  ....", [], id="nothing reaches the threshold"),
        pytest.param("....  .55.  ....", [0.18], id="the threshold itself counts"),
        pytest.param("7...  .7..  ..7.", [0.27], id="corners connect"),
        pytest.param("7.7.  7.7.  7...", [0.27, 0.18], id="a gap of one pixel separates"),
        pytest.param("7??.  7?..  77..", [0.36], id="not observed is no candidate"),
        pytest.param(
            "...7  7...  ....", [0.09, 0.09], id="no connection across the opposite edge"
        ),
    ],
)
def test_objects_of_a_drawing(drawing: str, hectares: list[float]) -> None:
    lines = " ".join(line.ljust(4, ".") for line in drawing.split())

    found = found_in(site_map(lines))

    assert found["area_ha"].tolist() == hectares


def test_a_candidate_has_the_coordinates_of_its_centroid() -> None:
    found = found_in(site_map("..... .57.. .58.. ....."))

    middle = gpd.GeoSeries(gpd.points_from_xy(found["lon"], found["lat"]), crs="EPSG:4326")
    on_ground = middle.to_crs(CRS).iloc[0]
    assert found["candidate_id"].tolist() == ["N35-E2400-S900"]
    assert on_ground.x == pytest.approx(LEFT_M + 2 * 30, abs=0.1)
    assert on_ground.y == pytest.approx(TOP_M - 2 * 30, abs=0.1)
    assert found["max_probability"].tolist() == [0.8]
    assert found["mean_probability"].tolist() == [0.625]


@pytest.mark.parametrize(
    "drawing",
    [
        pytest.param("777 7.. 777", id="open to one side"),
        pytest.param("777 7.7 777", id="a ring"),
        pytest.param("7.... .7... ..7.. ...7. ....7", id="pixels that touch at their corners"),
        pytest.param("7... .7.. 7... 7... .77.", id="along a river"),
    ],
)
def test_the_coordinates_of_a_candidate_lie_inside_it(drawing: str) -> None:
    found = found_in(site_map(drawing)).to_crs(CRS)

    points = gpd.GeoSeries(gpd.points_from_xy(found["lon"], found["lat"]), crs="EPSG:4326")
    assert len(found) == 1
    assert found.geometry.iloc[0].buffer(-1).covers(points.to_crs(CRS).iloc[0])


def test_objects_below_the_minimum_size_are_dropped() -> None:
    found = found_in(site_map("77..9 77..9"), min_px=3)

    assert found["area_ha"].tolist() == [0.36]


def test_an_object_on_overlapping_sites_is_found_once() -> None:
    # The same ground, the second site two columns further east.
    west = site_map("...77 ...77 .....", site_id="west")
    east = site_map(".77.. .79.. .....", site_id="east", right_px=2)

    found = found_in(west, east)

    assert found["area_ha"].tolist() == [0.36]
    assert found["max_probability"].tolist() == [0.9]
    assert found["site_id"].tolist() == ["east"]


def test_an_object_may_span_two_sites() -> None:
    west = site_map("...7 ...7", site_id="west")
    east = site_map("8... ....", site_id="east", right_px=4)

    found = found_in(west, east)

    assert found["area_ha"].tolist() == [0.27]
    assert found["site_id"].tolist() == ["east"]


def test_an_object_in_two_utm_zones_is_found_once() -> None:
    # The centre of the same ground, 30 E and the equator, in zone 35 and in zone 36.
    block = "777 787 777"
    in_35, in_36 = (
        SiteMap(crs, Grid.around(crs, x, 0.0, size_px=3), site_map(block).probability)
        for crs, x in (("EPSG:32635", 833_978.6), ("EPSG:32636", 166_021.4))
    )

    found = found_in(in_35, in_36)

    assert found["candidate_id"].str[:3].tolist() == ["N35"]


def test_candidates_are_ranked_by_expected_mined_area() -> None:
    found = found_in(site_map("9.....66 8....... ...666.."))

    assert found["rank"].tolist() == [1, 2, 3]
    assert found["area_ha"].tolist() == [0.27, 0.18, 0.18]
    assert found["mean_probability"].tolist() == [0.6, 0.85, 0.6]


@pytest.mark.parametrize(
    "drawing",
    [
        pytest.param("....... .89.... .77....", id="another best pixel"),
        pytest.param(".7..... .98.... .77....", id="a pixel more"),
    ],
)
def test_the_id_survives_a_small_change_of_the_map(drawing: str) -> None:
    before, after = found_in(site_map("....... .98.... .77....")), found_in(site_map(drawing))

    assert before["candidate_id"].tolist() == after["candidate_id"].tolist()


def test_candidates_in_one_square_get_letters_from_north_to_south() -> None:
    found = found_in(site_map("7...... ......8 9......"))

    names = found.sort_values("lat", ascending=False)["candidate_id"].tolist()
    assert names == ["N35-E2400-S900", "N35-E2400-S900b", "N35-E2400-S900c"]


def test_the_order_of_sites_does_not_matter() -> None:
    sites = [
        site_map("77.. ..9.", site_id="a"),
        site_map("6... 7777", site_id="b", right_px=3),
        site_map("8... ....", site_id="c", down_px=9),
    ]

    forwards, backwards = found_in(*sites), found_in(*reversed(sites))

    pd.testing.assert_frame_equal(forwards, backwards)


def test_known_candidates_touch_a_labelled_mine() -> None:
    pit = gpd.GeoSeries([shapely.box(LEFT_M, TOP_M - 30, LEFT_M + 30, TOP_M)], crs=CRS)
    corners = pit.to_crs("EPSG:4326").tolist() * 2
    labels = gpd.GeoDataFrame({"kind": ["mine", "point"]}, geometry=corners, crs="EPSG:4326")

    found = find_candidates([site_map("7...6 ....6")], labels, threshold=0.5, min_px=1)

    assert dict(zip(found["area_ha"], found["known"], strict=True)) == {0.09: True, 0.18: False}


def test_the_outline_covers_the_pixels() -> None:
    found = found_in(site_map("7777 7..7 7777"))

    outline = found.to_crs(CRS).geometry.iloc[0]
    assert outline.area == pytest.approx(10 * 900, rel=1e-4)
    assert len(outline.interiors) == 1


def test_nothing_found_is_a_table_without_rows(tmp_path: Path) -> None:
    found = found_in(site_map(".... ...."))
    usual = found_in(site_map("7... ...."))

    write_candidates(tmp_path, found)
    write_geopackage(tmp_path / "candidates.gpkg", found)

    assert len(found) == 0
    assert list(found.columns) == list(COLUMNS)
    assert found.drop(columns=["candidate_id", "site_id"]).dtypes.equals(
        usual.drop(columns=["candidate_id", "site_id"]).dtypes
    )
    assert json.loads((tmp_path / "candidates.geojson").read_text())["features"] == []


def test_all_files_hold_the_same_candidates(tmp_path: Path) -> None:
    found = found_in(site_map("77.. 7..9 ...9"))

    write_candidates(tmp_path, found)
    write_geopackage(tmp_path / "candidates.gpkg", found)

    table = pd.read_csv(tmp_path / "candidates.csv")
    collection = json.loads((tmp_path / "candidates.geojson").read_text())
    assert table["candidate_id"].tolist() == found["candidate_id"].tolist()
    assert [f["properties"] for f in collection["features"]] == table.to_dict("records")
    assert "crs" not in collection
    assert_geodataframe_equal(gpd.read_parquet(tmp_path / "candidates.parquet"), found)
    assert len(gpd.read_file(tmp_path / "candidates.gpkg", layer="candidates")) == 2


@pytest.mark.parametrize("name", ["candidates.gpkg", "candidates.geojson"])
def test_gdal_reads_the_same_outlines(tmp_path: Path, name: str) -> None:
    found = found_in(site_map("77.. 7..9 ...9"))
    write_candidates(tmp_path, found)
    write_geopackage(tmp_path / "candidates.gpkg", found)

    opened = gpd.read_file(tmp_path / name, layer="candidates")

    assert set(found.columns) <= set(opened.columns)
    there, here = (each.to_crs(found.estimate_utm_crs()).geometry for each in (opened, found))
    assert there.hausdorff_distance(here, align=False).max() < 1


def test_geojson_rings_follow_the_right_hand_rule(tmp_path: Path) -> None:
    write_candidates(tmp_path, found_in(site_map("777 7.7 777")))

    collection = json.loads((tmp_path / "candidates.geojson").read_text())
    outer, inner = collection["features"][0]["geometry"]["coordinates"]
    assert shapely.LinearRing(outer).is_ccw
    assert not shapely.LinearRing(inner).is_ccw


@pytest.mark.parametrize("name", ["candidates.geojson", "candidates.csv", "candidates.parquet"])
def test_versioned_files_are_reproducible(tmp_path: Path, name: str) -> None:
    drawing = "77.. 7..9 ...9"

    write_candidates(tmp_path / "one", found_in(site_map(drawing)))
    write_candidates(tmp_path / "two", found_in(site_map(drawing)))

    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("threshold", "min_px"),
    [
        pytest.param(0.0, 3, id="everything is a candidate"),
        pytest.param(1.5, 3, id="nothing can be a candidate"),
        pytest.param(0.5, 0, id="an object without pixels"),
    ],
)
def test_invalid_limits_are_refused(threshold: float, min_px: int) -> None:
    with pytest.raises(ConfigError, match="threshold of candidates"):
        find_candidates([], NO_LABELS, threshold=threshold, min_px=min_px)


def lon_lat_map(drawing: str, *, site_id: str, left: float) -> SiteMap:
    """Return a site with pixels in degrees, on no common lattice."""
    plane = site_map(drawing).probability
    grid = Grid("EPSG:4326", Affine(0.00028, 0, left, 0, -0.00028, -60.0), plane.shape)
    return SiteMap(site_id, grid, plane)


def test_a_candidate_in_degrees_has_hectares_of_its_latitude() -> None:
    found = found_in(lon_lat_map("..... .78.. .....", site_id="a", left=-70.0))

    assert found["candidate_id"].tolist() == ["LL-W69.999-S60.000"]
    assert found["lon"].tolist() == pytest.approx([-70 + 2 * 0.00028], abs=1e-6)
    assert found["lat"].tolist() == pytest.approx([-60 - 1.5 * 0.00028], abs=1e-6)
    # A degree of longitude is half as long at 60 degrees as at the equator.
    assert found["area_ha"].tolist() == [0.1]
    assert found.geometry.iloc[0].bounds == pytest.approx(
        (-69.99972, -60.00056, -69.99916, -60.00028), abs=1e-6
    )


def test_of_overlapping_objects_in_degrees_the_better_ranked_is_returned() -> None:
    one = lon_lat_map("...77 ...77", site_id="one", left=28.0)
    other = lon_lat_map(".88.. .88..", site_id="other", left=28.0 + 2.4 * 0.00028)
    far = lon_lat_map("77... .....", site_id="far", left=29.0)

    found = found_in(one, other, far)

    assert found["site_id"].tolist() == ["other", "far"]


def test_sites_of_two_lattices_share_no_object() -> None:
    one = site_map("88.. 88..", site_id="one")
    left, top = one.grid.transform.c, one.grid.transform.f
    fine = Grid.from_corner(CRS, left + 600, top, 4, 4, pixel_m=10)
    other = SiteMap("other", fine, np.full((4, 4), 0.7, np.float32))

    found = found_in(one, other)

    assert found["area_ha"].tolist() == [0.36, 0.16]
    assert found["site_id"].tolist() == ["one", "other"]
