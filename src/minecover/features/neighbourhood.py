"""The ground next to a location: mean and spread, and water beside bare ground.

Squares have a pixel in their centre: a side of 90 m is 3 pixels of 30 m, 9 of 10 m, and 5 of
20 m, the nearest odd number. Names state the side that was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import odd_px
from minecover.core.kernels import squares
from minecover.features.date_series import DateSeries

#: What `Neighbourhood` can take of the dates: methods of `DateSeries`.
OF_DATES = ("median", "first", "last", "change")


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Mean and standard deviation in squares around a location, of one value over dates.

    Pits, heaps and ponds make a mine uneven where a field is even.

    Parameters
    ----------
    planes : sequence of str
        Names of observation planes.
    sizes_m : sequence of int
        Sides of the squares, ascending [m]. Names are ``swir22_mean90m`` and
        ``swir22_sd90m``, in the plane's unit.
    least_share : float or None
        Least share of a square's pixels with data, above 0 and up to 1; the features are NaN
        with less. None requires none, but a halo that holds whole squares: chips have no halo,
        and need a share.
    of : {"median", "first", "last", "change"}
        The value over dates: the median, or that of the first or of the last valid date, or the
        last minus the first. Names are ``swir22_first_mean90m``.
    """

    planes: tuple[str, ...]
    sizes_m: tuple[int, ...]
    least_share: float | None = None
    of: str = "median"

    def __post_init__(self) -> None:
        """Refuse squares without a centre, and a share that no square can have."""
        _check_sizes(self.sizes_m)
        check_least_share(self.least_share)
        check_of_dates(self.of)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: for each size, all means and then all standard deviations."""
        return tuple(
            f"{name_of_dates(plane, self.of)}_{kind}{size}m"
            for size in self.sizes_m
            for kind in ("mean", "sd")
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
        """Return half of the largest square [px]."""
        return odd_px(max(self.sizes_m), pixel_m) // 2

    def over_dates(self, series: DateSeries) -> F32:
        """Compute mean and standard deviation of each square, (name, row, col) float32.

        Locations without data are left out; NaN where a square holds none with data, or less
        than `least_share`.
        """
        values = np.stack([getattr(series, self.of)(plane) for plane in self.planes])
        sizes_px = [odd_px(size, series.pixel_m) for size in self.sizes_m]
        both = squares.means_and_sds(values, sizes_px)
        return with_least_share(both, values, sizes_px, self.least_share).reshape(
            -1, *values.shape[1:]
        )


@dataclass(frozen=True, slots=True)
class WaterByBareGround:
    """Shares of water and of bare ground, and the lesser of both, in squares around a location.

    An alluvial mine looks like ponds in bare ground; a lake or a field has only one of the two.

    Parameters
    ----------
    sizes_m : sequence of int
        Sides of the squares, ascending [m].
    mndwi_above : float
        Median MNDWI above which a location is water.
    ndvi_below : float
        Median NDVI below which dry ground is bare.
    """

    sizes_m: tuple[int, ...]
    mndwi_above: float
    ndvi_below: float

    def __post_init__(self) -> None:
        """Refuse squares without a centre."""
        _check_sizes(self.sizes_m)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: for each size, ``water150m``, ``bare150m`` ...."""
        kinds = ("water", "bare", "water_by_bare")
        return tuple(f"{kind}{size}m" for size in self.sizes_m for kind in kinds)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the planes whose medians are used: MNDWI and NDVI."""
        return ("mndwi", "ndvi")

    @property
    def context_planes(self) -> tuple[str, ...]:
        """No context plane."""
        return ()

    def reach_px(self, pixel_m: float) -> int:
        """Return half of the largest square [px]."""
        return odd_px(max(self.sizes_m), pixel_m) // 2

    def over_dates(self, series: DateSeries) -> F32:
        """Compute the shares in each square, (name, row, col) float32, 0 ... 1."""
        mndwi, ndvi = series.median("mndwi"), series.median("ndvi")
        seen = np.isfinite(mndwi) & np.isfinite(ndvi)
        with np.errstate(invalid="ignore"):
            is_water = mndwi > self.mndwi_above
            is_bare = (ndvi < self.ndvi_below) & ~is_water
        both = np.stack([is_water, is_bare]).astype(np.float32)
        both[:, ~seen] = np.nan
        sizes_px = [odd_px(size, series.pixel_m) for size in self.sizes_m]
        shares = squares.means_and_sds(both, sizes_px)[:, 0]
        return np.concatenate(
            [[water, bare, np.minimum(water, bare)] for water, bare in shares]
        )


def with_least_share(
    found: F32, values: F32, sizes_px: Sequence[int], least_share: float | None
) -> F32:
    """Empty the statistics of squares of which too little has data.

    Parameters
    ----------
    found : (size, statistic, n, row, col) float32
        Is changed.
    values : (n, row, col) float32
        What they were computed from; NaN where there is no data.
    sizes_px : sequence of int
        Sides of the squares [px].
    least_share : float or None
        Least share of a square's pixels with data; None requires none.

    Returns
    -------
    (size, statistic, n, row, col) float32
    """
    if least_share is not None:
        too_few = squares.data_shares(values, sizes_px) < np.float32(least_share)
        found[np.broadcast_to(too_few[:, None], found.shape)] = np.nan
    return found


def name_of_dates(plane: str, of: str) -> str:
    """Return the name of a plane's value over dates, one of `OF_DATES`."""
    return plane if of == "median" else f"{plane}_{of}"


def check_least_share(least_share: float | None) -> None:
    """Refuse a share that no square can have."""
    if least_share is not None and not 0 < least_share <= 1:
        raise ConfigError(
            "least_share must be above 0 and at most 1, or null, found "
            f"{least_share:g}. Fix the feature set in conf/table."
        )


def check_of_dates(of: str) -> None:
    """Refuse a value over dates that is none of `OF_DATES`."""
    if of not in OF_DATES:
        raise ConfigError(
            f"of must be one of {', '.join(OF_DATES)}, found {of}. Fix the feature set in "
            "conf/table."
        )


def _check_sizes(sizes_m: Sequence[int]) -> None:
    if not sizes_m or min(sizes_m) <= 0 or list(sizes_m) != sorted(set(sizes_m)):
        raise ConfigError(
            f"sizes_m must be above 0 and ascending, found {list(sizes_m)}. "
            "Fix conf/table/neighbourhood.yaml."
        )
