"""State of the ground on a date: season, fallow fields, fires, moisture, illumination."""

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

#: Least reflectance of a pixel in a river valley, where colours vary most, as a share of the
#: mean of its cover.
DARKEST = 0.2
#: Decrease of temperature with height [K/m].
LAPSE_K_PER_M, LAPSE_FOREST_K_PER_M = 0.0065, 0.0055


@dataclass(frozen=True, slots=True)
class Day:
    """State of a ground on one date.

    Parameters
    ----------
    dryness : float
        Dryness by season, 0 ... 1.
    moisture : float
        Moisture of the soil, 0 ... 1.
    warming : float
        Factor on the difference in temperature between open ground and forest.
    forest_k : float
        Temperature of the forest [K].
    """

    dryness: float
    moisture: float
    warming: float
    forest_k: float


def draw_day(
    rng: np.random.Generator, weather: Weather, dryness: float, forest_k: float
) -> Day:
    """Return random moisture and warmth of a date; `forest_k` is the usual temperature [K]."""
    moisture = float(np.clip(rng.normal(0.5 - 0.3 * dryness, 0.25), 0.0, 1.0))
    warming = float(np.clip(rng.normal(1.0 - 0.4 * moisture, 0.25), 0.25, 1.6))
    offset = rng.normal(0.0, weather.date_sd_k) + dryness
    return Day(dryness, moisture, warming, forest_k + float(offset))


def usual_forest_k(rng: np.random.Generator, weather: Weather, altitude_m: float) -> float:
    """Return a random usual temperature of the forest of a ground [K]."""
    lapse = LAPSE_FOREST_K_PER_M * (altitude_m - 1000.0)
    return float(weather.forest_k - lapse + rng.normal(0.0, weather.site_sd_k))


def cover_of_day(
    rng: np.random.Generator, ground: Ground, weather: Weather, dryness: float
) -> Covers:
    """Return the `Cover` of each pixel, (row, col), with random fallow fields and fires."""
    cover = ground.cover.copy()
    share = weather.fallow_wet + weather.fallow_dry * dryness
    is_fallow = rng.random(ground.n_fields) < share
    cover[(cover == Cover.CROP) & is_fallow[ground.fields]] = Cover.FALLOW
    if rng.random() < weather.burnt_dry * dryness:
        cover[ground.burns_where & (cover == Cover.SAVANNA)] = Cover.BURNT
    return cover


def reflect(ground: Ground, cover: Covers, day: Day, sun: Sun) -> F64:
    """Return the reflectance of B1 ... B9 without the atmosphere, (band, row, col)."""
    means = REFLECTANCE - CLEAN_AIR * PATH
    means[list(VEGETATION)] *= 1.0 + 0.12 * (day.dryness - 0.5) * DROUGHT
    means[list(SOIL)] *= 1.0 - 0.25 * day.moisture
    deviation = 1.0 + SPREAD[cover] * ground.texture
    if ground.valley is not None:
        means *= ground.valley.tint
        deviation = np.maximum(deviation, DARKEST)
    planes = means.T[:, cover] * deviation
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
    """Return the brightness temperature of the ground at 11 um, (row, col) [K]."""
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
