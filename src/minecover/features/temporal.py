"""Statistics of a location over its valid dates: a field turns green again, a mine does not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.features.date_series import DateSeries

#: The dates that `Ends` can take: methods of `DateSeries`.
ENDS = ("first", "last")


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles over dates, in each plane's own unit.

    Parameters
    ----------
    planes : sequence of str
        Names of observation planes.
    percent : sequence of int
        Quantiles, 0 ... 100. Names are ``ndvi_p10``.
    ranges : sequence of (int, int)
        Differences of two quantiles: ``[25, 75]`` is the interquartile range, ``ndvi_p25_p75``.
        Undefined where a location has fewer than two values.
    """

    planes: tuple[str, ...]
    percent: tuple[int, ...]
    ranges: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        """Refuse numbers outside 0 ... 100 and ranges that do not ascend."""
        quantiles = [*self.percent, *(edge for pair in self.ranges for edge in pair)]
        if not all(0 <= q <= 100 for q in quantiles) or any(a >= b for a, b in self.ranges):
            raise ConfigError(
                "Quantiles.percent must lie in 0 ... 100 and Quantiles.ranges ascend, "
                f"found {self.percent} and {self.ranges}. Fix conf/table/temporal.yaml."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: for each input, its quantiles and then its ranges."""
        return tuple(
            name
            for plane in self.planes
            for name in (
                *(f"{plane}_p{q}" for q in self.percent),
                *(f"{plane}_p{a}_p{b}" for a, b in self.ranges),
            )
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the planes whose values are used."""
        return tuple(self.planes)

    @property
    def context_planes(self) -> tuple[str, ...]:
        """No context plane."""
        return ()

    def reach_px(self, pixel_m: float) -> int:
        """0: a pixel depends on itself alone."""
        return 0

    def over_dates(self, series: DateSeries) -> F32:
        """Compute the quantiles and ranges, (name, row, col) float32 in each plane's unit."""
        planes: list[F32] = []
        for plane in self.planes:
            planes += [series.quantile(plane, q / 100) for q in self.percent]
            planes += [series.spread(plane, a / 100, b / 100) for a, b in self.ranges]
        return np.stack(planes)


@dataclass(frozen=True, slots=True)
class Shares:
    """Share of a location's valid dates on which a plane reaches a threshold.

    Parameters
    ----------
    at_least : mapping of str to float
        Thresholds by plane, in its unit. Names are ``mndwi_share``.
    """

    at_least: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: ``<plane>_share``."""
        return tuple(f"{plane}_share" for plane in self.at_least)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the planes whose values are used."""
        return tuple(self.at_least)

    @property
    def context_planes(self) -> tuple[str, ...]:
        """No context plane."""
        return ()

    def reach_px(self, pixel_m: float) -> int:
        """0: a pixel depends on itself alone."""
        return 0

    def over_dates(self, series: DateSeries) -> F32:
        """Compute the shares, (name, row, col) float32, 0 ... 1; NaN where no date has data."""
        shares = [series.share(plane, at_least=value) for plane, value in self.at_least.items()]
        return np.stack(shares)


@dataclass(frozen=True, slots=True)
class Ends:
    """Values on the first and on the last valid date of a location, or on one of them.

    For composites of two periods, of which the second saw what the first did not.

    Parameters
    ----------
    planes : sequence of str
        Names of observation planes. Names are ``ndvi_first`` and ``ndvi_last``.
    ends : sequence of {"first", "last"}
        The ends that are taken.
    """

    planes: tuple[str, ...]
    ends: tuple[str, ...] = ENDS

    def __post_init__(self) -> None:
        """Refuse what is no end."""
        if not self.ends or not set(self.ends) <= set(ENDS):
            raise ConfigError(
                f"Ends.ends must be some of {', '.join(ENDS)}, found {list(self.ends)}. Fix it "
                "in conf/table."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: all of one end after the other."""
        return tuple(f"{plane}_{end}" for end in self.ends for plane in self.planes)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the planes whose values are used."""
        return tuple(self.planes)

    @property
    def context_planes(self) -> tuple[str, ...]:
        """No context plane."""
        return ()

    def reach_px(self, pixel_m: float) -> int:
        """0: a pixel depends on itself alone."""
        return 0

    def over_dates(self, series: DateSeries) -> F32:
        """Return the values, (name, row, col) float32; NaN where no date has data."""
        return np.stack(
            [getattr(series, end)(plane) for end in self.ends for plane in self.planes]
        )


@dataclass(frozen=True, slots=True)
class DatesSeen:
    """Number of valid dates of a location: how far to trust its other features."""

    @property
    def names(self) -> tuple[str, ...]:
        """``dates_seen``."""
        return ("dates_seen",)

    @property
    def inputs(self) -> tuple[str, ...]:
        """No observation plane: the valid dates are enough."""
        return ()

    @property
    def context_planes(self) -> tuple[str, ...]:
        """No context plane."""
        return ()

    def reach_px(self, pixel_m: float) -> int:
        """0: a pixel depends on itself alone."""
        return 0

    def over_dates(self, series: DateSeries) -> F32:
        """Return the number of valid dates, (1, row, col) float32."""
        return series.n_valid[None].astype(np.float32)
