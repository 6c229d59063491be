"""What a location does over its valid dates: a field is green again, a mine is not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.features.series import Series


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Quantiles over dates, in each plane's own unit.

    Parameters
    ----------
    planes : sequence of str
        Names of observation planes.
    percent : sequence of int
        Names are ``ndvi_p10``.
    ranges : sequence of (int, int)
        Differences of two quantiles: ``[25, 75]`` is the interquartile range, ``ndvi_p25_p75``.
    """

    planes: tuple[str, ...]
    percent: tuple[int, ...]
    ranges: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        """Refuse what is no quantile."""
        asked = [*self.percent, *(edge for pair in self.ranges for edge in pair)]
        if not all(0 <= q <= 100 for q in asked) or any(a >= b for a, b in self.ranges):
            raise ConfigError(
                f"Quantiles.percent lie in 0 ... 100 and ranges ascend, found {self.percent} "
                f"and {self.ranges}. Fix conf/table/temporal.yaml."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Plane by plane: first the quantiles, then the ranges."""
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
        """The planes themselves."""
        return tuple(self.planes)

    @property
    def surroundings(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def reach_px(self) -> int:
        """A pixel looks at itself."""
        return 0

    def over_dates(self, series: Series) -> F32:
        """Look the quantiles up."""
        wanted = sorted({*self.percent, *(edge for pair in self.ranges for edge in pair)})
        planes: list[F32] = []
        for plane in self.planes:
            at = {q: series.quantile(plane, q / 100) for q in wanted}
            planes += [at[q] for q in self.percent]
            planes += [at[b] - at[a] for a, b in self.ranges]
        return np.stack(planes)


@dataclass(frozen=True, slots=True)
class Shares:
    """Share of a location's valid dates on which a plane reaches a value.

    Parameters
    ----------
    at_least : mapping of str to float
        Value by plane. Names are ``mndwi_share``.
    """

    at_least: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """``<plane>_share``."""
        return tuple(f"{plane}_share" for plane in self.at_least)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The planes themselves."""
        return tuple(self.at_least)

    @property
    def surroundings(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def reach_px(self) -> int:
        """A pixel looks at itself."""
        return 0

    def over_dates(self, series: Series) -> F32:
        """Count."""
        shares = [series.share(plane, at_least=value) for plane, value in self.at_least.items()]
        return np.stack(shares)


@dataclass(frozen=True, slots=True)
class DatesSeen:
    """How many valid dates a location has: how far to trust all else."""

    @property
    def names(self) -> tuple[str, ...]:
        """``dates_seen``."""
        return ("dates_seen",)

    @property
    def inputs(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def surroundings(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def reach_px(self) -> int:
        """A pixel looks at itself."""
        return 0

    def over_dates(self, series: Series) -> F32:
        """Give the count."""
        return series.n_valid[None].astype(np.float32)
