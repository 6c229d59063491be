"""The time of the year: as an angle, and as the proof of concept wrote it."""

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

    Both are needed: the cosine alone cannot tell spring from autumn.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """``season_sin`` and ``season_cos``."""
        return ("season_sin", "season_cos")

    @property
    def bands(self) -> tuple[str, ...]:
        """No band: dates are enough."""
        return ()

    def reach_px(self, pixel_m: float) -> int:
        """0: no pixel is used."""
        return 0

    def only(self, names: Collection[str]) -> Season:
        """Return the feature set unchanged: it needs no band."""
        return self

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Return sine and cosine of each date on all pixels, (time, 2, row, col) float32."""
        days = np.array([day.timetuple().tm_yday - 1 for day in cube.dates], np.float64)
        angle = 2 * np.pi * days / DAYS_A_YEAR
        return _spread(np.stack([np.sin(angle), np.cos(angle)], axis=1), cube)


@dataclass(frozen=True, slots=True)
class PocMonth:
    """``cos(month / 12)`` in radians, the month of the proof of concept, for comparison.

    Without the factor 2 pi it falls from January to December instead of joining the two.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """``month_poc``."""
        return ("month_poc",)

    @property
    def bands(self) -> tuple[str, ...]:
        """No band: dates are enough."""
        return ()

    def reach_px(self, pixel_m: float) -> int:
        """0: no pixel is used."""
        return 0

    def only(self, names: Collection[str]) -> PocMonth:
        """Return the feature set unchanged: it needs no band."""
        return self

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Return the number of each date on all its pixels, (time, 1, row, col) float32."""
        return _spread(np.array([[poc_month(day)] for day in cube.dates]), cube)


def poc_month(day: date) -> float:
    """Return the month as in the proof of concept: 0.997 in January, 0.540 in December."""
    return float(np.cos(day.month / 12))


def _spread(per_date: NDArray[np.float64], cube: Cube) -> F32:
    """Repeat (time, name) numbers over the cube's grid."""
    numbers = per_date.astype(np.float32)[:, :, None, None]
    return np.broadcast_to(numbers, (*per_date.shape, *cube.grid.shape))
