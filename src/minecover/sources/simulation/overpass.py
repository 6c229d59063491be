"""Reflectance, temperature and quality bits at the sensor during an overpass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from minecover.sources.simulation import sky
from minecover.sources.simulation.acquisition_days import Sun, dryness
from minecover.sources.simulation.daily_ground import (
    Day,
    cover_of_day,
    draw_day,
    radiate,
    reflect,
    usual_forest_k,
)
from minecover.sources.simulation.ground import Ground
from minecover.sources.simulation.parameters import Parameters
from minecover.sources.simulation.sensor import Bits, blur, flag_quality
from minecover.sources.simulation.sky import Fault, Sky
from minecover.sources.simulation.spectra import CLEAN_AIR, PATH
from minecover.sources.simulation.streams import F64, Stream, generator


@dataclass(frozen=True, slots=True)
class SensorView:
    """Signal at the sensor on one date.

    Parameters
    ----------
    reflectance : (9, row, col) float64
        Top-of-atmosphere reflectance of B1 ... B9.
    kelvin : (2, row, col) float64
        Brightness temperature of B10 and B11 [K].
    qa : (row, col) uint16
        QA_PIXEL of Collection 2.
    is_flagged : bool
        Whether the whole scene is delivered as fill.
    rng : Generator
        Random stream of the date, from which the sensor's noise is drawn next.
    """

    reflectance: F64
    kelvin: F64
    qa: Bits
    is_flagged: bool
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Overpass:
    """Weather of one date over a ground.

    Parameters
    ----------
    sky : Sky
        Clouds, shadows and haze on pixels of 30 m.
    state : Day
        Season, moisture and warmth.
    fault : Fault
        Fault of Landsat's whole scene.
    is_flagged : bool
        Whether its quality band reports the fault.
    rng : Generator
        Random stream of the date, from which fallow fields and fires are drawn next.
    """

    sky: Sky
    state: Day
    fault: Fault
    is_flagged: bool
    rng: np.random.Generator


def draw_overpass(
    p: Parameters, key: tuple[int, int], ground: Ground, day: date, sun: Sun
) -> Overpass:
    """Return the random weather of a date, see `simulate_view` for the parameters."""
    usual_k = usual_forest_k(generator(*key, Stream.WEATHER), p.weather, ground.relief.mean_m)
    rng = generator(*key, Stream.WEATHER, day.toordinal())
    fault, is_flagged = sky.draw_fault(rng, p.weather)
    above = sky.draw_sky(rng, (ground.cover.shape[0], ground.cover.shape[1]), p.weather, sun)
    state = draw_day(rng, p.weather, dryness(day), usual_k)
    return Overpass(above, state, fault, is_flagged, rng)


def simulate_view(
    p: Parameters, key: tuple[int, int], ground: Ground, day: date, sun: Sun
) -> SensorView:
    """Return the signal of a ground at the sensor on a day.

    Parameters
    ----------
    p : Parameters
        Parameters of the world.
    key : (int, int)
        Seed of the world and number of the ground.
    ground : Ground
        Permanent properties of the ground.
    day : date
        Day of the overpass.
    sun : Sun
        Direction of the sun.
    """
    drawn = draw_overpass(p, key, ground, day, sun)
    above, state, rng = drawn.sky, drawn.state, drawn.rng
    cover = cover_of_day(rng, ground, p.weather, state.dryness)
    surface = blur(reflect(ground, cover, state, sun), p.sensor.reflective_psf_px)
    clean_air = (CLEAN_AIR * PATH)[:, None, None]
    reflectance = above.with_clouds(above.through_haze(surface) + clean_air)
    surface_k = blur(radiate(ground, cover, state, sun), p.sensor.thermal_psf_px)
    b10 = above.clouded_kelvin(surface_k, state.forest_k)
    b11 = b10 - (1.2 + 0.9 * state.moisture + 0.02 * (b10 - 295.0))
    reflectance, kelvin = sky.apply_fault(rng, drawn.fault, reflectance, np.stack([b10, b11]))

    qa = flag_quality(rng, above, reflectance[8], ground.network.river > 0.5, p.sensor)
    return SensorView(reflectance, kelvin, qa, drawn.is_flagged, rng)
