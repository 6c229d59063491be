"""Values between the centres of pixels, and means of blocks, of rasters with missing data."""

import numpy as np
import pytest

from minecover.core.interpolation import block_mean, sampled


def test_a_raster_is_read_between_its_pixels() -> None:
    #  0   10        centres at column 0.5 and 1.5, rows 0.5 and 1.5
    # 20   30
    values = np.array([[0.0, 10.0], [20.0, 30.0]])
    col = np.array([0.5, 1.5, 1.0, 0.75, 1.0])
    row = np.array([0.5, 0.5, 0.5, 0.5, 1.0])

    assert sampled(values, col, row, is_smooth=True).tolist() == [0, 10, 5, 2.5, 15]
    assert sampled(values, col, row, is_smooth=False).tolist() == [0, 10, 10, 0, 30]


def test_no_data_does_not_spread_or_leak() -> None:
    # Column 0 has no data. Near column 1 the value is column 1's own, near 0 there is none.
    values = np.array([[np.nan, 8.0, 8.0]])
    col, row = np.array([0.9, 1.1, 1.5]), np.full(3, 0.5)

    read = sampled(values, col, row, is_smooth=True)

    np.testing.assert_array_equal(read, [np.nan, 8, 8])


@pytest.mark.parametrize("is_smooth", [True, False])
def test_outside_a_raster_there_is_nothing(is_smooth: bool) -> None:
    outside = np.array([-0.1, 1.1, -1e12, 1e12])

    read = sampled(np.ones((1, 1)), outside, np.full(4, 0.5), is_smooth=is_smooth)

    assert np.isnan(read).all()


def test_blocks_are_averaged_over_their_data() -> None:
    values = np.array([[1.0, 3.0, np.nan, np.nan], [5.0, np.nan, np.nan, np.nan]])

    np.testing.assert_array_equal(block_mean(values, 2), [[3, np.nan]])
