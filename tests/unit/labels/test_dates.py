"""Dates: ISO 8601 or the configured format, and nothing that is guessed."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minecover.core.errors import ConfigError
from minecover.labels.dates import check_format, date_advice, read_day


@pytest.mark.parametrize(
    ("value", "day"),
    [
        pytest.param("2019-01-25", "2019-01-25", id="a day"),
        pytest.param("2019-01-25T23:30:00-05:00", "2019-01-25", id="the day of its own zone"),
        pytest.param("2019-01-25 00:00", "2019-01-25", id="with a blank"),
        pytest.param("2009-01-01Z", "2009-01-01", id="with a Z"),
        pytest.param(date(2019, 1, 25), "2019-01-25", id="date"),
        pytest.param(datetime(2019, 1, 25, 23, 30), "2019-01-25", id="datetime"),
        pytest.param(pd.Timestamp("2019-01-25 23:30"), "2019-01-25", id="GDAL's column"),
        pytest.param(pd.NaT, "", id="no time"),
        pytest.param(None, "", id="none"),
        pytest.param(np.nan, "", id="NaN"),
        pytest.param("  ", "", id="blank"),
    ],
)
def test_iso_days_are_read(value: object, day: str) -> None:
    assert read_day(value) == day


@pytest.mark.parametrize(
    "value",
    ["03/04/2019", "2019/01/25", "20190125", "2018", 2018, 2018.0, "2019.5", "today", "now",
     "NaT", "05-06-19", "2019-1-5", "2019-02-30", "25.01.2019", "Jan 2019", "2019-W04"],
)  # fmt: skip
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"is not a date|out of range|must be in"):
        read_day(value)


@pytest.mark.parametrize(
    ("value", "form", "first", "last"),
    [
        ("03/04/2019", "%d/%m/%Y", "2019-04-03", "2019-04-03"),
        ("1/14/2017 0:00", "%m/%d/%Y", "2017-01-14", "2017-01-14"),
        pytest.param(2018.0, "%Y", "2018-01-01", "2018-12-31", id="a year"),
        pytest.param("02/2020", "%m/%Y", "2020-02-01", "2020-02-29", id="a month"),
    ],
)
def test_a_format_reads_what_it_says(value: object, form: str, first: str, last: str) -> None:
    assert read_day(value, (form,)) == first
    assert read_day(value, (form,), is_end=True) == last


def test_a_format_does_not_read_others() -> None:
    with pytest.raises(ValueError, match="'2019-01-25' is not a date of the format '%d/%m/%Y'"):
        read_day("2019-01-25", ("%d/%m/%Y",))


@given(st.dates(date(1000, 1, 1)))
def test_every_day_round_trips(day: date) -> None:
    assert read_day(day.isoformat()) == day.isoformat()


@pytest.mark.parametrize(
    ("column", "named"),
    [
        pytest.param(["25/01/2019", "03/04/2019"], "('%d/%m/%Y' would", id="one reads all"),
        pytest.param(["03/04/2019"], "('%d/%m/%Y' or '%m/%d/%Y' would", id="two read it"),
        pytest.param(["2018", None], "('%Y' would", id="years"),
        pytest.param(["today"], "Correct it in the file.", id="none"),
    ],
)
def test_the_format_that_would_read_a_column_is_named(
    column: list[str | None], named: str
) -> None:
    assert named in date_advice(column, column[0])


@pytest.mark.parametrize("form", ["dd/mm/yyyy", "%d/%m", ""])
def test_a_format_without_a_year_is_refused(form: str) -> None:
    with pytest.raises(ConfigError, match=r"Fix labels\.date_format"):
        check_format(form)
