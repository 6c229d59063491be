"""What a satellite looks at when it passes over a ground: light, warmth and quality bits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from minecover.sources.simulation import sky
from minecover.sources.simulation.acquisition_days import Sun, dryness
from minecover.sources.simulation.daily_ground import (
    cover_of_day,
    draw_day,
    radiate,
    reflect,
    usual_forest_k,
)
from minecover.sources.simulation.ground import Ground
from minecover.sources.simulation.parameters import Parameters
from minecover.sources.simulation.sensor import Bits, blur, flag
from minecover.sources.simulation.spectra import CLEAN_AIR, PATH
from minecover.sources.simulation.streams import F64, Stream, generator


@dataclass(frozen=True, slots=True)
class View:
    """What arrives at the sensor on one date.

    `reflectance` is (9, row, col) for B1 ... B9, `kelvin` (2, row, col) for B10 and B11, `qa`
    the QA_PIXEL of Collection 2. `is_flagged` says that the whole scene is delivered empty.
    `rng` is the date's generator, from which the sensor's noise is drawn next.
    """

    reflectance: F64
    kelvin: F64
    qa: Bits
    is_flagged: bool
    rng: np.random.Generator


def look(p: Parameters, key: tuple[int, int], ground: Ground, day: date, sun: Sun) -> View:
    """Look at a ground through the sky of a day.

    Parameters
    ----------
    p : Parameters
        What the world is like.
    key : (int, int)
        The world's seed and the ground's number.
    ground : Ground
    day : date
    sun : Sun
        Where it stands.
    """
    usual_k = usual_forest_k(generator(*key, Stream.WEATHER), p.weather, ground.relief.mean_m)
    rng = generator(*key, Stream.WEATHER, day.toordinal())
    fault, is_flagged = sky.draw_fault(rng, p.weather)
    above = sky.draw_sky(rng, (ground.cover.shape[0], ground.cover.shape[1]), p.weather, sun)
    state = draw_day(rng, p.weather, dryness(day), usual_k)
    cover = cover_of_day(rng, ground, p.weather, state.dryness)

    surface = blur(reflect(ground, cover, state, sun), p.sensor.reflective_psf_px)
    clean_air = (CLEAN_AIR * PATH)[:, None, None]
    reflectance = above.cover(above.dim(surface) + clean_air)
    surface_k = blur(radiate(ground, cover, state, sun), p.sensor.thermal_psf_px)
    b10 = above.cool(surface_k, state.forest_k)
    b11 = b10 - (1.2 + 0.9 * state.moisture + 0.02 * (b10 - 295.0))
    reflectance, kelvin = sky.spoil(rng, fault, reflectance, np.stack([b10, b11]))

    qa = flag(rng, above, reflectance[8], ground.network.river > 0.5, p.sensor)
    return View(reflectance, kelvin, qa, is_flagged, rng)
