"""Laws of context: a pixel's value is the same on every grid that holds the pixel."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from minecover.core.cube import F32
from minecover.core.grid import Grid
from minecover.features.context import (
    FARTHEST_M,
    DistanceTo,
    DistanceToPixels,
    Eastness,
    ElevationChange,
    LoadedLayer,
    Northness,
    Plane,
    Position,
    RegisteredChange,
    RegisteredChangeError,
    Slope,
    SurfaceValue,
)

WIDE = Grid.from_corner("EPSG:32635", 600_015.0, 15.0, 90, 80)


@dataclass(frozen=True)
class Rough:
    """Ground whose height is a hash of its coordinates; a tenth of it unknown."""

    seed: int

    def __call__(self, grid: Grid) -> F32:
        x, y = (np.rint(at).astype(np.int64) for at in np.meshgrid(*grid.centres()))
        mixed = (x * 73_856_093) ^ (y * 19_349_663) ^ (self.seed * 83_492_791)
        height = (mixed >> 4) % 10_007 / 7.0
        return np.where(mixed % 10 == 0, np.nan, height).astype(np.float32)


RIVERS = LoadedLayer(
    gpd.GeoDataFrame(
        geometry=[
            shapely.LineString([(599_000, -900), (601_234.5, 77.7), (603_000, -3_000)]),
            shapely.box(600_900, -2_000, 600_950, -1_900),
        ],
        crs=WIDE.crs,
    )
)
PLANES: dict[str, Plane] = {
    "distance to a layer": DistanceTo(RIVERS),
    "distance to pixels": DistanceToPixels(Rough(1), 1300.0),
    "value": SurfaceValue(Rough(1)),
    "slope": Slope(Rough(1)),
    "northness": Northness(Rough(1)),
    "eastness": Eastness(Rough(1)),
    "position": Position(Rough(1), 300.0),
    "change": ElevationChange(Rough(1), Rough(2)),
    "change, registered": RegisteredChange(Rough(1), Rough(2)),
    "its error": RegisteredChangeError(Rough(1), Rough(2)),
}


@pytest.mark.parametrize("name", PLANES)
@settings(max_examples=8)
@given(
    top=st.integers(0, 60),
    left=st.integers(0, 50),
    rows=st.integers(1, 30),
    cols=st.integers(1, 30),
)
def test_a_value_does_not_depend_on_the_tiling(
    name: str, top: int, left: int, rows: int, cols: int
) -> None:
    part = WIDE.cut(top, left, top + rows, left + cols)

    values = PLANES[name](part)

    whole = PLANES[name](WIDE)[top : top + rows, left : left + cols]
    np.testing.assert_array_equal(values, whole, strict=True)


@given(x=st.floats(-8_000, 8_000), y=st.floats(-8_000, 8_000))
@settings(max_examples=30)
def test_a_distance_is_right_to_a_pixel(x: float, y: float) -> None:
    x_m, y_m = WIDE.xy(0, 0)
    point = LoadedLayer(
        gpd.GeoDataFrame(geometry=[shapely.Point(x_m + x, y_m + y)], crs=WIDE.crs)
    )

    away = DistanceTo(point)(WIDE.cut(0, 0, 1, 1)).item()

    assert abs(away - min(np.hypot(x, y), FARTHEST_M)) <= 30 / np.sqrt(2) + 1e-3


@given(height_m=st.floats(-500, 4_000, width=32))
@settings(max_examples=20)
def test_a_shift_of_the_datum_does_not_change_elevation_change(height_m: float) -> None:
    @dataclass(frozen=True)
    class Shifted:
        by_m: float

        def __call__(self, grid: Grid) -> F32:
            return (Rough(2)(grid) + np.float32(self.by_m)).astype(np.float32)

    grid = WIDE.cut(0, 0, 12, 12)

    np.testing.assert_allclose(
        ElevationChange(Rough(1), Shifted(height_m))(grid),
        ElevationChange(Rough(1), Rough(2))(grid),
        atol=2e-3,
    )
