"""The time of the year: as an angle, and as the PoC wrote it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube

DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Season:
    """Sine and cosine of the day of the year.

    Both are needed: the cosine alone takes spring for autumn.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """``season_sin`` and ``season_cos``."""
        return ("season_sin", "season_cos")

    @property
    def bands(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def reach_px(self) -> int:
        """A date looks at nothing."""
        return 0

    def only(self, names: Collection[str]) -> Season:
        """Leave nothing out: it takes no band."""
        return self

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Spread the two numbers of each date over its pixels."""
        days = np.array([day.timetuple().tm_yday - 1 for day in cube.dates], np.float64)
        angle = 2 * np.pi * days / DAYS_A_YEAR
        return _spread(np.stack([np.sin(angle), np.cos(angle)], axis=1), cube)


@dataclass(frozen=True, slots=True)
class PocMonth:
    """``cos(month / 12)`` in radians, the PoC's month, kept for comparison.

    Without the 2 pi it falls from January to December, the two months that it meant to join.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """``month_poc``."""
        return ("month_poc",)

    @property
    def bands(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def reach_px(self) -> int:
        """A date looks at nothing."""
        return 0

    def only(self, names: Collection[str]) -> PocMonth:
        """Leave nothing out: it takes no band."""
        return self

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Spread the number of each date over its pixels."""
        return _spread(np.array([[poc_month(day)] for day in cube.dates]), cube)


def poc_month(day: date) -> float:
    """Encode a month as the PoC did: 0.997 in January, 0.540 in December."""
    return float(np.cos(day.month / 12))


def _spread(per_date: NDArray[np.float64], cube: Cube) -> F32:
    """Repeat (time, name) numbers over the cube's grid."""
    numbers = per_date.astype(np.float32)[:, :, None, None]
    return np.broadcast_to(numbers, (*per_date.shape, *cube.grid.shape))
