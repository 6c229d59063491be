"""Days of acquisition, position of the sun, and dryness of the season."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from minecover.sources.simulation.parameters import Calendar
from minecover.sources.simulation.streams import F64

#: Landsat 8 repeats a path every 16 days and passes the next one to the east 9 days later.
CYCLE_DAYS, NEXT_PATH_DAYS = 16, 9
#: Two Sentinel-2 repeat an orbit every 5 days; its swath of 290 km covers the whole world.
SENTINEL_2_DAYS = 5
#: Distance between two paths near the equator, and overlap of their scenes [m].
PATH_M, SIDELAP_M = 159_000.0, 26_000.0
#: Hour angle of the overpass at 10:05 local time [rad].
HOUR_ANGLE = np.deg2rad(-32.0)


@dataclass(frozen=True, slots=True)
class Sun:
    """Unit vector towards the sun.

    Parameters
    ----------
    east, north, up : float
        Components of the vector; `up` is the sine of the sun's elevation.
    """

    east: float
    north: float
    up: float

    def shading(self, east: F64, north: F64) -> F64:
        """Return illumination relative to flat ground for slopes to east and north [m/m]."""
        facing = self.up - self.east * east - self.north * north
        shade: F64 = np.maximum(facing, 0.0) / np.sqrt(1.0 + east**2 + north**2) / self.up
        return shade


def sun_at(day: date, latitude_deg: float) -> Sun:
    """Return the direction of the sun at the overpass, at a latitude [degrees]."""
    day_of_year = day.timetuple().tm_yday
    declination = np.deg2rad(23.44) * np.sin(2 * np.pi * (day_of_year - 81) / 365.0)
    latitude = np.deg2rad(latitude_deg)
    cos_d, sin_d = np.cos(declination), np.sin(declination)
    cos_l, sin_l = np.cos(latitude), np.sin(latitude)
    east = -cos_d * np.sin(HOUR_ANGLE)
    north = cos_l * sin_d - sin_l * cos_d * np.cos(HOUR_ANGLE)
    up = sin_l * sin_d + cos_l * cos_d * np.cos(HOUR_ANGLE)
    # Rounded, since it enters the scaling and the last bit of a sine depends on the processor.
    return Sun(*(round(float(part), 10) for part in (east, north, up)))


def dryness(day: date) -> float:
    """Return the dryness of the land, 0 ... 1, with two dry and two rainy seasons per year."""
    month = 1.0 + (day.timetuple().tm_yday - 1) / 30.44
    return float(0.5 + 0.5 * np.cos(2 * np.pi * (month - 1.5) / 6.0))


def overpasses(calendar: Calendar, easting_m: float) -> list[date]:
    """Return the days on which the satellite passes over a place, ascending.

    A path is repeated every 16 days; where it overlaps the neighbouring path, there are days of
    both.

    Parameters
    ----------
    calendar : Calendar
        First and last day.
    easting_m : float
        Easting of the place [m].
    """
    first = date.fromisoformat(calendar.first_day)
    n_days = (date.fromisoformat(calendar.last_day) - first).days + 1
    path = int(easting_m // PATH_M)
    into_m = easting_m - path * PATH_M
    paths = {path}
    if into_m < SIDELAP_M / 2:
        paths.add(path - 1)
    if into_m > PATH_M - SIDELAP_M / 2:
        paths.add(path + 1)
    phases = {(p * NEXT_PATH_DAYS) % CYCLE_DAYS for p in paths}
    return [first + timedelta(k) for k in range(n_days) if k % CYCLE_DAYS in phases]


def sentinel_2_passes(calendar: Calendar) -> list[date]:
    """Return the days on which Sentinel-2 passes over every place, ascending."""
    first = date.fromisoformat(calendar.first_day)
    n_days = (date.fromisoformat(calendar.last_day) - first).days + 1
    return [first + timedelta(k) for k in range(0, n_days, SENTINEL_2_DAYS)]


def choose_days(
    rng: np.random.Generator, days: Sequence[date], dates_spread: int, n_dates: int
) -> tuple[date, ...]:
    """Return the days with scenes of a place, ascending; a larger `n_dates` only adds days.

    Parameters
    ----------
    rng : Generator
        Random stream of the place's calendar.
    days : sequence of date
        Days on which the satellite passes, ascending.
    dates_spread : int
        Largest deviation of the number of days from `n_dates`.
    n_dates : int
        Wanted number of days.
    """
    spread = int(rng.integers(-dates_spread, dates_spread + 1))
    order = rng.permutation(len(days))
    wanted = max(n_dates + spread, 1)
    return tuple(sorted(days[i] for i in order[:wanted]))
