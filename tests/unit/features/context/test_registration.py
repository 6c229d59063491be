"""Two elevation models: their shift is found, pits remain, errors are as large as drawn."""

from dataclasses import dataclass

import numpy as np
import pytest

from minecover.core.cube import F32
from minecover.core.grid import Grid
from minecover.features.context import (
    ElevationChange,
    RegisteredChange,
    RegisteredChangeError,
)

GRID = Grid.from_corner("EPSG:32635", 600_015.0, 15.0, 40, 50)
#: A pit of nine pixels and its depth [m].
PIT, DEPTH_M = (slice(20, 23), slice(30, 33)), 12.0


@dataclass(frozen=True)
class Hills:
    """Hills of 60 m, moved by some metres, with a datum, noise, and maybe a pit."""

    east_m: float = 0.0
    north_m: float = 0.0
    up_m: float = 0.0
    noise_m: float = 0.0
    noise_per_slope_m: float = 0.0
    is_dug: bool = False

    def __call__(self, grid: Grid) -> F32:
        x, y = np.meshgrid(*grid.centres())
        x, y = x - self.east_m - 600_000, y - self.north_m
        height = 800 + 60 * np.sin(x / 190) * np.cos(y / 230) + 25 * np.sin((x + 2 * y) / 120)
        slope = np.abs(np.cos(x / 190) * np.cos(y / 230)) * 60 / 190
        if self.noise_m:
            at = (np.rint(x).astype(np.int64) * 73_856_093) ^ (np.rint(y).astype(np.int64) * 19)
            noise = np.random.default_rng(int(self.noise_m * 10)).permuted(
                np.linspace(-1.7, 1.7, 4096)
            )[np.abs(at) % 4096]
            height += (self.noise_m + self.noise_per_slope_m * slope) * noise
        if self.is_dug:
            top, left = (GRID.xy(20, 30)[1], GRID.xy(20, 30)[0])
            here = (np.abs(x - (left + 30 - 600_000)) < 45) & (np.abs(y - (top - 30)) < 45)
            height -= DEPTH_M * here
        return np.asarray(height + self.up_m, np.float32)


@pytest.mark.parametrize(
    ("east_m", "north_m"),
    [(0, 0), (12, -9), (-25, 20), (40, 40)],
)
def test_a_shift_is_found_and_taken_out(east_m: float, north_m: float) -> None:
    after, before = Hills(), Hills(east_m, north_m, up_m=4.0)

    change = RegisteredChange(after, before)(GRID)

    # Between pixels of 30 m, heights are interpolated linearly.
    assert np.sqrt(np.mean(change**2)) < 1.0


def test_without_registration_a_shift_makes_pits_and_heaps() -> None:
    after, before = Hills(), Hills(12, -9)

    plain, registered = (
        np.sqrt(np.mean(one(after, before)(GRID) ** 2))
        for one in (ElevationChange, RegisteredChange)
    )

    assert plain > 2.0
    assert registered < 0.3 * plain


def test_a_pit_is_as_deep_as_it_was_dug() -> None:
    after, before = Hills(is_dug=True, noise_m=0.5), Hills(12, -9, up_m=-3.0)

    change = RegisteredChange(after, before)(GRID)

    assert change[PIT].mean() == pytest.approx(-DEPTH_M, abs=1.0)
    outside = np.ones(GRID.shape, np.bool_)
    outside[19:24, 29:34] = False
    assert np.abs(np.median(change[outside])) < 0.2


def test_the_error_is_the_noise_of_unchanged_ground() -> None:
    after, before = Hills(noise_m=2.0), Hills(10, 5)

    error = RegisteredChangeError(after, before)(GRID)
    change = RegisteredChange(after, before)(GRID)

    assert np.median(error) == pytest.approx(change.std(), rel=0.35)


def test_the_error_grows_with_the_slope() -> None:
    after, before = Hills(noise_m=0.5, noise_per_slope_m=15.0), Hills()

    error = RegisteredChangeError(after, before)(GRID)
    change = np.abs(RegisteredChange(after, before)(GRID))

    steep = error > np.quantile(error, 0.75)
    flat = error < np.quantile(error, 0.25)
    assert change[steep].mean() > 1.3 * change[flat].mean()


def test_flat_ground_is_not_moved() -> None:
    @dataclass(frozen=True)
    class Flat:
        up_m: float

        def __call__(self, grid: Grid) -> F32:
            return np.full(grid.shape, self.up_m, np.float32)

    change = RegisteredChange(Flat(705.0), Flat(700.0))(GRID)

    assert (change == 0).all()


def test_what_is_not_known_stays_so() -> None:
    @dataclass(frozen=True)
    class Half:
        def __call__(self, grid: Grid) -> F32:
            x, _ = np.meshgrid(*grid.centres())
            return np.where(x < GRID.xy(0, 25)[0], Hills()(grid), np.nan).astype(np.float32)

    change = RegisteredChange(Hills(), Half())(GRID)
    error = RegisteredChangeError(Hills(), Half())(GRID)

    assert np.isnan(change[:, 26:]).all()
    assert np.isfinite(change[:, :24]).all()
    assert np.isfinite(error[:, :24]).all()
