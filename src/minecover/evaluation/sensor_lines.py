"""Lines between the reflectance of two sensors over the same ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

#: Pixels that lie farther from the line than so many of its robust standard deviations are
#: clouds, shadows and fields that changed; the line is drawn so often without them.
OUTLIER, ROUNDS = 3.0, 5
#: Standard deviation of a normal distribution per median absolute deviation.
PER_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class SensorLine:
    """A line between two sensors in one band: ``like = slope * sensor + offset``.

    Parameters
    ----------
    slope, offset : float
        By reduced major axis.
    slope_ols, offset_ols : float
        By least squares, which is nearer to flat the noisier the sensors are.
    difference : float
        Median of the difference between both sensors before, ``like - sensor``.
    left : float
        Robust standard deviation around the line.
    n : int
        Number of pixels.
    """

    slope: float
    offset: float
    slope_ols: float
    offset_ols: float
    difference: float
    left: float
    n: int


def fit_line(sensor: F32, like: F32) -> SensorLine:
    """Return the line that turns one sensor's reflectance into another's.

    Parameters
    ----------
    sensor, like : (n,) float32
        Reflectance of the same pixels, of at least three that differ; NaN is left out.

    Returns
    -------
    SensorLine
        NaN with fewer pixels.

    References
    ----------
    Reduced major axis: Roy et al. (2016), Remote Sensing of Environment 185, 57-70, section 4.
    """
    seen = np.isfinite(sensor) & np.isfinite(like)
    x, y = sensor[seen].astype(np.float64), like[seen].astype(np.float64)
    kept = np.ones(len(x), np.bool_)
    if len(x) < 3 or not x.std() or not y.std():
        nan = float("nan")
        return SensorLine(nan, nan, nan, nan, nan, nan, len(x))
    for _ in range(ROUNDS):
        slope, offset = _reduced_major_axis(x[kept], y[kept])
        away = y - slope * x - offset
        left = PER_MAD * float(np.median(np.abs(away - np.median(away[kept]))))
        inside = np.abs(away) <= OUTLIER * left
        if inside.sum() < 3 or (inside == kept).all():
            break
        kept = inside
    x, y = x[kept], y[kept]
    slope, offset = _reduced_major_axis(x, y)
    ols = float(np.cov(x, y)[0, 1] / x.var(ddof=1))
    return SensorLine(
        slope,
        offset,
        ols,
        float(y.mean() - ols * x.mean()),
        float(np.median(y - x)),
        float(PER_MAD * np.median(np.abs(y - slope * x - offset))),
        len(x),
    )


def _reduced_major_axis(x: F64, y: F64) -> tuple[float, float]:
    """Return slope and offset."""
    slope = float(y.std() / x.std() * (np.sign(np.cov(x, y)[0, 1]) or 1))
    return slope, float(y.mean() - slope * x.mean())
