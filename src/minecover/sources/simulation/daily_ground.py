"""What the ground looks like on a date: season, fallow fields, fires, moisture, light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minecover.sources.simulation.acquisition_days import Sun
from minecover.sources.simulation.ground import Covers, Ground
from minecover.sources.simulation.parameters import Weather
from minecover.sources.simulation.spectra import (
    CLEAN_AIR,
    DROUGHT,
    PATH,
    REFLECTANCE,
    SOIL,
    SPREAD,
    VEGETATION,
    WARMTH_K,
    Cover,
)
from minecover.sources.simulation.streams import F64

#: Air cools with height [K/m].
LAPSE_K_PER_M, LAPSE_FOREST_K_PER_M = 0.0065, 0.0055


@dataclass(frozen=True, slots=True)
class Day:
    """The state of a ground on one date.

    `dryness` is 0 ... 1 by the calendar, `moisture` that of the soil, 0 ... 1; `warming` scales
    how much warmer open ground is than forest; `forest_k` is the forest's temperature.
    """

    dryness: float
    moisture: float
    warming: float
    forest_k: float


def draw_day(
    rng: np.random.Generator, weather: Weather, dryness: float, forest_k: float
) -> Day:
    """Draw moisture and warmth of a date; `forest_k` is the ground's usual temperature."""
    moisture = float(np.clip(rng.normal(0.5 - 0.3 * dryness, 0.25), 0.0, 1.0))
    warming = float(np.clip(rng.normal(1.0 - 0.4 * moisture, 0.25), 0.25, 1.6))
    offset = rng.normal(0.0, weather.date_sd_k) + dryness
    return Day(dryness, moisture, warming, forest_k + float(offset))


def usual_forest_k(rng: np.random.Generator, weather: Weather, altitude_m: float) -> float:
    """Draw the temperature of a ground's forest [K]."""
    lapse = LAPSE_FOREST_K_PER_M * (altitude_m - 1000.0)
    return float(weather.forest_k - lapse + rng.normal(0.0, weather.site_sd_k))


def cover_of_day(
    rng: np.random.Generator, ground: Ground, weather: Weather, dryness: float
) -> Covers:
    """Draw which fields lie fallow and what has burnt; gives a `Cover` a pixel."""
    cover = ground.cover.copy()
    share = weather.fallow_wet + weather.fallow_dry * dryness
    is_fallow = rng.random(ground.n_fields) < share
    cover[(cover == Cover.CROP) & is_fallow[ground.fields]] = Cover.FALLOW
    if rng.random() < weather.burnt_dry * dryness:
        cover[ground.burns_where & (cover == Cover.SAVANNA)] = Cover.BURNT
    return cover


def reflect(ground: Ground, cover: Covers, day: Day, sun: Sun) -> F64:
    """Reflectance of B1 ... B9 without the air, (band, row, col)."""
    means = REFLECTANCE - CLEAN_AIR * PATH
    means[list(VEGETATION)] *= 1.0 + 0.12 * (day.dryness - 0.5) * DROUGHT
    means[list(SOIL)] *= 1.0 - 0.25 * day.moisture
    planes = means.T[:, cover] * (1.0 + SPREAD[cover] * ground.texture)
    network = ground.network
    for share, kind in (
        (network.road, Cover.BARE),
        (network.tributary, _water(network.tributary_is_turbid)),
        (network.river, _water(network.river_is_turbid)),
    ):
        own = means[kind][:, None, None] * (1.0 + SPREAD[kind] * ground.texture)
        planes += share * (own - planes)
    shade = sun.shading(ground.relief.east, ground.relief.north)
    lit: F64 = planes * np.clip(shade, 0.3, 1.8) ** 0.7
    return lit


def radiate(ground: Ground, cover: Covers, day: Day, sun: Sun) -> F64:
    """Brightness temperature of the ground at 11 um [K], (row, col)."""
    warmth = WARMTH_K[cover] * (1.0 + SPREAD[cover] * ground.warmth)
    network = ground.network
    for share, kind in (
        (network.road, Cover.BARE),
        (network.tributary, _water(network.tributary_is_turbid)),
        (network.river, _water(network.river_is_turbid)),
    ):
        warmth += share * (WARMTH_K[kind] - warmth)
    shade = sun.shading(ground.relief.east, ground.relief.north)
    kelvin = day.forest_k + day.warming * warmth + 6.0 * (shade - 1.0)
    kelvin -= LAPSE_K_PER_M * (ground.relief.height_m - ground.relief.mean_m)
    return np.asarray(kelvin, np.float64)


def _water(is_turbid: bool) -> Cover:
    return Cover.TURBID_WATER if is_turbid else Cover.CLEAR_WATER
