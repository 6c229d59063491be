"""Bands and indices against the ground round them: haze, sun and weather taken out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError
from minecover.core.kernels import pixels
from minecover.core.landsat import THERMAL
from minecover.features.indices import INDICES
from minecover.features.spectral import bands_of, on_bands
from minecover.features.windows import Windows


@dataclass(frozen=True, slots=True)
class Normalised:
    """What a pixel has more than the median of the window round it, date by date.

    A veil, a low sun or a wet week moves the whole window; a mine moves itself.

    Parameters
    ----------
    planes : sequence of str
        Bands or indices. Names are ``B7_over``, in the plane's own unit, or ``B7_z``.
    by_deviation : bool
        Divide by the window's median absolute deviation (dimensionless).
    windows : Windows
    """

    planes: tuple[str, ...]
    by_deviation: bool
    windows: Windows

    @property
    def names(self) -> tuple[str, ...]:
        """``<plane>_over``, or ``<plane>_z`` by deviation."""
        kind = "z" if self.by_deviation else "over"
        return tuple(f"{plane}_{kind}" for plane in self.planes)

    @property
    def bands(self) -> tuple[str, ...]:
        """What the planes take."""
        return bands_of(self.planes)

    @property
    def reach_px(self) -> int:
        """As far as the windows look."""
        return self.windows.reach_px

    def only(self, names: Collection[str]) -> Normalised:
        """Leave bands and indices out."""
        named = zip(self.planes, self.names, strict=True)
        return replace(self, planes=tuple(plane for plane, name in named if name in names))

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Subtract each date's window medians of valid pixels."""
        values = hidden(on_bands(cube, self.planes), valid)
        if not self.by_deviation:
            return over_windows(self.windows, values, values, cube)
        median, deviation = self.windows.medians(values, cube.grid)
        over = values - median
        scaled = np.full(over.shape, np.nan, np.float32)
        np.divide(over, deviation, out=scaled, where=deviation > 0)
        return scaled


@dataclass(frozen=True, slots=True)
class Warmth:
    """Brightness temperature less the median of the vegetated pixels round it [K].

    Bare rock heats in the sun and leaves do not: the difference is free of weather, season and
    altitude, which make an absolute temperature tell the date and the site.

    Parameters
    ----------
    thermal : sequence of str
        Thermal bands. Names are ``B10_warmth``.
    ndvi_above : float
        A pixel greener than this is vegetated.
    windows : Windows
    """

    thermal: tuple[str, ...]
    ndvi_above: float
    windows: Windows

    def __post_init__(self) -> None:
        """Refuse bands that measure no temperature."""
        if not set(self.thermal) <= set(THERMAL):
            raise ConfigError(
                f"Warmth.thermal are some of {', '.join(THERMAL)}, "
                f"found {', '.join(self.thermal)}. Fix the feature set in conf/table."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """``B10_warmth`` ..."""
        return tuple(f"{band}_warmth" for band in self.thermal)

    @property
    def bands(self) -> tuple[str, ...]:
        """The thermal bands, and what NDVI takes."""
        return (*self.thermal, *INDICES["ndvi"].bands)

    @property
    def reach_px(self) -> int:
        """As far as the windows look."""
        return self.windows.reach_px

    def only(self, names: Collection[str]) -> Warmth:
        """Leave thermal bands out."""
        named = zip(self.thermal, self.names, strict=True)
        return replace(self, thermal=tuple(band for band, name in named if name in names))

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Subtract each date's window median of valid vegetated pixels."""
        kelvin = hidden(cube.values(*self.thermal), valid)
        nir, red = (cube.values(band)[:, 0] for band in INDICES["ndvi"].bands)
        with np.errstate(invalid="ignore"):
            green = INDICES["ndvi"].formula(nir, red) > self.ndvi_above
        forest = hidden(kelvin.copy(order="K"), green)
        return over_windows(self.windows, kelvin, forest, cube)


def over_windows(windows: Windows, values: F32, reference: F32, cube: Cube) -> F32:
    """Give (time, plane, row, col) values over the windows' medians of a reference."""
    # As they lie in memory: plane after plane.
    over = windows.over(values.swapaxes(0, 1), reference.swapaxes(0, 1), cube.grid)
    return over.swapaxes(0, 1)


def hidden(values: F32, valid: NDArray[np.bool_]) -> F32:
    """Put NaN into the invalid observations of fresh (time, plane, row, col) values."""
    pixels.hide(values.swapaxes(0, 1), np.ascontiguousarray(valid))
    return values
