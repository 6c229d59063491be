"""Periods: how they are typed and named, and which follow one another."""

from datetime import date

import pytest

from minecover.core.errors import RegionError
from minecover.core.periods import Period, in_order


@pytest.mark.parametrize(
    ("text", "days", "name"),
    [
        pytest.param("2016", "2016-01-01/2016-12-31", "2016", id="year"),
        pytest.param("2016-01-01/2016-12-31", "2016-01-01/2016-12-31", "2016", id="its days"),
        pytest.param(
            "2016-10-15/2017-05-09", "2016-10-15/2017-05-09", "2016-10-15_2017-05-09", id="days"
        ),
    ],
)
def test_a_period_is_a_year_or_two_days(text: str, days: str, name: str) -> None:
    period = Period.parse(text)

    assert str(period) == days
    assert period.name == name
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize("text", ["16", "2016/2017", "2016-13-01/2017-01-01", "", "2017-02-01"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(RegionError, match="--period 2016"):
        Period.parse(text)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(RegionError, match="earlier day first"):
        Period.parse("2017-01-01/2016-01-01")


def test_both_ends_of_a_period_belong_to_it() -> None:
    period = Period.parse("2016")

    assert date(2016, 1, 1) in period
    assert date(2016, 12, 31) in period
    assert date(2017, 1, 1) not in period
    assert period.middle == pytest.approx(2016.5, abs=0.003)


def test_periods_are_sorted_and_taken_once() -> None:
    later, earlier = Period.parse("2018"), Period.parse("2016")

    assert in_order([later, earlier, later]) == [earlier, later]


def test_periods_that_overlap_are_refused() -> None:
    with pytest.raises(RegionError, match="count twice"):
        in_order([Period.parse("2016"), Period.parse("2016-12-31/2017-05-09")])
