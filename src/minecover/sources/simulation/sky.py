"""Clouds, shadows, thin veils and haze, and faults of whole scenes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from minecover.sources.simulation.acquisition_days import Sun
from minecover.sources.simulation.parameters import Weather
from minecover.sources.simulation.spectra import CLOUD, PATH
from minecover.sources.simulation.streams import F64, random_field

#: Correlation lengths [pixels].
CLOUD_PX, PUFF_PX, HAZE_PX, VEIL_PX = (4.0, 14.0), 2.5, 20.0, 10.0
#: Reflectance that thick cloud adds in B9, and probability of each value.
CLOUD_B9, CLOUD_B9_ODDS = (0.002, 0.01, 0.03), (0.6, 0.3, 0.1)
#: Share of the light that a full shadow removes, and by how much it cools [K].
SHADOW_DIMS, SHADOW_COOLS_K = 0.55, 3.0


class Fault(Enum):
    """Fault of a whole scene."""

    NONE = "none"
    STRIPES = "stripes"
    GAIN = "gain"
    HAZE = "haze"


@dataclass(frozen=True, slots=True)
class Sky:
    """Atmosphere on one date.

    Parameters
    ----------
    cloud, veil : (row, col) float64
        Opacity of clouds and of thin veils, 0 ... 1.
    puffs : (row, col) float64
        Small-scale structure of the clouds, a field of mean 0 and standard deviation 1.
    shadow : (row, col) float64
        Opacity of the cloud that shades a pixel, 0 ... 1.
    haze : (row, col) float64
        Optical depth in addition to clean air.
    b9 : (row, col) float64
        Reflectance that clouds add in B9.
    cloud_cools_k : float
        Difference in temperature between forest and clouds [K].
    """

    cloud: F64
    puffs: F64
    veil: F64
    shadow: F64
    haze: F64
    b9: F64
    cloud_cools_k: float

    @property
    def opacity(self) -> F64:
        """Share of the signal from cloud or veil, (row, col)."""
        return 1.0 - (1.0 - self.cloud) * (1.0 - self.veil)

    def through_haze(self, ground: F64) -> F64:
        """Return reflectance of the ground (band, row, col) seen through shadow and haze."""
        light = (1.0 - SHADOW_DIMS * self.shadow) * (1.0 - 1.5 * self.haze)
        return ground * light + PATH[:, None, None] * (1.6 * self.haze)

    def with_clouds(self, reflectance: F64) -> F64:
        """Return reflectance of B1 ... B9 (band, row, col) with veil and cloud added."""
        opacity = self.opacity
        white = CLOUD[:, None, None] * (1.0 + 0.08 * self.puffs)
        covered = reflectance * (1.0 - opacity) + white * opacity
        covered[8] = reflectance[8] + self.b9
        return covered

    def clouded_kelvin(self, kelvin: F64, forest_k: float) -> F64:
        """Return brightness temperature (row, col) [K] with shadow, veil and cloud added."""
        ground = (kelvin - SHADOW_COOLS_K * self.shadow) * (1.0 - self.cloud)
        return ground + self.cloud * (forest_k - self.cloud_cools_k) - 6.0 * self.veil


def draw_sky(
    rng: np.random.Generator, shape: tuple[int, int], weather: Weather, sun: Sun
) -> Sky:
    """Return a random sky of a date."""
    cover = weather.cloud_max
    while cover >= weather.cloud_max:
        cover = rng.beta(weather.cloud_alpha, weather.cloud_beta)
    puffs = random_field(rng, shape, PUFF_PX)
    field = 0.75 * random_field(rng, shape, rng.uniform(*CLOUD_PX)) + 0.45 * puffs
    optical = np.maximum(field - np.quantile(field, 1.0 - cover), 0.0) * rng.uniform(0.6, 3.0)
    cloud = 1.0 - np.exp(-optical)
    has_veil = rng.random() < weather.veil_dates
    thickness = has_veil * weather.veil * rng.gamma(1.5)
    veil = np.clip(thickness * (1.0 + 0.7 * random_field(rng, shape, VEIL_PX)), 0.0, 0.6)
    depth = abs(rng.normal(0.0, weather.haze_sd))
    haze = np.clip(depth * (1.0 + 0.5 * random_field(rng, shape, HAZE_PX)), 0.0, 0.5)
    b9 = cloud * rng.choice(CLOUD_B9, p=CLOUD_B9_ODDS) + 0.05 * veil * rng.uniform(0.2, 1.0)
    # Rows run southward, so that away from a northern sun is down.
    away = np.sign([sun.north, -sun.east]).astype(int) * rng.integers(3, 13, 2)
    shadow = np.roll(cloud, (int(away[0]), int(away[1])), axis=(0, 1))
    return Sky(cloud, puffs, veil, shadow, haze, b9, float(rng.uniform(8.0, 28.0)))


def draw_fault(rng: np.random.Generator, weather: Weather) -> tuple[Fault, bool]:
    """Return a random fault of a scene, and whether its quality band reports it."""
    is_bad = rng.random() < weather.bad_scenes
    is_flagged = rng.random() < weather.bad_flagged
    fault = (Fault.STRIPES, Fault.GAIN, Fault.HAZE)[rng.integers(3)]
    return (fault if is_bad else Fault.NONE), bool(is_bad and is_flagged)


def apply_fault(
    rng: np.random.Generator, fault: Fault, reflectance: F64, kelvin: F64
) -> tuple[F64, F64]:
    """Return reflectance (B1 ... B9) and temperature (B10, B11) [K] with a fault applied."""
    if fault is Fault.STRIPES:
        stripes = 0.03 * rng.choice([-1.0, 1.0], reflectance.shape[2])
        is_hit = rng.random((reflectance.shape[0], 1, 1)) < 0.5
        return reflectance + is_hit * stripes, kelvin
    if fault is Fault.GAIN:
        return reflectance * rng.uniform(0.75, 1.35), kelvin + rng.normal(0.0, 6.0)
    if fault is Fault.HAZE:
        path = rng.uniform(0.02, 0.08) * PATH[:, None, None]
        return reflectance + path, kelvin - np.array([4.0, 5.0])[:, None, None]
    return reflectance, kelvin
