"""Growth per year, with an interval from what the maps do on ground that did not change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Noise of the areas of simulated mines on pixels of 30 m (44 mines in eight years, of sites of
#: benchmarks/change.py), and as how many areas it counts.
USUAL_NOISE, USUAL_COUNT = 0.94, 50


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """Growth of mines per year [px]; NaN where it is not known.

    Parameters
    ----------
    per_year, low, high : (mine,) float64
        Slope of a straight line through the areas, and its interval.
    """

    per_year: F64
    low: F64
    high: F64


def area_noise(map_px: F64, area_px: F64, seen: Bools) -> float:
    """Return the noise of areas: the standard deviation of a mine of one pixel.

    The area of a mine on a single map scatters around the area that all maps together say, and
    on ground that did not change this is all that differs. Pixels at the outline flip, so that
    the variance grows with the area.

    Parameters
    ----------
    map_px, area_px : (period, mine) float64
        Area on the map of each period, and after smoothing over periods [px].
    seen : (period, mine) bool
        Whether a mine was observed in a period.

    Returns
    -------
    float
        Standard deviation divided by the square root of the area. Where there are few mines,
        `USUAL_NOISE` counts as well, as much as `USUAL_COUNT` areas.
    """
    there = seen & (area_px > 0)
    squares = (map_px - area_px)[there] ** 2 / area_px[there]
    total = float(squares.sum()) + USUAL_COUNT * USUAL_NOISE**2
    return float(np.sqrt(total / (squares.size + USUAL_COUNT)))


def growth_of(area: F64, seen: Bools, years: F64, *, noise: float, level: float) -> Growth:
    """Return the growth of each mine per year while it was there.

    Parameters
    ----------
    area : (period, mine) float64
        Areas [px].
    seen : (period, mine) bool
        Whether a mine was observed in a period.
    years : (period,) float64
        Middles of the periods [a].
    noise : float
        See `area_noise`.
    level : float
        Level of the interval, 0 ... 1.

    Returns
    -------
    Growth
        By least squares over the observed periods from the last one before a mine was there to
        the first one after it; NaN with fewer than two.
    """
    used = seen & _while_there(seen & (area > 0), seen)
    weight = used.astype(np.float64)
    count = weight.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (weight * years[:, None]).sum(axis=0) / count
        away = weight * (years[:, None] - middle)
        spread = (away**2).sum(axis=0)
        slope = np.where(count >= 2, (away * area).sum(axis=0) / spread, np.nan)
        # A mine that is not there yet has no outline to flip, yet the smallest may be missed.
        variance = noise**2 * np.maximum(area, 1.0)
        error = np.sqrt((away**2 * variance).sum(axis=0)) / spread
    reach = norm.ppf(0.5 + level / 2) * error
    return Growth(slope, slope - reach, slope + reach)


def _while_there(there: Bools, seen: Bools) -> Bools:
    """Return the periods from just before a mine was there to just after it."""
    n = len(there)
    order = np.arange(n)[:, None]
    first = np.where(there.any(axis=0), there.argmax(axis=0), n)
    last = np.where(there.any(axis=0), n - 1 - there[::-1].argmax(axis=0), -1)
    earlier = np.where(seen & (order < first), order, -1).max(axis=0)
    later = np.where(seen & (order > last), order, n).min(axis=0)
    return np.asarray((order >= earlier) & (order <= later) & there.any(axis=0), np.bool_)
