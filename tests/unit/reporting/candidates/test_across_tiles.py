"""Candidates on the tiles of a map: those of the whole ground, described by pixels."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from minecover.core.grid import Grid
from minecover.core.mine_pixels import MinePixels, TileMap
from minecover.reporting.candidates import (
    TABLE,
    SiteMap,
    find_candidates,
    find_on_tiles,
)

CRS = "EPSG:32635"
LEFT_M, TOP_M = 719_985.0, -269_985.0
DAYS = (date(2017, 1, 14), date(2017, 1, 30), date(2017, 2, 15))
NO_MINES = gpd.GeoSeries([], crs="EPSG:4326")
F32 = NDArray[np.float32]


def plane_of(drawing: str) -> F32:
    """Digits are tenths, . is 0, ? is not observed."""
    values = {".": 0.0, "?": np.nan, **{str(d): d / 10 for d in range(10)}}
    return np.array([[values[mark] for mark in line] for line in drawing.split()], np.float32)


def grid_of(plane: F32) -> Grid:
    return Grid.from_corner(CRS, LEFT_M, TOP_M, *plane.shape)


def pixels_of(
    plane: F32, days: Sequence[date], seen: Sequence[int], **distances: float
) -> MinePixels:
    """Return the pixels of a tile from 0.5, valid on all days, mined on those with `seen`."""
    row, col = np.nonzero(plane >= 0.5)
    n = len(row)
    return MinePixels(
        row,
        col,
        plane[row, col],
        np.ones(n, np.bool_),
        tuple(days),
        np.ones((len(days), n), np.bool_),
        np.repeat(np.array(seen, np.bool_)[:, None], n, axis=1),
        {name: np.full(n, metres, np.float32) for name, metres in distances.items()},
    )


def tile(plane: F32, top: int, left: int, bottom: int, right: int) -> TileMap:
    """Cut a tile from a plane that is not observed beyond its border."""
    part = plane[top:bottom, left:right]
    ring = np.pad(plane, 1, constant_values=np.nan)[top : bottom + 2, left : right + 2]
    grid = grid_of(plane).cut(top, left, bottom, right)
    return TileMap(f"{top}-{left}", grid, pixels_of(part, DAYS, [1, 1, 1]), ~np.isnan(ring))


def tiled(plane: F32, size: int) -> list[TileMap]:
    rows, cols = plane.shape
    return [
        tile(plane, top, left, min(top + size, rows), min(left + size, cols))
        for top in range(0, rows, size)
        for left in range(0, cols, size)
    ]


def found_on(*tiles: TileMap, min_px: int = 1) -> gpd.GeoDataFrame:
    return find_on_tiles(tiles, NO_MINES, min_px=min_px, provinces=None)


def test_a_mine_across_four_tiles_is_one_candidate_with_the_area_of_all_parts() -> None:
    plane = plane_of("...... ..99.. .9999. ..99.. ......")

    found = found_on(*tiled(plane, 3))

    assert found["area_ha"].tolist() == [0.72]
    assert found["candidate_id"].tolist() == ["map-N35-E2400-S900"]
    outline = found.to_crs(CRS).geometry.iloc[0]
    assert outline.geom_type == "Polygon"
    assert outline.area == pytest.approx(8 * 900, rel=1e-3)
    assert found["at_edge"].tolist() == [False]
    assert list(found.columns) == list(TABLE)


def test_parts_too_small_alone_are_large_enough_together() -> None:
    plane = plane_of("..77.. ..7... ......")

    assert found_on(*tiled(plane, 3), min_px=3)["area_ha"].tolist() == [0.27]
    assert found_on(*tiled(plane, 3), min_px=4).empty


@given(data=st.data(), size=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_the_tiling_changes_no_candidate(data: st.DataObject, size: int) -> None:
    marks = st.text("..?579", min_size=8, max_size=8)
    plane = plane_of(" ".join(data.draw(st.lists(marks, min_size=7, max_size=7))))

    whole, tiles = found_on(*tiled(plane, 9)), found_on(*reversed(tiled(plane, size)))
    on_site = find_candidates(
        [SiteMap("0-0", grid_of(plane), plane)],
        gpd.GeoDataFrame({"kind": []}, geometry=[], crs="EPSG:4326"),
        threshold=0.5,
        min_px=1,
    )

    but_tile = [name for name in TABLE if name not in ("site_id", "geometry")]
    pd.testing.assert_frame_equal(whole[but_tile], tiles[but_tile], check_dtype=len(whole) > 0)
    assert shapely.equals_exact(whole.geometry, tiles.geometry, 0, normalize=True).all()
    both = ["lat", "lon", "rank", "area_ha", "mean_probability", "at_edge"]
    pd.testing.assert_frame_equal(whole[both], on_site[both], check_dtype=len(whole) > 0)


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        pytest.param("..... .99.. .....", False, id="ground all around"),
        pytest.param("..... .99?. .....", True, id="a cloud beside it"),
        pytest.param("..... .99.? .....", False, id="a cloud one pixel further"),
        pytest.param("?.... .99.. .....", True, id="a cloud at its corner"),
        pytest.param("9.... 9.... .....", True, id="the border of the imagery"),
    ],
)
@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_candidate_beside_ground_that_was_not_observed_is_at_the_edge(
    drawing: str, expected: bool, size: int
) -> None:
    found = found_on(*tiled(plane_of(drawing), size))

    assert found["at_edge"].tolist() == [expected]


def test_the_largest_expected_mined_area_comes_first() -> None:
    found = found_on(*tiled(plane_of("9.....66 8....... ...666.."), 4))

    assert found["rank"].tolist() == [1, 2, 3]
    assert found["area_ha"].tolist() == [0.27, 0.18, 0.18]
    assert found["mean_probability"].tolist() == [0.6, 0.85, 0.6]


def test_dates_of_all_tiles_count_together() -> None:
    plane = plane_of("..99.. ..99..")
    west, east = tiled(plane, 3)
    west = replace(west, pixels=pixels_of(plane[:, :3], DAYS[:2], [0, 1]))
    east = replace(east, pixels=pixels_of(plane[:, 3:], DAYS[1:], [1, 0]))

    row = found_on(west, east).iloc[0]

    assert (row["dates_valid"], row["dates_seen"], row["first_seen"]) == (3, 1, "2017-01-30")


def test_distances_are_those_of_the_nearest_pixel_and_blank_without_a_layer() -> None:
    plane = plane_of("..99.. ..99..")
    west, east = tiled(plane, 3)
    west = replace(
        west, pixels=pixels_of(plane[:, :3], DAYS, [1, 1, 1], distance_to_river=90.0)
    )
    east = replace(
        east, pixels=pixels_of(plane[:, 3:], DAYS, [1, 1, 1], distance_to_river=60.0)
    )

    row = found_on(west, east).iloc[0]

    assert row["to_water_m"] == 60
    assert np.isnan(row["to_road_m"])
    assert np.isnan(row["to_known_mine_m"])
    assert row["province"] == ""


def test_scenes_that_cannot_tell_leave_the_dates_seen_blank() -> None:
    plane = plane_of("....... ..999.. .......")
    (one,) = tiled(plane, 7)

    row = found_on(replace(one, pixels=replace(one.pixels, looks_mined=None))).iloc[0]

    assert row["dates_valid"] == 3
    assert pd.isna(row["dates_seen"])
    assert row["first_seen"] == ""


def test_known_mines_and_provinces_are_named() -> None:
    plane = plane_of("99....9 99....9")
    pit = gpd.GeoSeries([shapely.box(LEFT_M, TOP_M - 30, LEFT_M + 30, TOP_M)], crs=CRS)

    found = find_on_tiles(
        tiled(plane, 3), pit.to_crs("EPSG:4326"), min_px=1,
        provinces=lambda points: [f"{len(points)} places"] * len(points),
    )  # fmt: skip

    assert found["known"].tolist() == [True, False]
    assert found["to_known_mine_m"].tolist() == [0, 150]
    assert found["province"].tolist() == ["2 places"] * 2


def test_an_object_where_two_utm_zones_meet_is_one_candidate() -> None:
    # 30 E at the equator; the western part in zone 35, the eastern part in zone 36.
    plane = np.full((3, 3), 0.9, np.float32)
    pixels = pixels_of(plane, DAYS, [1, 1, 1])
    west, east = (
        TileMap(crs, Grid.around(crs, x, 0.0, size_px=3), pixels, np.ones((5, 5), np.bool_))
        for crs, x in (("EPSG:32635", 833_978.6 - 40), ("EPSG:32636", 166_021.4 + 40))
    )

    found = found_on(west, east)

    assert len(found) == 1
    outline = found.to_crs("EPSG:32635").geometry.iloc[0]
    assert found["area_ha"].iloc[0] == pytest.approx(outline.area / 1e4, rel=0.01)
    assert 9 * 0.09 < found["area_ha"].iloc[0] < 18 * 0.09


def test_no_pixel_gives_a_table_without_rows() -> None:
    found = found_on(*tiled(plane_of("..... ....."), 3))
    usual = found_on(*tiled(plane_of("9.... ....."), 3))

    assert list(found.columns) == list(TABLE)
    assert found.dtypes.drop(["candidate_id", "site_id"]).equals(
        usual.dtypes.drop(["candidate_id", "site_id"])
    )
