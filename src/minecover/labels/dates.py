"""One strict reader of dates, for label files, visits and verdicts."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

import pandas as pd

from minecover.core.errors import ConfigError

#: ISO 8601: a day, or a day and a time, whose day counts. Some exports put a Z after the day.
ISO = "%Y-%m-%d"
ISO_DAY = re.compile(
    r"(\d{4}-\d{2}-\d{2})([T ]\d{1,2}(:?\d{2}){0,2}([.,]\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?"
)
#: A time of day after a date in another format.
CLOCK = re.compile(r"([T ]\d{1,2}:\d{2}(:\d{2})?( ?[AP]M)?.*|Z)$", re.IGNORECASE)
#: First year of days that are taken; there were photographs from the air before satellites.
FIRST_YEAR = 1900
#: Column of the dates of visits, and its formats, as in conf/labels/ipis.yaml.
VISIT_DATE, VISIT_FORMATS = "visit_date", ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y")
#: Formats that messages propose for a column that is not ISO.
KNOWN = (
    "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d",
    "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%Y-%m", "%m/%Y", "%Y",
    "%d %B %Y",
)  # fmt: skip
#: Directives of `datetime.strptime` that set a day of the year, and a month.
DAYS, MONTHS = ("%d", "%j", "%x", "%c", "%D", "%F"), ("%m", "%b", "%B")


def read_day(value: object, date_formats: Sequence[str] = (), *, is_end: bool = False) -> str:
    """Return a date as ISO day; "" where there is no value.

    Parameters
    ----------
    value : object
        A date, a date with a time (whose day counts, in its own time zone), text, or a missing
        value.
    date_formats : sequence of str
        Formats of text (`datetime.strptime`), tried in this order; ISO 8601 if empty.
    is_end : bool
        Whether a format without day or month means the last day of its year or month instead of
        the first.

    Raises
    ------
    ValueError
        If text has another format.
    """
    if isinstance(value, date) and not pd.isna(value):
        return value.strftime(ISO)
    if pd.isna(value) or not str(value).strip():
        return ""
    # A column of years with gaps is one of floats.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    for form in date_formats or (ISO,):
        try:
            return _parsed(text, form, is_end).isoformat()
        except ValueError:
            continue
    raise ValueError(f"{text!r} is not a date of the format {shown_formats(date_formats)}")


def impossible_year(day: str) -> str:
    """Return why nobody can have seen a mine on a day; "" if somebody can.

    Parameters
    ----------
    day : str
        From `read_day`.
    """
    last = datetime.now(UTC).year + 1
    if not day or FIRST_YEAR <= int(day[:4]) <= last:
        return ""
    return f"years are taken from {FIRST_YEAR} to {last}"


def iso_or(date_format: str | None) -> tuple[str, ...]:
    """Return the formats of dates of verdicts, which the page and the form write as ISO days.

    Parameters
    ----------
    date_format : str or None
        Format of dates that a person typed, as ``labels.date_format``.

    Raises
    ------
    ConfigError
        If it is no format.
    """
    check_format(date_format)
    return (ISO, date_format) if date_format else ()


def date_advice(values: Iterable[object], wrong: object) -> str:
    """Return what to do about a column with a value that is no date, as a sentence."""
    texts = [value for value in values if not pd.isna(value) and str(value).strip()]
    fitting = [form for form in KNOWN if all(_reads(value, form) for value in texts)]
    fitting = fitting or [form for form in KNOWN if _reads(wrong, form)]
    if not fitting:
        return "Correct it in the file."
    shown = " or ".join(f"'{form}'" for form in fitting)
    return (
        f"Correct it in the file, or set labels.date_format to the format of the file's dates "
        f"({shown} would read it)."
    )


def check_format(date_format: str | None) -> None:
    """Refuse a format of dates that does not read what it writes."""
    if date_format is None:
        return
    day = date(2019, 11, 25)
    try:
        read = datetime.strptime(day.strftime(date_format), date_format).date()
    except ValueError:
        read = None
    if read is None or read.year != day.year:
        raise ConfigError(
            f"labels.date_format should be a format such as '%d/%m/%Y' (%d day, %m month, %Y "
            f"year), found {date_format!r}. Fix labels.date_format."
        )


def _reads(value: object, form: str) -> bool:
    try:
        read_day(value, (form,))
    except ValueError:
        return False
    return True


def _parsed(text: str, form: str, is_end: bool) -> date:
    """Parse text by one format."""
    if form == ISO:
        found = ISO_DAY.fullmatch(text)
        if not found:
            raise ValueError(text)
        return date.fromisoformat(found[1])
    has_clock = any(part in form for part in ("%H", "%I"))
    day = datetime.strptime(text if has_clock else CLOCK.sub("", text), form).date()
    if not is_end or any(part in form for part in DAYS):
        return day
    month = day.month if any(part in form for part in MONTHS) else 12
    return day.replace(month=month, day=calendar.monthrange(day.year, month)[1])


def shown_formats(date_formats: Sequence[str]) -> str:
    """Return formats of dates as a message names them."""
    return " or ".join(
        "2019-01-25 (ISO 8601)" if form == ISO else repr(form)
        for form in date_formats or (ISO,)
    )
