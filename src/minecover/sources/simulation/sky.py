"""Clouds, their shadows, veils, haze, and what goes wrong with whole scenes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from minecover.sources.simulation.acquisition_days import Sun
from minecover.sources.simulation.parameters import Weather
from minecover.sources.simulation.spectra import CLOUD, PATH
from minecover.sources.simulation.streams import F64, random_field

#: Correlation lengths [px].
CLOUD_PX, PUFF_PX, HAZE_PX, VEIL_PX = (4.0, 14.0), 2.5, 20.0, 10.0
#: What thick cloud adds in B9, and how often.
CLOUD_B9, CLOUD_B9_ODDS = (0.002, 0.01, 0.03), (0.6, 0.3, 0.1)
#: How much of the light a full shadow takes, and by how much it cools [K].
SHADOW_DIMS, SHADOW_COOLS_K = 0.55, 3.0


class Fault(Enum):
    """What can be wrong with a whole scene."""

    NONE = "none"
    STRIPES = "stripes"
    GAIN = "gain"
    HAZE = "haze"


@dataclass(frozen=True, slots=True)
class Sky:
    """What lies between ground and sensor on one date; planes are (row, col).

    `cloud` and `veil` are opacities, `shadow` the opacity of the cloud that shades a pixel,
    `haze` the optical depth beyond clean air, `b9` what clouds add there. `cloud_cools_k` is
    how much colder a cloud is than the forest.
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
        """Share of the signal that comes from cloud or veil."""
        return 1.0 - (1.0 - self.cloud) * (1.0 - self.veil)

    def dim(self, ground: F64) -> F64:
        """Look at the ground's own reflectance (band, row, col) through shadow and haze."""
        light = (1.0 - SHADOW_DIMS * self.shadow) * (1.0 - 1.5 * self.haze)
        return ground * light + PATH[:, None, None] * (1.6 * self.haze)

    def cover(self, reflectance: F64) -> F64:
        """Lay veil and cloud over the reflectance of B1 ... B9."""
        opacity = self.opacity
        white = CLOUD[:, None, None] * (1.0 + 0.08 * self.puffs)
        covered = reflectance * (1.0 - opacity) + white * opacity
        covered[8] = reflectance[8] + self.b9
        return covered

    def cool(self, kelvin: F64, forest_k: float) -> F64:
        """Lay shadow, veil and cloud over the brightness temperature."""
        ground = (kelvin - SHADOW_COOLS_K * self.shadow) * (1.0 - self.cloud)
        return ground + self.cloud * (forest_k - self.cloud_cools_k) - 6.0 * self.veil


def draw_sky(
    rng: np.random.Generator, shape: tuple[int, int], weather: Weather, sun: Sun
) -> Sky:
    """Draw the sky of a date."""
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
    # Rows run southward: away from a northern sun is down.
    away = np.sign([sun.north, -sun.east]).astype(int) * rng.integers(3, 13, 2)
    shadow = np.roll(cloud, (int(away[0]), int(away[1])), axis=(0, 1))
    return Sky(cloud, puffs, veil, shadow, haze, b9, float(rng.uniform(8.0, 28.0)))


def draw_fault(rng: np.random.Generator, weather: Weather) -> tuple[Fault, bool]:
    """Draw whether a scene is bad, and whether its quality band says so."""
    is_bad = rng.random() < weather.bad_scenes
    is_flagged = rng.random() < weather.bad_flagged
    fault = (Fault.STRIPES, Fault.GAIN, Fault.HAZE)[rng.integers(3)]
    return (fault if is_bad else Fault.NONE), bool(is_bad and is_flagged)


def spoil(
    rng: np.random.Generator, fault: Fault, reflectance: F64, kelvin: F64
) -> tuple[F64, F64]:
    """Apply a fault to the reflectance of B1 ... B9 and the temperature of B10 and B11."""
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
