"""Simulated sensor: blur, noise, digital numbers and quality bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_opening, gaussian_filter

from minecover.core import landsat
from minecover.sources.simulation.parameters import Sensor
from minecover.sources.simulation.sky import Sky
from minecover.sources.simulation.streams import F64, Bools, random_field

Bits = NDArray[np.uint16]

#: RADIANCE_MULT, RADIANCE_ADD, K1 and K2 of B10 and B11 in every Landsat 8 MTL.
THERMAL_CONSTANTS = (
    {"mult": 3.342e-4, "add": 0.1, "k1": 774.8853, "k2": 1321.0789},
    {"mult": 3.342e-4, "add": 0.1, "k1": 480.8883, "k2": 1201.1442},
)

#: Correlation length of the cloud detection threshold, and width of the dilation [pixels].
DETECTION_PX, DILATION_PX = 5.0, 3
#: Opacity of the cloud from which its shadow is detected, and value of a standard normal field
#: above which it is missed (one shadow of five).
SHADOW_OPACITY, SHADOW_MISSED_ABOVE = 0.4, 0.8416
#: QA_PIXEL of clear land, all confidences low, and of a pixel without data.
CLEAR_LAND, FILL = 21824, 1
#: Bits of QA_PIXEL: flags, then confidences.
DILATED, CIRRUS, CLOUD, SHADOW, CLEAR, WATER = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 6, 1 << 7
CLOUD_LOW, CLOUD_MEDIUM, CLOUD_HIGH = 1 << 8, 2 << 8, 3 << 8
SHADOW_HIGH, CIRRUS_HIGH = 2 << 10, 2 << 14


@dataclass(frozen=True, slots=True)
class Exposure:
    """Digital numbers and quality bits of one overpass.

    Parameters
    ----------
    dn : (11, row, col) uint16
        Digital numbers of B1 ... B11; 0 is fill.
    scale, offset : (11,) float64
        Scaling to reflectance [1] and temperature [K].
    qa : (row, col) uint16
        QA_PIXEL of Collection 2.
    """

    dn: Bits
    scale: F64
    offset: F64
    qa: Bits


def blur(planes: F64, psf_px: float) -> F64:
    """Return planes (..., row, col) blurred by a Gaussian point spread function [pixels]."""
    width = (0.0,) * (planes.ndim - 2) + (psf_px, psf_px)
    blurred: F64 = gaussian_filter(planes, width, mode="nearest", truncate=3.0)
    return blurred


def expose(
    rng: np.random.Generator, reflectance: F64, kelvin: F64, sun_up: float, sensor: Sensor
) -> tuple[Bits, F64, F64]:
    """Return noisy digital numbers with temperatures instead of thermal radiance.

    Parameters
    ----------
    rng, reflectance, kelvin, sun_up, sensor
        See `count`.

    Returns
    -------
    dn : (11, row, col) uint16
        Digital numbers of B1 ... B11.
    scale, offset : (11,) float64
        Scaling to reflectance [1] and temperature [K].
    """
    dn = count(rng, reflectance, kelvin, sun_up, sensor)
    scale = np.full(11, landsat.KELVIN_SCALE)
    offset = np.full(11, landsat.KELVIN_OFFSET)
    scale[:9], offset[:9] = landsat.TOA_SCALE / sun_up, landsat.TOA_OFFSET / sun_up
    for k in range(2):
        dn[9 + k] = as_temperature(dn[9 + k], band=k)
    return dn, scale, offset


def count(
    rng: np.random.Generator, reflectance: F64, kelvin: F64, sun_up: float, sensor: Sensor
) -> Bits:
    """Return noisy digital numbers as in a Level-1 product.

    Parameters
    ----------
    rng : Generator
        Random stream of the date.
    reflectance : (9, row, col) float64
        Top-of-atmosphere reflectance of B1 ... B9.
    kelvin : (2, row, col) float64
        Brightness temperature of B10 and B11 [K].
    sun_up : float
        Sine of the sun's elevation, part of the scaling of B1 ... B9.
    sensor : Sensor
        Parameters of the noise.

    Returns
    -------
    (11, row, col) uint16
        Reflectance, and thermal radiance in steps of 3.342e-4 W m-2 sr-1 um-1, about 2.5 mK at
        300 K.
    """
    shape = reflectance.shape[1:]
    noisy = reflectance + sensor.reflectance_sd * rng.standard_normal(reflectance.shape)
    scale, offset = landsat.TOA_SCALE / sun_up, landsat.TOA_OFFSET / sun_up
    dn = np.empty((11, *shape), np.uint16)
    dn[:9] = np.clip(np.rint((noisy - offset) / scale), 1, 65535)
    for k, sd_k in enumerate((sensor.b10_sd_k, sensor.b11_sd_k)):
        dn[9 + k] = count_radiance(kelvin[k] + sd_k * rng.standard_normal(shape), band=k)
    return dn


def count_radiance(kelvin: F64, *, band: int) -> Bits:
    """Return digital numbers of the radiance at temperatures [K]; band 0 is B10, 1 is B11."""
    constants = THERMAL_CONSTANTS[band]
    radiance = constants["k1"] / (np.exp(constants["k2"] / kelvin) - 1.0)
    counts = np.rint((radiance - constants["add"]) / constants["mult"])
    return np.clip(counts, 1, 65535).astype(np.uint16)


def as_temperature(counts: Bits, *, band: int) -> Bits:
    """Return digital numbers of radiance re-encoded as temperatures, like all sources do."""
    kelvin = landsat.brightness_temperature(counts, **THERMAL_CONSTANTS[band])
    return landsat.kelvin_dn(kelvin)


def flag_quality(
    rng: np.random.Generator, sky: Sky, b9: F64, is_water: Bools, sensor: Sensor
) -> Bits:
    """Return quality bits of an imperfect cloud detection.

    Parameters
    ----------
    rng : Generator
        Random stream of the date.
    sky : Sky
        True clouds and shadows.
    b9 : (row, col) float64
        Reflectance of the cirrus band.
    is_water : (row, col) bool
        Where there is water.
    sensor : Sensor
        Thresholds of the detection.

    Returns
    -------
    (row, col) uint16
        QA_PIXEL of Collection 2.
    """
    variation = random_field(rng, (b9.shape[0], b9.shape[1]), DETECTION_PX)
    found = sensor.qa_opacity + sensor.qa_opacity_sd * variation
    is_cloud = binary_opening(sky.opacity > found)
    is_uncertain = (sky.opacity > 0.6 * found) & ~is_cloud
    is_dilated = binary_dilation(is_cloud, iterations=DILATION_PX) & ~is_cloud
    is_shadow = (sky.shadow > SHADOW_OPACITY) & (variation < SHADOW_MISSED_ABOVE) & ~is_cloud
    is_cirrus = b9 > sensor.qa_cirrus
    qa = np.full(b9.shape, CLEAR_LAND, np.uint16)
    qa[is_water & ~is_cloud] |= WATER
    qa[is_uncertain] ^= CLOUD_LOW | CLOUD_MEDIUM
    qa[is_cloud] |= CLOUD | CLOUD_HIGH
    qa[is_dilated] |= DILATED
    qa[is_shadow] |= SHADOW | SHADOW_HIGH
    qa[is_cirrus] |= CIRRUS | CIRRUS_HIGH
    qa[is_cloud | is_dilated] &= ~np.uint16(CLEAR)
    return qa
