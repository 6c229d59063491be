"""Lines between two sensors over the same ground."""

import numpy as np
import pytest

from minecover.evaluation.sensor_lines import fit_line


def ground(n: int = 4000) -> np.ndarray:
    return np.random.default_rng(7).uniform(0.02, 0.5, n).astype(np.float32)


def test_a_line_is_found_again() -> None:
    x = ground()

    line = fit_line(x, np.float32(0.9) * x + np.float32(0.01))

    assert line.slope == pytest.approx(0.9, abs=1e-4)
    assert line.offset == pytest.approx(0.01, abs=1e-4)
    assert line.left == pytest.approx(0, abs=1e-6)
    assert line.n == 4000


def test_noise_of_both_flattens_least_squares_and_not_the_major_axis() -> None:
    rng, x = np.random.default_rng(1), ground()
    one, other = (
        (values + 0.05 * rng.standard_normal(len(x))).astype(np.float32) for values in (x, x)
    )

    line = fit_line(one, other)

    assert line.slope == pytest.approx(1.0, abs=0.02)
    assert line.slope_ols < 0.93


def test_clouds_on_one_date_do_not_move_the_line() -> None:
    x = ground()
    y = np.float32(1.05) * x
    y[::10] += np.float32(0.4)

    line = fit_line(x + np.float32(1e-4) * np.resize([1, -1], len(x)).astype(np.float32), y)

    assert line.slope == pytest.approx(1.05, abs=0.01)
    assert line.n < 0.95 * len(x)


def test_what_one_did_not_see_is_left_out() -> None:
    x, y = ground(), ground()
    x[::2], y[1::4] = np.nan, np.nan

    assert fit_line(x, y).n <= 1000


@pytest.mark.parametrize("n", [0, 2])
def test_too_few_pixels_tell_nothing(n: int) -> None:
    line = fit_line(ground(n), ground(n))

    assert np.isnan(line.slope)
    assert line.n == n
