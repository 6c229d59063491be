"""Growth a year: its slope, and an interval that is as wide as maps are noisy."""

import numpy as np
import pytest

from minecover.evaluation.change import area_noise, growth_of
from minecover.evaluation.change.growth import USUAL_NOISE

YEARS = np.arange(2010.5, 2018.5)


def column(*areas: float) -> np.ndarray:
    return np.array(areas, np.float64)[:, None]


def test_growth_is_the_slope_of_the_areas() -> None:
    area = column(*range(10, 18))

    found = growth_of(area, area > 0, YEARS, noise=0.1, level=0.95)

    assert found.per_year[0] == pytest.approx(1.0)
    assert found.low[0] < 1.0 < found.high[0]
    assert found.low[0] == pytest.approx(2.0 - found.high[0])


def test_growth_counts_from_just_before_a_mine_was_there_to_just_after_it() -> None:
    area = column(0, 0, 0, 4, 4, 0, 0, 0)
    seen = np.ones_like(area, np.bool_)

    found = growth_of(area, seen, YEARS, noise=0.1, level=0.95)

    assert found.per_year[0] == pytest.approx(0.0)
    rising = growth_of(area[:5], seen[:5], YEARS[:5], noise=0.1, level=0.95)
    assert rising.per_year[0] == pytest.approx(2.0)


def test_hidden_periods_do_not_count() -> None:
    area = column(10, 12, 99, 16, 18, 20, 22, 24)
    seen = area != 99

    assert growth_of(area, seen, YEARS, noise=0, level=0.95).per_year[0] == pytest.approx(2)


def test_one_observed_period_tells_no_growth() -> None:
    area, seen = column(10, 10), column(1, 0).astype(np.bool_)

    found = growth_of(area, seen, YEARS[:2], noise=0.1, level=0.95)

    assert np.isnan([found.per_year, found.low, found.high]).all()


def test_noise_is_what_single_maps_differ_by() -> None:
    area = np.full((8, 10_000), 100.0)
    on_map = area + 20.0 * np.resize([1, -1], area.shape)

    assert area_noise(on_map, area, area > 0) == pytest.approx(2.0, abs=0.01)
    assert area_noise(area, area, area > 0) == pytest.approx(0.0, abs=0.03)


def test_few_mines_have_the_usual_noise() -> None:
    area = np.full((2, 1), 100.0)
    nothing = area[:, :0]

    assert area_noise(nothing, nothing, nothing > 0) == pytest.approx(USUAL_NOISE)
    assert 0.9 * USUAL_NOISE < area_noise(area, area, area > 0) < USUAL_NOISE


def test_intervals_of_unchanged_mines_hold_zero_as_often_as_their_level_says() -> None:
    rng = np.random.default_rng(7)
    area = 100.0 + 10.0 * rng.standard_normal((8, 4000))

    found = growth_of(area, area > 0, YEARS, noise=1.0, level=0.9)

    holds = (found.low < 0) & (found.high > 0)
    assert holds.mean() == pytest.approx(0.9, abs=0.02)
