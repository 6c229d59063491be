"""Bands and indices relative to the ground around them: without haze, sun angle and weather."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError
from minecover.core.kernels import pixels
from minecover.core.sensors import THERMAL
from minecover.features.indices import INDICES
from minecover.features.spectral import bands_and_indices, input_bands
from minecover.features.windows import Windows


@dataclass(frozen=True, slots=True)
class Normalised:
    """Difference of a pixel from the median of the window around it, date by date.

    Haze, a low sun or a wet week changes the whole window; a mine changes its own pixels.

    Parameters
    ----------
    planes : sequence of str
        Bands or indices. Names are ``swir22_over``, in the plane's own unit, or ``swir22_z``.
    by_deviation : bool
        Whether to divide by the window's median absolute deviation (dimensionless ``_z``).
    windows : Windows
        Size and spacing of the windows.
    """

    planes: tuple[str, ...]
    by_deviation: bool
    windows: Windows

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: ``<plane>_over``, or ``<plane>_z`` with `by_deviation`."""
        kind = "z" if self.by_deviation else "over"
        return tuple(f"{plane}_{kind}" for plane in self.planes)

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands behind the planes."""
        return input_bands(self.planes)

    def reach_px(self, pixel_m: float) -> int:
        """Return the reach of the windows [px]."""
        return self.windows.reach_px(pixel_m)

    def only(self, names: Collection[str]) -> Normalised:
        """Return the feature set with the named planes alone."""
        named = zip(self.planes, self.names, strict=True)
        return replace(self, planes=tuple(plane for plane, name in named if name in names))

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Subtract each date's window medians of valid pixels.

        Returns
        -------
        (time, plane, row, col) float32
            NaN where the pixel is not valid or its windows hold too little data.
        """
        values = mask_invalid(bands_and_indices(cube, self.planes), valid)
        if not self.by_deviation:
            return minus_window_medians(self.windows, values, values, cube)
        median, deviation = self.windows.medians(values, cube.grid)
        over = values - median
        scaled = np.full(over.shape, np.nan, np.float32)
        np.divide(over, deviation, out=scaled, where=deviation > 0)
        return scaled


@dataclass(frozen=True, slots=True)
class Warmth:
    """Brightness temperature minus the median of the vegetated pixels around it [K].

    Bare rock heats in the sun and leaves do not. The difference is free of weather, season and
    altitude, by which an absolute temperature identifies the date and the site.

    Parameters
    ----------
    thermal : sequence of str
        Thermal bands. Names are ``lwir11_warmth``.
    ndvi_above : float
        NDVI above which a pixel is vegetated.
    windows : Windows
        Size and spacing of the windows.
    """

    thermal: tuple[str, ...]
    ndvi_above: float
    windows: Windows

    def __post_init__(self) -> None:
        """Refuse bands that are not thermal."""
        if not set(self.thermal) <= set(THERMAL):
            raise ConfigError(
                f"Warmth.thermal must be some of {', '.join(THERMAL)}, "
                f"found {', '.join(self.thermal)}. Fix the feature set in conf/table."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: ``<band>_warmth``."""
        return tuple(f"{band}_warmth" for band in self.thermal)

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the thermal bands and of the bands of NDVI."""
        return (*self.thermal, *INDICES["ndvi"].bands)

    def reach_px(self, pixel_m: float) -> int:
        """Return the reach of the windows [px]."""
        return self.windows.reach_px(pixel_m)

    def only(self, names: Collection[str]) -> Warmth:
        """Return the feature set with the named planes alone."""
        named = zip(self.thermal, self.names, strict=True)
        return replace(self, thermal=tuple(band for band, name in named if name in names))

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Subtract each date's window median of valid vegetated pixels.

        Returns
        -------
        (time, band, row, col) float32
            Kelvin; NaN where the pixel is not valid or its windows hold too little vegetation.
        """
        kelvin = mask_invalid(cube.values(*self.thermal), valid)
        nir, red = (cube.values(band)[:, 0] for band in INDICES["ndvi"].bands)
        with np.errstate(invalid="ignore"):
            green = INDICES["ndvi"].formula(nir, red) > self.ndvi_above
        forest = mask_invalid(kelvin.copy(order="K"), green)
        return minus_window_medians(self.windows, kelvin, forest, cube)


def minus_window_medians(windows: Windows, values: F32, reference: F32, cube: Cube) -> F32:
    """Return values minus the window medians of a reference, all (time, plane, row, col)."""
    # Plane after plane, as they lie in memory.
    over = windows.minus_medians(values.swapaxes(0, 1), reference.swapaxes(0, 1), cube.grid)
    return over.swapaxes(0, 1)


def mask_invalid(values: F32, valid: NDArray[np.bool_]) -> F32:
    """Write NaN into the invalid observations of (time, plane, row, col) values, in place."""
    pixels.mask_invalid(values.swapaxes(0, 1), np.ascontiguousarray(valid))
    return values
