"""Periods of time that maps are made of, one map each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from minecover.core.errors import RegionError

#: Days of a year.
YEAR_DAYS = 365.25
#: A whole calendar year.
YEAR = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from a first to a last one, both included.

    Parameters
    ----------
    first_day, last_day : date
        The last day is not before the first one.
    """

    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins."""
        if self.last_day < self.first_day:
            raise RegionError(
                f"a period ends on {self.last_day}, before it begins on {self.first_day}. Name "
                "the earlier day first: --period 2016-10-15/2017-05-09."
            )

    @classmethod
    def parse(cls, text: str) -> Period:
        """Return a period as people type it.

        Parameters
        ----------
        text : str
            A year, ``2016``, or two ISO days, ``2016-10-15/2017-05-09``.

        Raises
        ------
        RegionError
            If it is neither.
        """
        try:
            if YEAR.fullmatch(text):
                return cls(date(int(text), 1, 1), date(int(text), 12, 31))
            first, last = map(date.fromisoformat, text.split("/"))
        except ValueError as error:
            raise RegionError(
                f"a period is a year or two days, found {text!r} ({error}). Type --period 2016 "
                "or --period 2016-10-15/2017-05-09."
            ) from error
        return cls(first, last)

    @property
    def name(self) -> str:
        """Name in files: ``2016`` for a calendar year, else ``2016-10-15_2017-05-09``."""
        first, last = self.first_day, self.last_day
        is_year = first.year == last.year and (first.month, first.day) == (1, 1)
        if is_year and (last.month, last.day) == (12, 31):
            return f"{first.year:04d}"
        return f"{first}_{last}"

    @property
    def middle(self) -> float:
        """Its middle, in years: that of the calendar year 2016 is about 2016.5."""
        day = self.first_day.toordinal() + (self.last_day - self.first_day).days // 2
        middle = date.fromordinal(day)
        return middle.year + (middle.timetuple().tm_yday - 1) / YEAR_DAYS

    def __str__(self) -> str:
        return f"{self.first_day}/{self.last_day}"

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


def in_order(periods: Iterable[Period]) -> list[Period]:
    """Return periods in the order of time, each once.

    Raises
    ------
    RegionError
        If two of them overlap: scenes of both would count twice.
    """
    ordered = sorted(set(periods))
    for one, other in pairwise(ordered):
        if other.first_day <= one.last_day:
            raise RegionError(
                f"the periods {one} and {other} overlap, so that scenes would count twice. "
                "Choose periods that follow one another with --period, or another folder with "
                "--out."
            )
    return ordered
