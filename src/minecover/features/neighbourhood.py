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
OF_DATES = ("median", "first", "last")


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
    of : {"median", "first", "last"}
        The value over dates: the median, or that of the first or of the last valid date, whose
        names are ``swir22_first_mean90m``.
    """

    planes: tuple[str, ...]
    sizes_m: tuple[int, ...]
    least_share: float | None = None
    of: str = "median"

    def __post_init__(self) -> None:
        """Refuse squares without a centre, and a share that no square can have."""
        _check_sizes(self.sizes_m)
        if self.least_share is not None and not 0 < self.least_share <= 1:
            raise ConfigError(
                "least_share must be above 0 and at most 1, or null, found "
                f"{self.least_share:g}. Fix the feature set in conf/table."
            )
        if self.of not in OF_DATES:
            raise ConfigError(
                f"of must be one of {', '.join(OF_DATES)}, found {self.of}. Fix the feature "
                "set in conf/table."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: for each size, all means and then all standard deviations."""
        of = "" if self.of == "median" else f"_{self.of}"
        return tuple(
            f"{plane}{of}_{kind}{size}m"
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
        if self.least_share is not None:
            too_few = squares.data_shares(values, sizes_px) < np.float32(self.least_share)
            both[np.broadcast_to(too_few[:, None], both.shape)] = np.nan
        return both.reshape(-1, *values.shape[1:])


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


def _check_sizes(sizes_m: Sequence[int]) -> None:
    if not sizes_m or min(sizes_m) <= 0 or list(sizes_m) != sorted(set(sizes_m)):
        raise ConfigError(
            f"sizes_m must be above 0 and ascending, found {list(sizes_m)}. "
            "Fix conf/table/neighbourhood.yaml."
        )
