"""How rough the ground around a location is: differences between pixels, by their distance.

Pits, heaps and ponds change within some tens of metres; a river bar or a slide changes at its
edge alone. Distances and squares are the nearest whole numbers of pixels; names state what was
asked for.
"""

from dataclasses import dataclass

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import odd_px
from minecover.core.kernels import squares
from minecover.features.date_series import DateSeries
from minecover.features.neighbourhood import (
    check_least_share,
    check_of_dates,
    name_of_dates,
    with_least_share,
)


@dataclass(frozen=True, slots=True)
class Roughness:
    """Mean absolute difference between pixels of a square that lie a distance apart.

    In rows and in columns; the mean over all pairs is a madogram.

    Parameters
    ----------
    planes : sequence of str
        Names of observation planes.
    apart_m : sequence of int
        Distances, ascending [m]; at least a pixel is taken.
    size_m : int
        Side of the square [m]. Names are ``swir22_last_rough20m_450m``, in the plane's unit.
    least_share : float or None
        As in `minecover.features.neighbourhood.Neighbourhood`.
    of : {"median", "first", "last", "change"}
        The value over dates, as there.

    References
    ----------
    Matheron (1989), Estimating and Choosing, Springer: variograms of order 1.
    """

    planes: tuple[str, ...]
    apart_m: tuple[int, ...]
    size_m: int
    least_share: float | None = None
    of: str = "median"

    def __post_init__(self) -> None:
        """Refuse distances that are none, and a share that no square can have."""
        ascending = sorted(set(self.apart_m))
        if not ascending or ascending[0] <= 0 or list(self.apart_m) != ascending:
            raise ConfigError(
                f"apart_m must be above 0 and ascending, found {list(self.apart_m)}. Fix the "
                "feature set in conf/table."
            )
        if self.size_m <= 0:
            raise ConfigError(
                f"size_m must be above 0, found {self.size_m}. Fix the feature set in "
                "conf/table."
            )
        check_least_share(self.least_share)
        check_of_dates(self.of)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: for each distance, all of them."""
        return tuple(
            f"{name_of_dates(plane, self.of)}_rough{apart}m_{self.size_m}m"
            for apart in self.apart_m
            for plane in self.planes
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the planes whose values over dates are used."""
        return tuple(self.planes)

    @property
    def context_planes(self) -> tuple[str, ...]:
        """No context plane."""
        return ()

    def reach_px(self, pixel_m: float) -> int:
        """Return half of the square and the largest distance [px]."""
        return odd_px(self.size_m, pixel_m) // 2 + _apart_px(self.apart_m[-1], pixel_m)

    def over_dates(self, series: DateSeries) -> F32:
        """Compute the differences in each square, (name, row, col) float32.

        Pairs of which a pixel has no data are left out; NaN where a square holds no pair, or
        data on less than `least_share` of it.
        """
        values = np.stack([getattr(series, self.of)(plane) for plane in self.planes])
        size_px = [odd_px(self.size_m, series.pixel_m)]
        apart_px = [_apart_px(apart, series.pixel_m) for apart in self.apart_m]
        apart = [differences(values, px) for px in apart_px]
        means = np.stack([squares.means_and_sds(one, size_px)[0, 0] for one in apart])
        kept = with_least_share(means[None], values, size_px, self.least_share)
        return kept.reshape(-1, *values.shape[1:])


def differences(values: F32, apart_px: int) -> F32:
    """Return the mean absolute difference of each pixel to its neighbours at a distance.

    Parameters
    ----------
    values : (n, row, col) float32
        NaN where there is no data.
    apart_px : int
        Distance of the four neighbours: above, below, left and right [px].

    Returns
    -------
    (n, row, col) float32
        NaN where the pixel has no data, or none of the neighbours has.
    """
    total = np.zeros(values.shape, np.float32)
    count = np.zeros(values.shape, np.float32)
    for axis in (1, 2):
        length = values.shape[axis]
        one, other = (
            tuple(part if k == axis else slice(None) for k in range(3))
            for part in (slice(apart_px, None), slice(None, max(0, length - apart_px)))
        )
        apart = np.abs(values[one] - values[other])
        known = np.isfinite(apart)
        for side in (one, other):
            total[side] += np.where(known, apart, np.float32(0))
            count[side] += known
    mean = np.full(values.shape, np.nan, np.float32)
    return np.divide(total, count, out=mean, where=count > 0)


def _apart_px(apart_m: float, pixel_m: float) -> int:
    """Return the number of pixels nearest to a distance, at least one."""
    return max(1, round(apart_m / pixel_m))
