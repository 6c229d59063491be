"""Grids: Landsat's lattice, and neighbouring zones."""

import pytest
from affine import Affine

from minecover.core.grid import Grid, project, utm_crs
from minecover.core.lattice import LANDSAT

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=100)


def test_a_site_lies_on_the_lattice_of_usgs() -> None:
    # Corner coordinates in an MTL are pixel centres at multiples of 30 m: edges at 30 k + 15 m.
    left, bottom, right, top = GRID.bounds

    assert [edge % 30 for edge in (left, bottom, right, top)] == [15, 15, 15, 15]
    assert (right - left, top - bottom) == (3000, 3000)
    assert GRID.is_on(LANDSAT)
    assert not Grid(GRID.crs, Affine(30, 0, 0, 0, -30, 0), (3, 3)).is_on(LANDSAT)


@pytest.mark.parametrize(
    ("crs", "pixel", "top", "width_m", "height_m"),
    [
        pytest.param("EPSG:32635", 30.0, -200_025.0, 30.0, 30.0, id="metres"),
        pytest.param("EPSG:4326", 0.001, 0.0, 111.319, 110.574, id="degrees at the equator"),
        pytest.param("EPSG:4326", 0.001, 60.0, 55.80, 111.412, id="degrees of 60 north"),
    ],
)
def test_a_pixel_has_metres(
    crs: str, pixel: float, top: float, width_m: float, height_m: float
) -> None:
    grid = Grid(crs, Affine(pixel, 0, 15.0, 0, -pixel, top), (1, 1))

    assert grid.pixel_m == pytest.approx((width_m, height_m), abs=0.01)


@pytest.mark.parametrize(
    ("metres", "edge"),
    [(15, 15), (44.9, 15), (45, 45), (0, -15), (-2_222_700, -2_222_715)],
)
def test_snapping_goes_to_the_edge_below(metres: float, edge: float) -> None:
    assert LANDSAT.below(metres) == edge


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        pytest.param(28.8, -1.8, "EPSG:32635", id="south of the equator, northern zone"),
        pytest.param(-44.1, -20.1, "EPSG:32623", id="Brumadinho"),
        pytest.param(30.0, 1.0, "EPSG:32636", id="on the border of two zones"),
        pytest.param(180.0, 0.0, "EPSG:32660", id="date line"),
    ],
)
def test_zones_are_northern_ones(lon: float, lat: float, crs: str) -> None:
    assert utm_crs(lon, lat) == crs


def test_a_point_outside_the_globe_has_no_zone() -> None:
    with pytest.raises(ValueError, match="longitude 200"):
        utm_crs(200, 0)


def test_southern_ground_has_negative_northings() -> None:
    # On the central meridian; a degree of latitude is 110,574 m there, times UTM's 0.9996.
    assert project(27, 0, "EPSG:32635") == pytest.approx((500_000, 0), abs=1e-3)
    assert project(27, -1.8, "EPSG:32635")[1] == pytest.approx(-1.8 * 110_574 * 0.9996, abs=5)


@pytest.mark.parametrize(
    "transform",
    [
        pytest.param(Affine(30, 0, 0, 0, 30, 0), id="south up"),
        pytest.param(Affine(30, 1, 0, 1, -30, 0), id="rotated"),
        pytest.param(Affine(float("nan"), 0, 0, 0, -30, 0), id="no pixel size"),
        pytest.param(Affine(30, 0, float("inf"), 0, -30, 0), id="no place"),
    ],
)
def test_a_grid_is_north_up(transform: Affine) -> None:
    with pytest.raises(ValueError, match="north-up"):
        Grid("EPSG:32635", transform, (2, 2))


def test_a_grid_has_pixels() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        GRID.grown(-50)


@pytest.mark.parametrize(
    ("shift_m", "is_shared"),
    [
        pytest.param(2970, True, id="one column shared"),
        pytest.param(3000, False, id="touching"),
        pytest.param(-3030, False, id="apart"),
    ],
)
def test_grids_overlap_where_they_share_ground(shift_m: float, is_shared: bool) -> None:
    left, _, _, top = GRID.bounds
    other = Grid.from_corner(GRID.crs, left + shift_m, top, 100, 100)

    assert GRID.overlaps(other) is is_shared
    assert other.overlaps(GRID) is is_shared


def test_grids_of_two_zones_overlap_on_one_ground() -> None:
    lon, lat = 30.0, -1.8
    east, west = (
        Grid.around(crs, *project(lon, lat, crs), size_px=100)
        for crs in ("EPSG:32635", "EPSG:32636")
    )

    assert east.overlaps(west)
    assert not GRID.overlaps(west)


def test_splitting_keeps_the_ground() -> None:
    assert GRID.split(4).bounds == GRID.bounds
    assert GRID.split(4).shape == (400, 400)
