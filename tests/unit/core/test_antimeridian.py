"""Outlines at 180 degrees: cut there, and placed there."""

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from minecover.core.antimeridian import bounding_box, centre, cut
from minecover.core.grid import Grid, project
from minecover.core.sites import Site, coarse_centre, grouped, near, square

#: From 179.99 to -179.99, as written by programs that do not cut.
ACROSS = shapely.Polygon([(179.99, -17), (-179.99, -17), (-179.99, -16.98), (179.99, -16.98)])


def grid_at(lon: float, lat: float, crs: str = "EPSG:32601") -> Grid:
    return Grid.around(crs, *project(lon, lat, crs), size_px=100)


def test_an_outline_across_is_cut_in_two() -> None:
    parts = shapely.get_parts(cut(ACROSS))

    assert sorted(part.bounds for part in parts) == [
        pytest.approx((-180, -17, -179.99, -16.98)),
        pytest.approx((179.99, -17, 180, -16.98)),
    ]


@given(lon=st.floats(-179, 178.9), lat=st.floats(-80, 80))
def test_other_outlines_are_not_touched(lon: float, lat: float) -> None:
    shape = shapely.box(lon, lat, lon + 0.1, lat + 0.1)

    assert cut(shape) is shape
    assert centre(shape) == (shape.centroid.x, shape.centroid.y)


def test_an_outline_around_half_of_the_earth_is_refused() -> None:
    with pytest.raises(ValueError, match="RFC 7946"):
        cut(shapely.box(-100, -1, 100, 1))


def test_the_centre_of_two_halves_is_between_them() -> None:
    lon, lat = centre(cut(ACROSS))

    assert abs(lon) == pytest.approx(180)
    assert lat == pytest.approx(-16.99)


def test_a_bounding_box_across_begins_in_the_east() -> None:
    assert bounding_box(cut(ACROSS)) == pytest.approx((179.99, -17, -179.99, -16.98))
    assert bounding_box(shapely.box(-100, -1, 100, 1)) == (-100, -1, 100, 1)


def test_the_square_of_a_grid_has_a_part_on_each_side() -> None:
    outline = square(grid_at(179.999, -17))

    assert len(shapely.get_parts(outline)) == 2
    assert outline.area < 0.001


def test_labels_are_near_only_where_they_are() -> None:
    labels = gpd.GeoDataFrame(
        geometry=[cut(ACROSS), shapely.box(0, -17, 0.1, -16.9), shapely.Point(-179.999, -17)],
        crs="EPSG:4326",
    )

    assert near(labels.iloc[1:], grid_at(179.999, -17)).tolist() == [1]


def test_sites_on_both_sides_are_one_group() -> None:
    west, east = grid_at(179.98, -17, "EPSG:32660"), grid_at(-179.98, -17)
    sites = [Site("a", "", west, 0), Site("b", "", east, 0)]

    assert {site.group for site in grouped(sites, within_m=1500)} == {"a"}


def test_a_coarse_centre_ignores_a_moved_vertex() -> None:
    box = shapely.box(28, -2, 28.01, -1.99)
    moved = shapely.Polygon([(28, -2), (28.0101, -2), (28.01, -1.99), (28, -1.99)])

    assert coarse_centre(moved) == coarse_centre(box) == (28.005, -1.995)
