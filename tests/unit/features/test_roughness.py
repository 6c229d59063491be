"""Roughness: differences between pixels at a distance, as means over squares."""

import numpy as np
import pytest

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.features.date_series import DateSeries
from minecover.features.roughness import Roughness, differences

NAN = np.nan


def series(plane: F32, pixel_m: float = 10) -> DateSeries:
    """Make a series of one date."""
    valid = np.ones((1, *plane.shape), np.bool_)
    return DateSeries.from_planes({"red": plane[None]}, valid, {}, pixel_m=pixel_m)


def test_differences_are_to_the_four_neighbours_with_data() -> None:
    plane = np.array([[0, 1, NAN], [4, 0, 0], [0, 0, 8]], np.float32)

    found = differences(plane[None], 1)[0]

    expected = [
        [(1 + 4) / 2, (1 + 1) / 2, NAN],
        [(4 + 4 + 4) / 3, (1 + 4 + 0 + 0) / 4, (0 + 8) / 2],
        [(4 + 0) / 2, (0 + 0 + 8) / 3, (8 + 8) / 2],
    ]
    np.testing.assert_allclose(found, expected)


def test_pixels_without_a_neighbour_at_the_distance_have_no_difference() -> None:
    found = differences(np.arange(6, dtype=np.float32).reshape(1, 2, 3), 2)[0]

    np.testing.assert_array_equal(found, [[2, NAN, 2], [2, NAN, 2]])


def test_stripes_are_rough_at_half_their_width_and_smooth_at_the_whole() -> None:
    stripes = np.tile(np.array([0, 0, 1, 1], np.float32), (20, 5))
    feature_set = Roughness(("red",), (20, 40), 70)

    planes = feature_set.over_dates(series(stripes))

    assert feature_set.names == ("red_rough20m_70m", "red_rough40m_70m")
    # Rows differ by 1 at half of the period, columns never.
    assert planes[0, 10, 10] == 0.5
    assert planes[1, 10, 10] == 0


@pytest.mark.parametrize(
    ("pixel_m", "reach"),
    [
        pytest.param(10, 22 + 8, id="10 m"),
        pytest.param(30, 7 + 3, id="30 m"),
        # A distance below a pixel is a pixel.
        pytest.param(300, 0 + 1, id="300 m"),
    ],
)
def test_the_square_and_the_distance_beyond_it_are_reached(pixel_m: float, reach: int) -> None:
    assert Roughness(("red",), (10, 80), 450).reach_px(pixel_m) == reach


def test_squares_with_too_little_data_have_no_roughness() -> None:
    plane = np.full((9, 9), NAN, np.float32)
    plane[:, :4] = np.arange(4)
    whole = Roughness(("red",), (10,), 90, least_share=0.4)

    found = whole.over_dates(series(plane))[0]

    assert np.isfinite(found[4, 3:5]).tolist() == [True, True]
    assert np.isnan(found[:, 6:]).all()


@pytest.mark.parametrize(
    ("apart", "size", "share", "message"),
    [
        pytest.param((), 90, None, "apart_m must be above 0", id="no distance"),
        pytest.param((20, 10), 90, None, "ascending", id="falling"),
        pytest.param((10,), 0, None, "size_m must be above 0", id="no square"),
        pytest.param((10,), 90, 2, "least_share must be above 0", id="share"),
    ],
)
def test_distances_and_squares_that_cannot_be_are_refused(
    apart: tuple[int, ...], size: int, share: float | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Roughness(("red",), apart, size, least_share=share)
