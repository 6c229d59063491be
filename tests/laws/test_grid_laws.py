"""Properties of grids: alignment, overlap and resampling."""

import numpy as np
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minecover.core.grid import Grid
from minecover.core.interpolation import block_mean, sampled
from minecover.core.lattice import LANDSAT

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=100)
metres = st.floats(-9_000_000, 9_000_000)
rasters = arrays(np.float64, (5, 7), elements=st.integers(1, 65535).map(float))


@given(row=st.integers(-50, 150), col=st.integers(-50, 150))
def test_pixel_centre_round_trips(row: int, col: int) -> None:
    assert GRID.rowcol(*GRID.xy(row, col)) == (row, col)


@given(x_m=metres, y_m=metres, size_px=st.integers(1, 200))
def test_every_site_lies_on_the_lattice(x_m: float, y_m: float, size_px: int) -> None:
    grid = Grid.around("EPSG:32635", x_m, y_m, size_px=size_px)

    assert grid.is_on(LANDSAT)
    assert grid.grown(7).is_on(LANDSAT)
    assert grid.grown(7).grown(-7) == grid


@given(x_m=metres, y_m=metres)
def test_a_site_is_centred_within_a_pixel(x_m: float, y_m: float) -> None:
    left, bottom, right, top = Grid.around("EPSG:32635", x_m, y_m, size_px=100).bounds

    assert abs((left + right) / 2 - x_m) <= LANDSAT.pixel_m
    assert abs((bottom + top) / 2 - y_m) <= LANDSAT.pixel_m


@given(at_m=metres)
def test_snapping_twice_is_snapping_once(at_m: float) -> None:
    edge = LANDSAT.below(at_m)

    assert LANDSAT.below(edge) == edge
    assert 0 <= at_m - edge < LANDSAT.pixel_m + 1e-6


@given(dx=st.integers(-200, 200), dy=st.integers(-200, 200))
def test_overlap_is_mutual(dx: int, dy: int) -> None:
    other = Grid(GRID.crs, GRID.transform @ Affine.translation(dx, dy), (60, 80))

    assert GRID.overlaps(other) == other.overlaps(GRID)
    assert GRID.overlaps(other) == (-80 < dx < 100 and -60 < dy < 100)


@given(values=rasters)
def test_resampling_at_pixel_centres_is_the_identity(values: np.ndarray) -> None:
    col, row = np.meshgrid(np.arange(7) + 0.5, np.arange(5) + 0.5)

    np.testing.assert_array_equal(sampled(values, col, row, is_smooth=True), values)
    np.testing.assert_array_equal(sampled(values, col, row, is_smooth=False), values)


@given(values=rasters, col=st.floats(0, 6.99), row=st.floats(0, 4.99))
def test_interpolated_values_lie_between_their_neighbours(
    values: np.ndarray, col: float, row: float
) -> None:
    read = sampled(values, np.array([col]), np.array([row]), is_smooth=True).item()

    assert values.min() - 1e-6 <= read <= values.max() + 1e-6


@given(col=st.floats(0.5, 6.5), row=st.floats(0.5, 4.5))
def test_a_linear_ramp_is_interpolated_exactly(col: float, row: float) -> None:
    cols, rows = np.meshgrid(np.arange(7) + 0.5, np.arange(5) + 0.5)

    read = sampled(3 * cols - 2 * rows, np.array([col]), np.array([row]), is_smooth=True)

    np.testing.assert_allclose(read, 3 * col - 2 * row, atol=1e-9)


@given(values=rasters, n=st.integers(1, 4))
def test_the_mean_of_repeated_pixels_is_the_pixel(values: np.ndarray, n: int) -> None:
    np.testing.assert_allclose(block_mean(values.repeat(n, 0).repeat(n, 1), n), values)
