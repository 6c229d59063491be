"""Context from real layers: distances by brute force on the ellipsoid, a DEM's own slopes."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from minecover.core.config import composed
from minecover.core.grid import Grid, project, utm_crs
from minecover.core.raster import read_band, read_grid
from minecover.core.sites import Site
from minecover.features.context import (
    FARTHEST_M,
    DistanceTo,
    Eastness,
    LoadedLayer,
    Northness,
    Position,
    Provinces,
    RasterFile,
    Slope,
    SurfaceValue,
    VectorFile,
)

EARTH = Geod(ellps="WGS84")
F64 = NDArray[np.float64]
#: Sites, and locations on each, on which a distance is measured by brute force.
N_SITES, N_LOCATIONS = 50, 5


@cache
def water(folder: Path) -> gpd.GeoDataFrame:
    return VectorFile(str(folder / "drc_vectors" / "drc_water.shp"), None)()


def shore(areas: Sequence[shapely.Geometry], lon: float, lat: float) -> F64:
    """Points at most 5 m apart on the shores within 0.06 degrees, (2, n)."""
    box = shapely.box(lon - 0.06, lat - 0.06, lon + 0.06, lat + 0.06)
    lines = shapely.intersection(shapely.boundary(np.asarray(areas)), box)
    dense = shapely.segmentize(lines, 5 / 111_320)
    return np.asarray(shapely.get_coordinates(dense)).T


def geodesic_m(areas: gpd.GeoDataFrame, lon: float, lat: float) -> float:
    """Distance to the nearest point of all the water there is; infinite beyond 6 km."""
    point = shapely.Point(lon, lat)
    box = point.buffer(0.08)
    near = areas.geometry[areas.intersects(box)].make_valid()
    if near.contains(point).any():
        return 0.0
    x, y = shore(near.to_list(), lon, lat)
    _, _, away = EARTH.inv(np.full_like(x, lon), np.full_like(y, lat), x, y)
    return float(np.min(away, initial=np.inf))


@pytest.fixture(scope="module")
def measured(real_data: Path) -> dict[str, F64]:
    """Distances of 250 locations round the shores of the Congo: ours and the ellipsoid's."""
    areas = water(real_data)
    rng = np.random.default_rng(7)
    plane = DistanceTo(LoadedLayer(areas))
    ours, theirs, outside = [], [], []
    for shape in areas.geometry.iloc[rng.choice(len(areas), N_SITES, replace=False)]:
        start = shapely.get_coordinates(shape)[0]
        lon, lat = start + rng.uniform(-0.035, 0.035, 2)
        crs = utm_crs(lon, lat)
        grid = Grid.around(crs, *project(lon, lat, crs), size_px=100)
        away = plane(grid)
        is_dry = not (away == 0).any()
        for row, col in rng.integers(0, 100, (N_LOCATIONS, 2)):
            centre = gpd.GeoSeries([shapely.Point(grid.xy(row, col))], crs=crs)
            place = centre.to_crs("EPSG:4326").iloc[0]
            ours.append(float(away[row, col]))
            theirs.append(geodesic_m(areas, place.x, place.y))
            outside.append(is_dry)
    return {
        "ours": np.array(ours),
        "theirs": np.array(theirs),
        "outside": np.array(outside, float),
    }


def test_two_hundred_distances_are_right_to_a_pixel(measured: dict[str, F64]) -> None:
    is_near = measured["theirs"] <= FARTHEST_M

    error = np.abs(measured["ours"] - measured["theirs"])[is_near]

    assert is_near.sum() >= 200
    assert error.max() < 30


def test_water_outside_the_site_is_found(measured: dict[str, F64]) -> None:
    beyond = (measured["outside"] == 1) & (measured["theirs"] <= FARTHEST_M)

    error = np.abs(measured["ours"] - measured["theirs"])[beyond]

    assert beyond.sum() >= 20
    assert error.max() < 30


def test_farther_than_five_kilometres_is_clipped(real_data: Path) -> None:
    points = gpd.read_file(real_data / "drc_vectors" / "poc_sites.geojson").geometry
    areas = water(real_data)
    local = points.to_crs("EPSG:32635")
    _, away = areas.to_crs("EPSG:32635").sindex.nearest(
        local, return_all=False, return_distance=True
    )
    dry = local[away > 8_000].head(5)

    clipped = [
        DistanceTo(LoadedLayer(areas))(Grid.around("EPSG:32635", point.x, point.y, size_px=100))
        for point in dry
    ]

    assert len(clipped) == 5
    assert all((away == FARTHEST_M).all() for away in clipped)


def test_the_congo_configuration_reads_its_files(real_data: Path) -> None:
    params = composed(["context=drc", f"paths.real_data={real_data}"])
    grid = Grid.around("EPSG:32635", 700_000, -180_000, size_px=10)
    provinces = params.build("context.provinces")

    planes = params.build("context.planes")

    assert planes["distance_to_water"](grid).shape == (10, 10)
    assert isinstance(provinces, Provinces)
    assert provinces([Site("kivu", "kivu", grid, 0)]) in (["Nord-Kivu"], ["Sud-Kivu"])


@pytest.fixture(scope="module")
def dem(real_data: Path) -> RasterFile:
    return RasterFile(str(real_data / "landsat_l1_all_bands" / "DEM.TIF"), "bilinear")


def test_elevation_is_the_dem_itself(dem: RasterFile) -> None:
    grid = read_grid(Path(dem.path))

    values = SurfaceValue(dem)(grid)

    raw = read_band(Path(dem.path), grid, resampling="nearest")
    np.testing.assert_array_equal(values, raw.astype(np.float32))


def test_beyond_the_dem_nothing_is_known(dem: RasterFile) -> None:
    grid = read_grid(Path(dem.path)).grown(10)

    values = SurfaceValue(dem)(grid)

    assert np.isfinite(values[10:-10, 10:-10]).all()
    assert np.isfinite(values).sum() == 41 * 41


def test_slope_and_aspect_are_those_of_horn(dem: RasterFile) -> None:
    grid = read_grid(Path(dem.path))
    z = SurfaceValue(dem)(grid).astype(np.float64)
    a, b, c = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
    d, f = z[1:-1, :-2], z[1:-1, 2:]
    g, h, i = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
    # Burrough and McDonnell (1998), as GIS programs write it: x to the east, y to the south.
    dx = ((c + 2 * f + i) - (a + 2 * d + g)) / (8 * 30)
    dy = ((g + 2 * h + i) - (a + 2 * b + c)) / (8 * 30)
    slope = np.arctan(np.hypot(dx, dy))
    aspect = np.pi / 2 - np.arctan2(dy, -dx)

    planes = [plane(dem)(grid) for plane in (Slope, Northness, Eastness)]

    wanted = [
        np.degrees(slope),
        np.sin(slope) * np.cos(aspect),
        np.sin(slope) * np.sin(aspect),
    ]
    for plane, right in zip(planes, wanted, strict=True):
        np.testing.assert_allclose(plane[1:-1, 1:-1], right, atol=1e-4)
        assert np.isnan(plane[0]).all()
    assert planes[0][1:-1, 1:-1].max() > 5


def test_a_position_is_the_height_above_the_disc(dem: RasterFile) -> None:
    grid = read_grid(Path(dem.path))
    z = SurfaceValue(dem)(grid).astype(np.float64)
    rows, cols = np.indices(z.shape)
    disc = np.hypot(rows - 20, cols - 15) * 30 <= 300

    above = Position(dem, 300.0)(grid)

    assert above[20, 15] == pytest.approx(z[20, 15] - z[disc].mean(), abs=1e-3)
