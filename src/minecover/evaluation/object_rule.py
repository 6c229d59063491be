"""What counts as an object, and when an object finds a mine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minecover.core.errors import ConfigError
from minecover.core.lattice import LANDSAT, Lattice


@dataclass(frozen=True, slots=True)
class ObjectRule:
    """What counts as an object, and when an object finds a mine.

    Parameters
    ----------
    min_area_m2 : float
        Smallest object [m2], above 0; rounded to whole pixels, at least one.
    tolerance_m : float
        How far an object may lie from a mine that it finds, in both axes [m], rounded to whole
        pixels: labels are off by 30-60 m.
    f1_tolerance_px : sequence of int
        Distances at which the tolerant F1 of the pixels is reported [pixels].
    false_per_100km2 : sequence of float
        Limits on the false objects per 100 km2 at which the mine recall is reported.
    lattice : Lattice
        The pixels of the sites.
    """

    min_area_m2: float
    tolerance_m: float
    f1_tolerance_px: Sequence[int]
    false_per_100km2: Sequence[float]
    lattice: Lattice = LANDSAT

    def __post_init__(self) -> None:
        """Refuse an object without pixels, and distances and rates below zero."""
        least = min(self.tolerance_m, *self.f1_tolerance_px, *self.false_per_100km2, 0)
        if self.min_area_m2 <= 0 or least < 0:
            raise ConfigError(
                "ObjectRule needs min_area_m2 above 0 and no tolerance or rate below 0, found "
                f"{self}. Fix metrics.objects in conf/config.yaml."
            )

    @property
    def pixel_km2(self) -> float:
        """Area of a pixel [km2]."""
        return self.lattice.pixel_m**2 / 1e6

    @property
    def min_px(self) -> int:
        """Smallest object [px]."""
        return max(1, round(self.min_area_m2 / self.lattice.pixel_m**2))

    @property
    def tolerance_px(self) -> int:
        """How far an object may lie from a mine that it finds [px]."""
        return round(self.tolerance_m / self.lattice.pixel_m)

    @property
    def gap_px(self) -> int:
        """Rows between two stacked sites [pixels], so that no distance reaches across."""
        return max(self.tolerance_px, *self.f1_tolerance_px, 1)
