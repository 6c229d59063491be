"""Simulated Sentinel-2: surface reflectance and scene classification of a pass, at 10 m."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_opening

from minecover.core.quality_bits import sentinel_2_quality
from minecover.core.sensors import MSI
from minecover.sources.simulation.acquisition_days import Sun
from minecover.sources.simulation.daily_ground import cover_of_day, reflect
from minecover.sources.simulation.finer import FINE_M, Finer, averaged
from minecover.sources.simulation.ground import Ground
from minecover.sources.simulation.overpass import Overpass
from minecover.sources.simulation.parameters import Parameters, Sensor
from minecover.sources.simulation.sensor import (
    DETECTION_PX,
    SHADOW_MISSED_ABOVE,
    SHADOW_OPACITY,
    Bits,
    blur,
)
from minecover.sources.simulation.sky import Sky
from minecover.sources.simulation.spectra import MSI_SHARES, OLI_BANDS
from minecover.sources.simulation.streams import F64, random_field

Number = TypeVar("Number", bound=np.generic)

#: Reflectance = DN * 1e-4 - 0.1: Level 2A since processing baseline 04.00.
SCALE, OFFSET = 1e-4, -0.1
#: Share of the haze that the atmospheric correction leaves, and noise of a pixel [1].
HAZE_LEFT, NOISE = 0.3, 0.001
#: Side of the pixels of the scene classification [pixels of 10 m].
CLASS_PX = 2
#: Classes of the scene classification.
SHADOW, VEGETATION, BARE, WATER, MEDIUM, HIGH, CIRRUS = 3, 4, 5, 6, 8, 9, 10
#: NDVI from which ground is called vegetation.
GREEN_NDVI = 0.4
#: How much less clear full shadow makes the Cloud Score+.
SHADOW_SCORE = 0.6


def take(
    p: Parameters,
    finer: Finer,
    ground: Ground,
    passed: Overpass,
    sun: Sun,
    bands: Sequence[str],
) -> tuple[NDArray[np.float64], Bits]:
    """Return what Sentinel-2 delivers of a plot on a day.

    Parameters
    ----------
    p : Parameters
        Parameters of the world.
    finer : Finer
        Pixels of 10 m.
    ground : Ground
        Permanent properties of the ground on them.
    passed : Overpass
        Weather of the day. Faults of whole scenes are Landsat's alone.
    sun : Sun
        Direction of the sun.
    bands : sequence of str
        Common names of surface bands.

    Returns
    -------
    dn : (band, row, col) float64
        Whole digital numbers of every pixel of 10 m; bands of 20 and 60 m are repeated.
    qa : (row, col) uint16
        Bits of the layout ``"s2"``, repeated from pixels of 20 m.
    """
    rng = passed.rng
    cover = cover_of_day(rng, ground, p.weather, passed.state.dryness)
    above = finer.sky(replace(passed.sky, haze=HAZE_LEFT * passed.sky.haze))
    surface = blur(reflect(ground, cover, passed.state, sun), p.sensor.reflective_psf_px)
    oli = dict(zip(OLI_BANDS, above.with_clouds(above.through_haze(surface)), strict=True))
    planes = {
        band: np.sum([share * oli[name] for name, share in MSI_SHARES[band].items()], axis=0)
        for band in MSI.surface
    }
    variation = random_field(rng, passed.sky.cloud.shape, DETECTION_PX)
    classes, score = classify(
        above,
        finer.smooth(variation),
        (planes["nir08"] - planes["red"]) / (planes["nir08"] + planes["red"]),
        ground.network.river,
        p.sensor,
    )
    dn = np.stack([_counted(rng, planes[band], _side_px(band)) for band in MSI.surface])
    qa = sentinel_2_quality(classes, score.astype(np.float32))
    return dn[[MSI.surface.index(band) for band in bands]], _repeated(qa, CLASS_PX)


def classify(
    above: Sky, variation: F64, ndvi: F64, river: F64, sensor: Sensor
) -> tuple[NDArray[np.uint8], F64]:
    """Return the scene classification of an imperfect cloud detection, and the Cloud Score+.

    Parameters
    ----------
    above : Sky
        True clouds and shadows on pixels of 10 m.
    variation, ndvi, river : (row, col) float64
        Spatial variation of the detection, vegetation, and the share of a pixel that the river
        covers, on these pixels.
    sensor : Sensor
        Thresholds of the detection, those of Landsat's quality band.

    Returns
    -------
    classes : (row / 2, col / 2) uint8
        Classes 3, 4, 5, 6, 8, 9 and 10 of pixels of 20 m.
    score : (row / 2, col / 2) float64
        From 0, cloud, to 1, clear.
    """
    opacity, shadow, b9, varied, green, wet = (
        averaged(field, CLASS_PX)
        for field in (above.opacity, above.shadow, above.b9, variation, ndvi, river)
    )
    found = sensor.qa_opacity + sensor.qa_opacity_sd * varied
    is_cloud = binary_opening(opacity > found)
    classes = np.where(green > GREEN_NDVI, VEGETATION, BARE).astype(np.uint8)
    classes[wet > 0.5] = WATER
    classes[(shadow > SHADOW_OPACITY) & (varied < SHADOW_MISSED_ABOVE)] = SHADOW
    classes[b9 > sensor.qa_cirrus] = CIRRUS
    classes[opacity > 0.6 * found] = MEDIUM
    classes[is_cloud] = HIGH
    score: F64 = np.clip((1.0 - opacity) * (1.0 - SHADOW_SCORE * shadow), 0.0, 1.0)
    return classes, score


def _side_px(band: str) -> int:
    """Return the side of a band's pixels [pixels of 10 m]."""
    return round(MSI.bands[band].pixel_m / FINE_M)


def _counted(rng: np.random.Generator, reflectance: F64, n: int) -> F64:
    """Return noisy digital numbers of pixels of n x n finer ones, repeated on these."""
    native = averaged(reflectance, n)
    noisy = native + NOISE * rng.standard_normal(native.shape)
    return _repeated(np.clip(np.rint((noisy - OFFSET) / SCALE), 1, 65535), n)


def _repeated(plane: NDArray[Number], n: int) -> NDArray[Number]:
    """Return a plane (row, col) with every pixel divided into n x n."""
    return plane.repeat(n, axis=0).repeat(n, axis=1)
