"""What is known around a mine: the dates on which it was seen, applicability, distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Data of a site or tile from which candidates are described; all without the halo.

    Parameters
    ----------
    grid : Grid
        Grid of the site, without halo.
    province : str
        Name of the province; empty if it is unknown.
    dates : tuple of date
        Acquisition dates of the scenes.
    valid : (time, row, col) bool
        Whether an observation is usable by the mask profile.
    looks_mined : (time, row, col) bool or None
        Whether a pixel looks like a mine on a date: its probability on that date reaches the
        threshold or, in the location design, it is bare ground (see
        `minecover.features.bare_ground`). None if the scenes lack the bands to tell.
    applicable : (row, col) float32
        1 inside the model's area of applicability, 0 where it extrapolates, NaN where never
        observed.
    planes : mapping of str to (row, col) float32
        Distances by name [m], as the context stage writes them. Layers that are not configured
        are missing.
    """

    grid: Grid
    province: str
    dates: tuple[date, ...]
    valid: NDArray[np.bool_]
    looks_mined: NDArray[np.bool_] | None
    applicable: F32
    planes: Mapping[str, F32]
