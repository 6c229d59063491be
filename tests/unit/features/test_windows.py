"""Window medians: their values on a small lattice, which are the same in every patch."""

import numpy as np
import pytest

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.features.windows import Windows

WINDOWS = Windows(cell_m=60, window_cells=4, step_cells=2, least_cells=4)
WIDE = Grid.from_corner("EPSG:32635", 600015.0, 9800015.0, 40, 44)


def ground() -> F32:
    """Noise with a hole and a gradient."""
    rng = np.random.default_rng(3)
    values: F32 = rng.random((2, *WIDE.shape), dtype=np.float32)
    values += np.arange(44, dtype=np.float32)
    values[0, 10:17, 20:31] = np.nan
    return values


def test_flat_ground_has_its_own_value_as_median() -> None:
    median, deviation = WINDOWS.medians(np.full(WIDE.shape, 5.0, np.float32), WIDE)

    inner = np.s_[8:-8, 8:-8]
    assert np.unique(median[inner]).tolist() == [5.0]
    assert np.unique(deviation[inner]).tolist() == [0.0]


def test_a_small_bright_spot_changes_no_median() -> None:
    values = np.zeros(WIDE.shape, np.float32)
    values[20:22, 20:22] = 9.0

    median, _ = WINDOWS.medians(values, WIDE)

    assert np.nanmax(median) == 0.0


def test_a_gradient_is_followed() -> None:
    values = np.broadcast_to(np.arange(44, dtype=np.float32), WIDE.shape)

    median, deviation = WINDOWS.medians(values, WIDE)

    inner = np.s_[8:-8, 8:-8]
    np.testing.assert_allclose(median[inner], values[inner], atol=1e-5)
    np.testing.assert_allclose(deviation[inner], 2.0, atol=1e-5)


@pytest.mark.parametrize("top", [0, 1, 3])
@pytest.mark.parametrize("left", [0, 2, 5])
def test_a_pixel_has_the_same_median_in_every_patch(top: int, left: int) -> None:
    values, reach = ground(), WINDOWS.reach_px(30)
    whole = np.stack(WINDOWS.medians(values, WIDE))

    patch = WIDE.cut(top, left, top + 30, left + 34)
    part = np.stack(WINDOWS.medians(values[:, top : top + 30, left : left + 34], patch))

    inner = np.s_[..., reach:-reach, reach:-reach]
    assert np.isfinite(part[inner]).all()
    wanted = whole[..., top + reach : top + 30 - reach, left + reach : left + 34 - reach]
    np.testing.assert_array_equal(part[inner], wanted)


def test_windows_with_too_little_data_have_no_median() -> None:
    values = np.full(WIDE.shape, np.nan, np.float32)
    values[20, 20] = 1.0

    median, _ = WINDOWS.medians(values, WIDE)

    assert np.isnan(median).all()


def test_impossible_windows_are_refused() -> None:
    with pytest.raises(ConfigError, match="least_cells at most.*conf/table"):
        Windows(cell_m=60, window_cells=2, step_cells=1, least_cells=5)
