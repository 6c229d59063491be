"""Terrain: slope and aspect of ramps, topographic position of a peak, change at a pit."""

from dataclasses import dataclass

import numpy as np
import pytest

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.features.context import (
    Eastness,
    ElevationChange,
    Northness,
    Position,
    Slope,
    SurfaceValue,
)

GRID = Grid.from_corner("EPSG:32635", 600_015.0, 15.0, 40, 50)


@dataclass(frozen=True)
class Ramp:
    """Ground that rises evenly by `east` and `north` [m/m], known up to a northing."""

    east: float = 0.0
    north: float = 0.0
    known_to_y_m: float = np.inf

    def __call__(self, grid: Grid) -> F32:
        x, y = np.meshgrid(*grid.centres())
        height = 1000 + self.east * (x - 600_000) + self.north * y
        return np.where(y <= self.known_to_y_m, height, np.nan).astype(np.float32)


@dataclass(frozen=True)
class Bump:
    """Flat ground at 500 m, but for one pixel that is higher (or lower)."""

    row: int
    col: int
    height_m: float

    def __call__(self, grid: Grid) -> F32:
        x, y = np.meshgrid(*grid.centres())
        here = (np.abs(x - GRID.xy(self.row, self.col)[0]) < 15) & (
            np.abs(y - GRID.xy(self.row, self.col)[1]) < 15
        )
        return np.where(here, 500 + self.height_m, 500).astype(np.float32)


@pytest.mark.parametrize(
    ("ramp", "slope", "northness", "eastness"),
    [
        pytest.param(Ramp(), 0, 0, 0, id="flat ground faces nowhere"),
        pytest.param(Ramp(east=0.5), 26.5651, 0, -0.4472, id="rising to the east, facing west"),
        pytest.param(Ramp(north=-1), 45, 0.7071, 0, id="falling to the north, facing it"),
        pytest.param(Ramp(0.3, 0.4), 26.5651, -0.3578, -0.2683, id="facing south-south-west"),
    ],
)
def test_a_ramp(ramp: Ramp, slope: float, northness: float, eastness: float) -> None:
    planes = [plane(GRID) for plane in (Slope(ramp), Northness(ramp), Eastness(ramp))]

    assert [plane.dtype for plane in planes] == [np.float32] * 3
    assert [plane.shape for plane in planes] == [GRID.shape] * 3
    for plane, wanted in zip(planes, (slope, northness, eastness), strict=True):
        np.testing.assert_allclose(plane, wanted, atol=2e-4)


def test_a_ramp_has_position_zero() -> None:
    np.testing.assert_allclose(Position(Ramp(east=0.1), 300)(GRID), 0, atol=1e-3)


def test_a_peak_stands_above_its_disc() -> None:
    # A disc of 60 m: the pixel, two to each side, and the four between them.
    above = Position(Bump(20, 20, 13.0), radius_m=60)(GRID)

    np.testing.assert_array_equal(
        above[18:23, 18:23],
        [
            [0, 0, -1, 0, 0],
            [0, -1, -1, -1, 0],
            [-1, -1, 12, -1, -1],
            [0, -1, -1, -1, 0],
            [0, 0, -1, 0, 0],
        ],
    )
    assert above.sum() == 0


def test_unknown_pixels_stay_unknown() -> None:
    ramp = Ramp(known_to_y_m=-15 - 30 * 9)  # the first ten rows are unknown

    known = [
        np.isfinite(p(GRID)).all(axis=1).argmax() for p in (SurfaceValue(ramp), Slope(ramp))
    ]

    assert known == [10, 11]


def test_a_position_needs_half_its_disc() -> None:
    above = Position(Ramp(known_to_y_m=-15 - 30 * 9), 300)(GRID)

    # Even on the first known row, the disc's middle, more than half of it is known.
    assert np.isnan(above[:10]).all()
    assert np.isfinite(above[10:]).all()


def test_the_shift_between_datums_is_subtracted_and_pits_remain() -> None:
    after, before = Bump(12, 30, -6.0), Ramp()

    change = ElevationChange(after, before)(GRID)

    assert change[12, 30] == -6
    assert np.delete(change.ravel(), 12 * 50 + 30).tolist() == [0] * (GRID.shape[0] * 50 - 1)


def test_a_tilt_between_models_is_subtracted_too() -> None:
    change = ElevationChange(Ramp(east=0.001), Ramp())(GRID)

    assert np.abs(change).max() < 0.02


def test_change_is_unknown_where_a_model_is_unknown() -> None:
    before = Ramp(known_to_y_m=-15 - 30 * 9)

    change = ElevationChange(Ramp(), before)(GRID)

    assert np.isnan(change[:10]).all()
    assert np.isfinite(change[10:]).all()


@pytest.mark.parametrize("radius_m", [0, -300, np.inf, np.nan])
def test_a_disc_has_a_radius(radius_m: float) -> None:
    with pytest.raises(ConfigError, match=r"radius_m must be a length.*context\.planes"):
        Position(Ramp(), radius_m)
