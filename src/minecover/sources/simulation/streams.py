"""Independent random streams per ground and purpose, and random fields."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

#: Double precision, because with single precision digital numbers would differ by one between
#: processors with different vector units.
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Stream(IntEnum):
    """Purposes of random numbers; each has a generator of its own.

    No value is 0, because numpy treats the seeds ``[7]``, ``[7, 0]`` and ``[7, 0, 0]`` alike.
    """

    WATER = 1
    RELIEF = 2
    COVER = 3
    MINES = 4
    TEXTURE = 5
    CALENDAR = 6
    WEATHER = 7
    FINER = 8
    VALLEY = 9
    LIVES = 10
    SATELLITE = 11


def generator(seed: int, ground_id: int, *key: int) -> np.random.Generator:
    """Return the generator of a ground and `key`: the stream, and the day if needed."""
    return np.random.default_rng([seed, ground_id, *key])


def random_field(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> F64:
    """Return Gaussian-filtered white noise of mean 0 and standard deviation 1.

    The field is periodic, so that all pixels have the same distribution.

    Parameters
    ----------
    rng : Generator
        Source of random numbers.
    shape : (rows, cols)
        Shape of the field.
    sigma_px : float
        Standard deviation of the filter [pixels].

    Returns
    -------
    (row, col) float64
        The field.
    """
    noise = gaussian_filter(rng.standard_normal(shape), sigma_px, mode="wrap", truncate=3.0)
    field: F64 = (noise - noise.mean()) / noise.std()
    return field


def highest(field: F64, share: float, among: Bools) -> Bools:
    """Return which pixels of `among` have the highest values of a field, a `share` of them."""
    if share <= 0 or not among.any():
        return np.zeros(field.shape, bool)
    cut = np.quantile(field[among], 1.0 - min(share, 1.0))
    marked: Bools = among & (field > cut)
    return marked
