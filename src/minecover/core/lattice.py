"""The lattices of Landsat's and Sentinel-2's pixels: where their edges lie."""

from __future__ import annotations

import math
from dataclasses import dataclass

from minecover.core.errors import ConfigError

#: Edges of pixels, as remainders of a coordinate by the pixel's side [m], by family and side.
#: Landsat's lie at 30 k + 15, since the corners in its MTL are pixel *centres*; Sentinel-2's at
#: multiples of 10 and 20. Pixels of 30 m on Sentinel-2's lattice are 3 x 3 of its pixels, five
#: metres from Landsat's. All count in the northern zone, in which the equator has northing 0;
#: 10,000,000 m, the false northing of the southern one, is no multiple of 30.
EDGES_M = {
    ("landsat", 30.0): 15.0,
    ("sentinel_2", 10.0): 0.0,
    ("sentinel_2", 20.0): 0.0,
    ("sentinel_2", 30.0): 20.0,
}


@dataclass(frozen=True, slots=True)
class Lattice:
    """Where the edges of pixels lie: fixed coordinates of every UTM zone.

    Sites of one place cover the same ground on every lattice: exactly with pixels of 10 and
    30 m of Sentinel-2, to 5 m a side on Landsat's, and to 10 m with pixels of 20 m.

    Parameters
    ----------
    family : {"landsat", "sentinel_2"}
        The satellites whose pixels are copied without resampling.
    pixel_m : float
        Side of a pixel [m]: 30 for Landsat, or 10, 20 or 30 for Sentinel-2.
    """

    family: str
    pixel_m: float

    def __post_init__(self) -> None:
        """Refuse a lattice that no satellite has."""
        if (self.family, float(self.pixel_m)) not in EDGES_M:
            known = ", ".join(f"{family} with {side:g} m" for family, side in EDGES_M)
            raise ConfigError(
                f"a lattice must be one of {known}; found {self.family} with "
                f"{self.pixel_m:g} m. Fix lattice.family and lattice.pixel_m."
            )

    @property
    def edge_m(self) -> float:
        """Remainder of the edges' coordinates by `pixel_m` [m]."""
        return EDGES_M[self.family, float(self.pixel_m)]

    def below(self, metres: float) -> float:
        """Return the nearest pixel edge at or below a coordinate [m]."""
        return math.floor((metres - self.edge_m) / self.pixel_m) * self.pixel_m + self.edge_m

    def nearest(self, metres: float) -> float:
        """Return the pixel edge nearest to a coordinate, of two the upper one [m]."""
        return self.below(metres + self.pixel_m / 2)

    def count(self, side_m: float, key: str) -> int:
        """Return the number of pixels of a length [m].

        Parameters
        ----------
        side_m : float
            The length.
        key : str
            Configuration key of the length, for the error.

        Raises
        ------
        ConfigError
            If it is no whole number of pixels.
        """
        n = side_m / self.pixel_m
        if n != round(n):
            raise ConfigError(
                f"{key} must be a multiple of the pixel size, {self.pixel_m:g} m, found "
                f"{side_m:g} m. Fix {key} or lattice.pixel_m."
            )
        return round(n)


LANDSAT = Lattice("landsat", 30.0)
