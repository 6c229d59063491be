"""Meandering rivers: distances from a bending line, and on which side of it bars lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from minecover.sources.simulation.streams import F64

#: Distance between two points of a line [pixels].
STEP_PX = 0.5
#: Length of a meander in widths of the river, for narrow and for wide ones; never less than so
#: many pixels. Leopold & Wolman (1960), Geol. Soc. Am. Bull. 71, found 7 to 15.
MEANDER_WIDTHS, SHORTEST_MEANDER_PX = (7.0, 15.0), 8.0
#: Largest angle between a meander and its valley [radians]; beyond 2.2 a river meets itself.
BENDS = (0.3, 1.6)


@dataclass(frozen=True, slots=True)
class Meander:
    """One river.

    Parameters
    ----------
    half_px : float
        Half its width [pixels].
    distance_px : (row, col) float64
        Distance of each pixel centre from its middle [pixels].
    inner : (row, col) float64
        How far a pixel lies on the inner side of a bend: 1 at the apex, 0 between two bends,
        -1 at the apex of the outer side.
    """

    half_px: float
    distance_px: F64
    inner: F64


def draw_meander(rng: np.random.Generator, shape: tuple[int, int], half_px: float) -> Meander:
    """Return a random river through a ground.

    Its direction is a sine of the length along it, which real rivers follow closely.

    Parameters
    ----------
    rng : Generator
        Source of random numbers.
    shape : (rows, cols)
        Shape of the ground.
    half_px : float
        Half the width of the river [pixels].

    References
    ----------
    Langbein & Leopold (1966), US Geological Survey Professional Paper 422-H.
    """
    axis, bend = rng.uniform(0.0, 2 * np.pi), rng.uniform(*BENDS)
    length = max(2 * half_px * rng.uniform(*MEANDER_WIDTHS), SHORTEST_MEANDER_PX)
    phase, slow_phase = rng.uniform(0.0, 2 * np.pi, 2)
    slow = rng.uniform(2.5, 5.0)
    through = rng.uniform(0.15, 0.85, 2) * shape
    # Long enough to leave the ground on both sides, however it bends.
    along = np.arange(-2.5 * max(shape), 2.5 * max(shape), STEP_PX)
    wave = 2 * np.pi * along / length + phase
    angle = axis + bend * np.sin(wave) + 0.35 * np.sin(wave / slow + slow_phase)
    x, y = (np.cumsum(part(angle)) * STEP_PX for part in (np.cos, np.sin))
    middle = along.size // 2
    # Rounded, since the last bit of a sine depends on the processor.
    points = np.column_stack([y - y[middle] + through[0], x - x[middle] + through[1]]).round(4)
    centres = np.indices(shape).reshape(2, -1).T + 0.5
    distance, nearest = cKDTree(points).query(centres)
    away = centres - points[nearest]
    # The direction turns to one side where the cosine of the wave is positive.
    side = np.sign(np.cos(angle)[nearest] * away[:, 0] - np.sin(angle)[nearest] * away[:, 1])
    inner = side * np.cos(wave)[nearest] * min(1.0, bend)
    return Meander(half_px, distance.reshape(shape), inner.reshape(shape))
