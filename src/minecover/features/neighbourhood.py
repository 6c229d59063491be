"""The ground next to a location: mean and spread, and water beside bare ground."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.kernels import squares
from minecover.features.date_series import DateSeries


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Mean and standard deviation of date medians in squares around a location.

    Pits, heaps and ponds make a mine uneven where a field is even.

    Parameters
    ----------
    planes : sequence of str
        Names of observation planes.
    sizes_px : sequence of int
        Odd sides of the squares, ascending [px]: 3 is 90 m. Names are ``B7_mean3`` and
        ``B7_sd3``, in the plane's unit.
    """

    planes: tuple[str, ...]
    sizes_px: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse squares without a centre."""
        _check_sizes(self.sizes_px)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: for each size, all means and then all standard deviations."""
        return tuple(
            f"{plane}_{kind}{size}"
            for size in self.sizes_px
            for kind in ("mean", "sd")
            for plane in self.planes
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the planes whose medians are used."""
        return tuple(self.planes)

    @property
    def context_planes(self) -> tuple[str, ...]:
        """No context plane."""
        return ()

    @property
    def reach_px(self) -> int:
        """Half of the largest square [px]."""
        return max(self.sizes_px) // 2

    def over_dates(self, series: DateSeries) -> F32:
        """Compute mean and standard deviation of each square, (name, row, col) float32.

        Locations without data are left out; NaN where a square holds none with data.
        """
        medians = np.stack([series.median(plane) for plane in self.planes])
        return squares.means_and_sds(medians, self.sizes_px).reshape(-1, *medians.shape[1:])


@dataclass(frozen=True, slots=True)
class WaterByBareGround:
    """Shares of water and of bare ground, and the lesser of both, in squares around a location.

    An alluvial mine looks like ponds in bare ground; a lake or a field has only one of the two.

    Parameters
    ----------
    sizes_px : sequence of int
        Odd sides of the squares, ascending [px].
    mndwi_above : float
        Median MNDWI above which a location is water.
    ndvi_below : float
        Median NDVI below which dry ground is bare.
    """

    sizes_px: tuple[int, ...]
    mndwi_above: float
    ndvi_below: float

    def __post_init__(self) -> None:
        """Refuse squares without a centre."""
        _check_sizes(self.sizes_px)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: for each size, ``water5``, ``bare5`` and ``water_by_bare5``."""
        kinds = ("water", "bare", "water_by_bare")
        return tuple(f"{kind}{size}" for size in self.sizes_px for kind in kinds)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the planes whose medians are used: MNDWI and NDVI."""
        return ("mndwi", "ndvi")

    @property
    def context_planes(self) -> tuple[str, ...]:
        """No context plane."""
        return ()

    @property
    def reach_px(self) -> int:
        """Half of the largest square [px]."""
        return max(self.sizes_px) // 2

    def over_dates(self, series: DateSeries) -> F32:
        """Compute the shares in each square, (name, row, col) float32, 0 ... 1."""
        mndwi, ndvi = series.median("mndwi"), series.median("ndvi")
        seen = np.isfinite(mndwi) & np.isfinite(ndvi)
        with np.errstate(invalid="ignore"):
            is_water = mndwi > self.mndwi_above
            is_bare = (ndvi < self.ndvi_below) & ~is_water
        both = np.stack([is_water, is_bare]).astype(np.float32)
        both[:, ~seen] = np.nan
        shares = squares.means_and_sds(both, self.sizes_px)[:, 0]
        return np.concatenate(
            [[water, bare, np.minimum(water, bare)] for water, bare in shares]
        )


def _check_sizes(sizes_px: Sequence[int]) -> None:
    is_odd = all(size >= 3 and size % 2 == 1 for size in sizes_px)
    if not sizes_px or not is_odd or list(sizes_px) != sorted(set(sizes_px)):
        raise ConfigError(
            f"sizes_px must be odd, at least 3 and ascending, found {list(sizes_px)}. "
            "Fix conf/table/neighbourhood.yaml."
        )
