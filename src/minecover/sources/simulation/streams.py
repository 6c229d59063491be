"""Random numbers that depend on what is drawn for whom, never on the order of drawing."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

#: Double precision all through: single precision would leave digital numbers that differ by
#: one between processors with different vector units.
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Stream(IntEnum):
    """What is drawn of a ground; each has a generator of its own.

    None is 0: numpy seeds ``[7]``, ``[7, 0]`` and ``[7, 0, 0]`` alike.
    """

    WATER = 1
    RELIEF = 2
    COVER = 3
    MINES = 4
    TEXTURE = 5
    CALENDAR = 6
    WEATHER = 7


def generator(seed: int, ground_id: int, *key: int) -> np.random.Generator:
    """Start the generator of one stream of one ground (and of one day, if named)."""
    return np.random.default_rng([seed, ground_id, *key])


def random_field(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> F64:
    """Gaussian-filtered white noise of mean 0 and standard deviation 1.

    It wraps round at the edges, so that no place of the ground is special.
    """
    noise = gaussian_filter(rng.standard_normal(shape), sigma_px, mode="wrap", truncate=3.0)
    field: F64 = (noise - noise.mean()) / noise.std()
    return field


def highest(field: F64, share: float, among: Bools) -> Bools:
    """Mark the pixels of `among` whose field is in its highest `share` there."""
    if share <= 0 or not among.any():
        return np.zeros(field.shape, bool)
    cut = np.quantile(field[among], 1.0 - min(share, 1.0))
    marked: Bools = among & (field > cut)
    return marked
