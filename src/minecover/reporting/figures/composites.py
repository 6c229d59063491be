"""Colour composites: bands stretched to colours, and grey where nothing was observed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube

#: Colour of pixels that were not observed; no colour scale here contains it.
NOT_OBSERVED_COLOUR = "#c9c9c9"
#: Percentiles of a band that are stretched to 0 and 1 [%].
STRETCH_PERCENTILES = (1.0, 99.0)
#: Exponent that brightens dark pixels, as most forest is.
GAMMA = 0.75
TRUE_COLOUR = ("red", "green", "blue")


def stretch_bands(
    cube: Cube, time: int, bands: tuple[str, str, str], valid: NDArray[np.bool_]
) -> F32:
    """Return a colour composite of three bands of one date, with a contrast stretch.

    Parameters
    ----------
    cube : Cube
        Scenes of a site, with the halo.
    time : int
        Index of the date in `cube.dates`.
    bands : tuple of three str
        Bands shown as red, green and blue.
    valid : (row, col) or (time, row, col) bool
        Pixels whose percentiles define the stretch, without the halo: clouds would darken the
        ground. Those of all dates give every date the same stretch.

    Returns
    -------
    (row, col, 3) float32
        Colours of 0 ... 1, without the halo; NaN where there is no data. Each band is
        stretched separately: top-of-atmosphere reflectance would otherwise look blue.
    """
    planes = cube.core(cube.values(*bands)).swapaxes(0, 1)
    stretched = [
        stretch_band(band, valid)[time] if valid.ndim > 2 else stretch_band(band[time], valid)
        for band in planes
    ]
    return np.stack(stretched, axis=-1)


def stretch_band(plane: F32, valid: NDArray[np.bool_]) -> F32:
    """Stretch one band to 0 ... 1 between percentiles of its valid pixels.

    Parameters
    ----------
    plane : (..., row, col) float32
        Values of a band; NaN where there is no data.
    valid : (..., row, col) bool
        Pixels whose percentiles define the stretch.

    Returns
    -------
    (..., row, col) float32
        0 ... 1; NaN where there is no data.
    """
    # NumPy computes in double precision with scalars of its own.
    low, high = map(np.float64, stretch_limits(plane[valid]))
    return stretched(plane, low, high)


def stretch_limits(values: F32) -> tuple[float, float]:
    """Return the values that are shown as 0 and 1: `STRETCH_PERCENTILES` of finite values."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, STRETCH_PERCENTILES)
    return float(low), float(high)


def stretched(values: F32, low: float, high: float) -> F32:
    """Return values between two limits as 0 ... 1, with dark ones brightened; NaN stays."""
    linear = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    brightened: F32 = np.power(linear, GAMMA, dtype=np.float32)
    return brightened


def infrared_bands(bands: Sequence[str]) -> tuple[str, str, str]:
    """Return the bands of an infrared composite, in which bare ground and water stand out.

    Parameters
    ----------
    bands : sequence of str
        Bands of the cube.

    Returns
    -------
    tuple of three str
        Bands to show as red, green and blue: swir22-nir08-red, or swir16 for want of swir22.
    """
    return ("swir22", "nir08", "red") if "swir22" in bands else ("swir16", "nir08", "red")


def fill_missing(colours: F32) -> F32:
    """Return colours with the pixels that were not observed in grey.

    Parameters
    ----------
    colours : (row, col, 3) float32
        Colours of 0 ... 1; NaN where not observed.

    Returns
    -------
    (row, col, 3) float32
        Colours of 0 ... 1 without NaN.
    """
    code = NOT_OBSERVED_COLOUR
    grey = np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
    seen = np.isfinite(colours).all(axis=-1, keepdims=True)
    return np.where(seen, colours, grey)
