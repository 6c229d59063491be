"""Landsat: scaling of digital numbers to reflectance and temperature."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Bits = NDArray[np.uint16]

#: Reflectance = DN * 2e-5 - 0.1, before the sun correction (every Landsat 8/9 Level-1 MTL).
TOA_SCALE, TOA_OFFSET = 2.0e-5, -0.1
#: Kelvin = DN * 0.00341802 + 149: USGS's scaling of ST_B10, used for every temperature.
KELVIN_SCALE, KELVIN_OFFSET = 0.00341802, 149.0

#: Mean solar irradiance of the bands at the top of the atmosphere [W m-2 um-1], for old files
#: that hold radiance alone. Chander et al. (2009), Remote Sens. Environ. 113, 893-903, table 3.
SOLAR_IRRADIANCE: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "landsat-4": {
            "blue": 1983.0,
            "green": 1795.0,
            "red": 1539.0,
            "nir08": 1028.0,
            "swir16": 219.8,
            "swir22": 83.49,
        },
        "landsat-5": {
            "blue": 1983.0,
            "green": 1796.0,
            "red": 1536.0,
            "nir08": 1031.0,
            "swir16": 220.0,
            "swir22": 83.44,
        },
        "landsat-7": {
            "blue": 1997.0,
            "green": 1812.0,
            "red": 1533.0,
            "nir08": 1039.0,
            "swir16": 230.8,
            "swir22": 84.90,
            "pan": 1362.0,
        },
    }
)
#: K1 [W m-2 sr-1 um-1] and K2 [K] of the thermal band, for files without them; table 7 there.
THERMAL_CONSTANTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "landsat-4": (671.62, 1284.30),
        "landsat-5": (607.76, 1260.56),
        "landsat-7": (666.09, 1282.71),
    }
)


def sun_distance_au(day: date) -> float:
    """Return the distance of the earth from the sun on a day [astronomical units].

    Good to 2e-4: an ellipse of eccentricity 0.01671 with its perihelion on day 4 of the year.
    """
    angle = 2 * math.pi * (day.timetuple().tm_yday - 4) / 365.256
    return 1 - 0.01671 * math.cos(angle)


def kelvin_dn(kelvin: F32) -> Bits:
    """Return temperatures as digital numbers in the scaling of USGS.

    The step is 3.4 mK, a thirtieth of the sensor's noise.

    Parameters
    ----------
    kelvin : float32 array
        Temperature [K], NaN where there is no data.

    Returns
    -------
    uint16 array
        Digital numbers 1 ... 65535, 0 where there is no data.
    """
    return encode(kelvin, KELVIN_SCALE, KELVIN_OFFSET)


def encode(values: F32, scale: float, offset: float) -> Bits:
    """Return physical values as digital numbers.

    Parameters
    ----------
    values : float32 array
        ``dn * scale + offset``; not finite where there is no data.
    scale, offset : float
        Scaling of the digital numbers.

    Returns
    -------
    uint16 array
        Digital numbers, clipped to 1 ... 65535; 0 (fill) where there is no data.
    """
    dn = np.rint((np.asarray(values, np.float64) - offset) / scale)
    return np.where(np.isfinite(dn), np.clip(dn, 1, 65535), 0).astype(np.uint16)


def brightness_temperature(dn: Bits, *, mult: float, add: float, k1: float, k2: float) -> F32:
    """Return the at-sensor brightness temperature of thermal digital numbers.

    Parameters
    ----------
    dn : uint16 array
        Level-1 digital numbers; 0 is fill.
    mult, add : float
        RADIANCE_MULT_BAND_n and RADIANCE_ADD_BAND_n of the MTL [W m-2 sr-1 um-1].
    k1, k2 : float
        K1_CONSTANT_BAND_n [W m-2 sr-1 um-1] and K2_CONSTANT_BAND_n [K] of the MTL.

    Returns
    -------
    float32 array
        ``K2 / ln(K1 / L + 1)`` [K] with ``L = mult * dn + add``; NaN for fill.

    References
    ----------
    USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5.3.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        radiance = dn.astype(np.float64) * mult + add
        kelvin = k2 / np.log(k1 / radiance + 1.0)
    return np.where(dn == 0, np.nan, kelvin).astype(np.float32)
