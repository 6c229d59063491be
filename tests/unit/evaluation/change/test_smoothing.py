"""Smoothing over periods: one bad year neither opens nor closes a mine."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minecover.core.errors import ConfigError
from minecover.evaluation.change import ChangeRule, smoothed

RULE = ChangeRule(3, 0.02, 0.05, 3.0, 5.0, 0.95, 1.0, 1.0)
NAN = float("nan")


def is_mine(series: list[float], rule: ChangeRule = RULE) -> list[bool]:
    state = smoothed(np.array(series, np.float32)[:, None], threshold=0.4, rule=rule)
    return [bool(one) for one in state[:, 0] >= 0.5]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        pytest.param(
            [0.9, 0.9, 0.02, 0.9, 0.9], [1, 1, 1, 1, 1], id="one bad year closes none"
        ),
        pytest.param([0.02, 0.02, 0.9, 0.02, 0.02], [0, 0, 0, 0, 0], id="nor opens one"),
        pytest.param([0.02, 0.02, 0.9, 0.9, 0.9], [0, 0, 1, 1, 1], id="opened"),
        pytest.param([0.9, 0.9, 0.9, 0.02, 0.02], [1, 1, 1, 0, 0], id="gone"),
        pytest.param([0.9, 0.9, NAN, 0.9, 0.9], [1, 1, 1, 1, 1], id="hidden year is filled"),
        pytest.param([0.2, 0.2, 0.9], [1, 1, 1], id="doubt before is no opening"),
        pytest.param([0.5], [1], id="one period is the map, above its threshold"),
        pytest.param([0.3], [0], id="and below"),
        pytest.param([1.0, 1.0], [1, 1], id="certain"),
        pytest.param([0.0, 0.0], [0, 0], id="certainly not"),
    ],
)
def test_states_of_a_location(series: list[float], expected: list[int]) -> None:
    assert is_mine(series) == [bool(state) for state in expected]


def test_the_probability_is_that_of_all_possible_histories() -> None:
    probability = np.array([0.6, 0.3, NAN, 0.7], np.float32)
    ratio = np.nan_to_num(probability / (1 - probability) * 0.6 / 0.4, nan=1.0)
    moves = np.array([[0.98, 0.02], [0.05, 0.95]])
    total, mined = 0.0, np.zeros(4)
    for history in np.ndindex(2, 2, 2, 2):
        steps = [moves[a, b] for a, b in zip(history, history[1:], strict=False)]
        weight = 0.5 * np.prod(steps) * np.prod(ratio ** np.array(history))
        total += weight
        mined += weight * np.array(history)

    found = smoothed(probability[:, None], threshold=0.4, rule=RULE)[:, 0]

    np.testing.assert_allclose(found, mined / total, rtol=1e-5)


def test_ground_that_no_period_observed_stays_unknown() -> None:
    state = smoothed(np.array([[NAN, 0.9], [NAN, NAN]], np.float32), threshold=0.4, rule=RULE)

    assert np.isnan(state[:, 0]).all()
    assert (state[:, 1] > 0.5).all()


def test_without_smoothing_each_map_counts_alone() -> None:
    raw = replace(RULE, most_evidence=0)

    assert is_mine([0.9, 0.1, 0.5, 0.3], raw) == [True, False, True, False]
    assert not is_mine([0.9, NAN, 0.9], raw)[1]


@pytest.mark.parametrize("most_evidence", [0, 3, 40, 100, 1e6])
def test_the_most_certain_maps_have_a_state(most_evidence: float) -> None:
    rule = replace(RULE, most_evidence=most_evidence)

    assert is_mine([1.0, 1.0, 0.0, 0.0], rule) == [True, True, False, False]
    assert is_mine([1.0], rule) == [True]
    assert is_mine([0.0], rule) == [False]


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8), st.integers(0, 7))
def test_more_evidence_never_makes_a_mine_less_probable(series: list[float], at: int) -> None:
    at %= len(series)
    more = [*series[:at], min(series[at] + 0.2, 1.0), *series[at + 1 :]]
    both = np.array([series, more], np.float32).T

    state = smoothed(both, threshold=0.4, rule=RULE)

    assert (state[:, 1] >= state[:, 0] - 1e-6).all()


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8))
def test_locations_do_not_depend_on_each_other(series: list[float]) -> None:
    one = np.array(series, np.float32)[:, None]
    many = np.concatenate([np.full_like(one, 0.2), one, np.full_like(one, 0.9)], axis=1)

    alone, among = (smoothed(each, threshold=0.4, rule=RULE) for each in (one, many))

    np.testing.assert_array_equal(alone[:, 0], among[:, 1])


@pytest.mark.parametrize(
    "changed",
    [
        {"opens": 0.0},
        {"closes": 1.0},
        {"level": 1.0},
        {"min_dates": 0},
        {"most_evidence": -1.0},
        {"separate_ha": -1.0},
    ],
)
def test_a_rule_that_cannot_be_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"change.{next(iter(changed))}"):
        replace(RULE, **changed)
