"""Annual embeddings of AlphaEarth Foundations: bands, days, and vectors of length 1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.sources.product import Scene

F64 = NDArray[np.float64]

#: Names of the 64 numbers of a vector; the single ones mean nothing by themselves.
BANDS = tuple(f"A{i:02d}" for i in range(64))
#: Side of a pixel, whose edges lie at multiples of it in the UTM zone of the image [m].
PIXEL_M = 10.0
#: Value of files where there is no data.
NODATA = -128


def day_of(year: int) -> date:
    """Return the date that stands for a year in a cube, its middle."""
    return date(year, 7, 1)


def decoded(stored: NDArray[np.int8]) -> F64:
    """Return the numbers that the bytes of a file stand for.

    Parameters
    ----------
    stored : int8 array
        Pixels of the files, `NODATA` where there is no data.

    Returns
    -------
    float64 array of the shape of `stored`
        ``sign(v) (v / 127.5)^2``; NaN where there is no data. The vectors of pixels have about
        the length 1, see `unit_vectors`.

    References
    ----------
    Brown et al. (2025), AlphaEarth Foundations, arXiv:2507.22291; description of the files of
    the Satellite Embedding dataset.
    """
    values = stored.astype(np.float64)
    numbers: F64 = np.sign(values) * (values / 127.5) ** 2
    return np.where(stored == NODATA, np.nan, numbers)


def unit_vectors(values: F64 | F32) -> F32:
    """Return the vectors of pixels at length 1, from which rounding and means take them.

    Parameters
    ----------
    values : (band, row, col) float array
        All bands of the vectors, NaN where there is no data.

    Returns
    -------
    (band, row, col) float32
        NaN where a band has no data, or the mean of vectors is 0.
    """
    exact = values.astype(np.float64)
    length = np.sqrt((exact**2).sum(axis=0))
    return (exact / np.where(length > 0, length, np.nan)).astype(np.float32)


def scene(name: str, day: date, vectors: F32, bands: Sequence[str]) -> Scene:
    """Return some bands of a year's vectors as a scene, which has no quality band.

    Parameters
    ----------
    name : str
        Name of the image.
    day : date
        See `day_of`.
    vectors : (band, row, col) float32
        All bands, at length 1.
    bands : sequence of str
        Bands to keep.
    """
    shape = vectors.shape[1:]
    return Scene(
        name=name,
        day=day,
        dn=vectors[[BANDS.index(band) for band in bands]],
        scale=np.ones(len(bands)),
        offset=np.zeros(len(bands)),
        qa=np.zeros(shape, np.uint16),
        saturated=np.zeros(shape, np.bool_),
        qa_layout="none",
    )


def check_bands(bands: Sequence[str]) -> None:
    """Refuse bands that embeddings do not have.

    Raises
    ------
    ConfigError
        Naming them.
    """
    unknown = [band for band in bands if band not in BANDS]
    if unknown or not bands or len(set(bands)) < len(bands):
        raise ConfigError(
            f"bands of embeddings must be some of {BANDS[0]} to {BANDS[-1]}, each once, found "
            f"{', '.join(unknown or bands) or 'none'}. Fix source.bands."
        )
