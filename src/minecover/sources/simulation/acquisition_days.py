"""When scenes are taken, where the sun stands then, and how dry the land is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from minecover.sources.simulation.parameters import Calendar
from minecover.sources.simulation.streams import F64

#: Landsat 8 comes back every 16 days; the next path to the east is 9 days later.
CYCLE_DAYS, NEXT_PATH_DAYS = 16, 9
#: Distance of two paths near the equator, and by how much their scenes overlap [m].
PATH_M, SIDELAP_M = 159_000.0, 26_000.0
#: Local time of the overpass as an angle (10:05).
HOUR_ANGLE = np.deg2rad(-32.0)


@dataclass(frozen=True, slots=True)
class Sun:
    """A unit vector towards the sun: east, north, up."""

    east: float
    north: float
    up: float

    def shading(self, east: F64, north: F64) -> F64:
        """Light on a slope over light on the flat, from its slopes eastward and northward."""
        facing = self.up - self.east * east - self.north * north
        shade: F64 = np.maximum(facing, 0.0) / np.sqrt(1.0 + east**2 + north**2) / self.up
        return shade


def sun_at(day: date, latitude_deg: float) -> Sun:
    """Find the sun at the overpass."""
    day_of_year = day.timetuple().tm_yday
    declination = np.deg2rad(23.44) * np.sin(2 * np.pi * (day_of_year - 81) / 365.0)
    latitude = np.deg2rad(latitude_deg)
    cos_d, sin_d = np.cos(declination), np.sin(declination)
    cos_l, sin_l = np.cos(latitude), np.sin(latitude)
    east = -cos_d * np.sin(HOUR_ANGLE)
    north = cos_l * sin_d - sin_l * cos_d * np.cos(HOUR_ANGLE)
    up = sin_l * sin_d + cos_l * cos_d * np.cos(HOUR_ANGLE)
    # Rounded: it enters the delivered scaling, and a sine's last bit depends on the processor.
    return Sun(*(round(float(part), 10) for part in (east, north, up)))


def dryness(day: date) -> float:
    """How dry the land is, 0 ... 1: two rainy and two dry seasons a year near the equator."""
    month = 1.0 + (day.timetuple().tm_yday - 1) / 30.44
    return float(0.5 + 0.5 * np.cos(2 * np.pi * (month - 1.5) / 6.0))


def overpasses(calendar: Calendar, easting_m: float) -> list[date]:
    """List the days on which the satellite sees a place, ascending.

    Along a path it comes every 16 days; in the sidelap the neighbouring path adds days in
    between.
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


def choose_days(
    rng: np.random.Generator, calendar: Calendar, easting_m: float, n_dates: int
) -> tuple[date, ...]:
    """Choose the days that a place has scenes of; asking for more keeps the ones it has."""
    days = overpasses(calendar, easting_m)
    spread = int(rng.integers(-calendar.dates_spread, calendar.dates_spread + 1))
    order = rng.permutation(len(days))
    wanted = max(n_dates + spread, 1)
    return tuple(sorted(days[i] for i in order[:wanted]))
