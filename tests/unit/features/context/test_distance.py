"""Distances to layers and pixels: edges, the greatest distance, unknown ground."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.features.context import (
    FARTHEST_M,
    DistanceTo,
    DistanceToPixels,
    LoadedLayer,
    Plane,
    clip_layers,
    compute_context,
    load_layers,
)

#: Ten pixels a side; its left edge at x = 600 015, its top at y = 15.
GRID = Grid.from_corner("EPSG:32635", 600_015.0, 15.0, 10, 10)


def layer(*shapes: shapely.Geometry) -> LoadedLayer:
    return LoadedLayer(gpd.GeoDataFrame(geometry=list(shapes), crs=GRID.crs))


def northward(x_m: float) -> shapely.LineString:
    """A river from south to north, far beyond the grid."""
    return shapely.LineString([(x_m, -50_000), (x_m, 50_000)])


@dataclass(frozen=True)
class Puddle:
    """Water in one column of pixels; unknown from an easting on."""

    x_m: float
    known_to_x_m: float

    def __call__(self, grid: Grid) -> F32:
        x, _ = np.meshgrid(*grid.centres())
        wet = np.where(np.abs(x - self.x_m) < 15, 100.0, 0.0)
        return np.where(x < self.known_to_x_m, wet, np.nan).astype(np.float32)


def test_a_river_through_the_site() -> None:
    away = DistanceTo(layer(northward(600_090)))(GRID)

    np.testing.assert_array_equal(away[0], [60, 30, 0, 30, 60, 90, 120, 150, 180, 210])
    np.testing.assert_array_equal(away, np.broadcast_to(away[0], (10, 10)))


def test_a_river_beyond_the_edge_counts_as_much() -> None:
    away = DistanceTo(layer(northward(600_015 + 300 + 1215)))(GRID)

    np.testing.assert_array_equal(away[5, [0, 9]], [1500, 1230])


@pytest.mark.parametrize(
    "x_m",
    [
        pytest.param(600_015 + 300 + 9000, id="a river 9 km away"),
        pytest.param(600_015 + 3_000_000, id="a river in another country"),
    ],
)
def test_farther_than_five_kilometres_is_five_kilometres(x_m: float) -> None:
    away = DistanceTo(layer(northward(x_m)))(GRID)

    assert (away == FARTHEST_M).all()


def test_the_inside_of_a_lake_is_water() -> None:
    lake = shapely.box(599_000, -1_000, 600_165, 1_000)

    away = DistanceTo(layer(lake))(GRID)

    np.testing.assert_array_equal(away[0], [0, 0, 0, 0, 0, 30, 60, 90, 120, 150])


def test_layers_come_in_any_crs() -> None:
    river = layer(northward(600_090))

    in_degrees = LoadedLayer(river().to_crs("EPSG:4326"))

    np.testing.assert_array_equal(
        DistanceTo(in_degrees)(GRID), DistanceTo(river)(GRID), strict=True
    )


def test_distances_in_degrees_are_metres() -> None:
    pixel = 30 / 111_195
    grid = Grid("EPSG:4326", Affine(pixel, 0, 28, 0, -pixel, -2), (10, 10))
    river = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(28 - 20.5 * pixel, -3), (28 - 20.5 * pixel, -1)])],
        crs="EPSG:4326",
    )

    away = DistanceTo(LoadedLayer(river))(grid)

    assert away[5, 0] == pytest.approx(21 * 30, rel=0.005)


def test_pixels_at_least_so_wet_are_water() -> None:
    away = DistanceToPixels(Puddle(600_000, 700_000), at_least=10)(GRID)

    np.testing.assert_array_equal(away[0], np.arange(30, 330, 30))


def test_a_distance_is_unknown_where_the_unknown_is_nearer() -> None:
    edge = 600_015 + 300
    away = DistanceToPixels(Puddle(600_000, edge), at_least=10)(GRID)

    # Water lies just left of the grid, the unknown begins just right of it.
    np.testing.assert_array_equal(away[0, :5], [30, 60, 90, 120, 150])
    assert np.isnan(away[0, 5:]).all()


def test_a_threshold_is_a_number() -> None:
    with pytest.raises(ConfigError, match=r"at_least must be a number.*context\.planes"):
        DistanceToPixels(Puddle(0, 0), at_least=float("nan"))


def test_clipped_layers_hold_only_features_near_the_site() -> None:
    planes: dict[str, Plane] = {
        "river": DistanceTo(
            layer(northward(600_090), northward(650_000), northward(3_000_000))
        ),
        "puddle": DistanceToPixels(Puddle(600_000, 700_000), at_least=10),
    }

    small = clip_layers(planes, GRID)

    river = small["river"]
    assert isinstance(river, DistanceTo)
    assert len(river.layer()) == 1
    assert small["puddle"] == planes["puddle"]
    np.testing.assert_array_equal(river(GRID), planes["river"](GRID))


@dataclass(frozen=True)
class CountedLayer:
    """A layer that records its readings."""

    readings: tuple[list[str], ...]

    def __hash__(self) -> int:
        return 1

    def __call__(self) -> gpd.GeoDataFrame:
        self.readings[0].append("read")
        return layer(northward(600_090))()


def test_a_layer_that_two_planes_share_is_read_once() -> None:
    readings: list[str] = []
    planes: dict[str, Plane] = {
        name: DistanceTo(CountedLayer((readings,))) for name in ("water", "river")
    }

    ready = load_layers(planes)
    compute_context(ready, GRID)
    compute_context(ready, GRID)

    assert readings == ["read"]
