"""Values of planes between the centres of pixels, and means over blocks of pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def sampled(values: F64, col: F64, row: F64, *, is_smooth: bool) -> F64:
    """Return the values of a raster at fractional pixel positions.

    At pixel centres both methods return the pixel itself. GDAL's warper is not used, because
    its kernel weights are rounded (half a digital number was measured) and depend on the window
    that is read, so that a map would depend on its tiling.

    Parameters
    ----------
    values : (rows, cols) float64
        NaN where there is no data.
    col, row : float64 arrays of one shape
        Positions [pixels]: 0 is the outer edge of the first pixel, 0.5 its centre.
    is_smooth : bool
        Whether to interpolate bilinearly between the pixels that have data, instead of taking
        the nearest pixel. Where the nearest pixel has no data the result is NaN either way.

    Returns
    -------
    float64 array of the shape of `col`
        NaN where there is no data and outside of the raster.
    """
    padded = np.pad(values, 1, constant_values=np.nan)

    def pixel(r: F64, c: F64) -> F64:
        at = [
            np.clip(i + 1, 0, n - 1).astype(np.intp)
            for i, n in zip((r, c), padded.shape, strict=True)
        ]
        found: F64 = padded[at[0], at[1]]
        return found

    nearest = pixel(np.floor(row), np.floor(col))
    if not is_smooth:
        return nearest
    top, left = np.floor(row - 0.5), np.floor(col - 0.5)
    down, right = row - 0.5 - top, col - 0.5 - left
    total, weight = np.zeros(row.shape), np.zeros(row.shape)
    for r, share_r in ((top, 1 - down), (top + 1, down)):
        for c, share_c in ((left, 1 - right), (left + 1, right)):
            value = pixel(r, c)
            share = np.where(np.isfinite(value), share_r * share_c, 0.0)
            total += share * np.nan_to_num(value)
            weight += share
    mean = np.full(row.shape, np.nan)
    np.divide(total, weight, out=mean, where=np.isfinite(nearest))
    return mean


def block_mean(values: F64, n: int) -> F64:
    """Return the mean of each block of n x n values, ignoring NaN.

    Parameters
    ----------
    values : (rows, cols) float64
        Rows and columns are multiples of `n`.
    n : int
        Side of a block [pixels].

    Returns
    -------
    (rows / n, cols / n) float64
        NaN where a block has no data.
    """
    rows, cols = values.shape
    blocks = values.reshape(rows // n, n, cols // n, n)
    seen = np.isfinite(blocks).sum(axis=(1, 3))
    mean = np.full(seen.shape, np.nan)
    np.divide(np.nansum(blocks, axis=(1, 3)), seen, out=mean, where=seen > 0)
    return mean
