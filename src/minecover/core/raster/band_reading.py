"""Read the band of a file onto a grid, copying pixels wherever that is possible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.core.grid import Grid
from minecover.core.hemispheres import named_as
from minecover.core.raster.aligned import read_area_mean, read_nested
from minecover.core.raster.one_band import OneBand
from minecover.core.raster.opening import opened
from minecover.core.raster.resampling import Method, resampled
from minecover.core.raster.sampling import check_single_band

#: A band, (row, col), of the dtype of its file.
Band = NDArray[np.generic]


def read_band(
    path: Path,
    grid: Grid,
    *,
    resampling: Method,
    fill: float = 0,
    saturated: int | None = None,
    number: int | None = None,
) -> Band:
    """Return a band of a file on a grid.

    Where CRS and pixels agree, all methods copy the pixels; EPSG:327zz and EPSG:326zz are one
    CRS with other northings. ``"average"`` and ``"adaptive"`` take the mean of smaller pixels,
    weighted by the area that they share with a pixel of the grid. Landsat's 15 m pan pixels,
    which share their centres with the 30 m pixels and are therefore not nested in them, get the
    weights [1/4, 1/2, 1/4] in rows and columns; the mean of 2 x 2 pixels would shift the image
    by 7.5 m.

    Parameters
    ----------
    path : Path
        A raster file that GDAL can read.
    grid : Grid
        Grid of the result, which may lie outside of the file.
    resampling : {"nearest", "bilinear", "average", "adaptive"}
        Resampling method; use nearest for bit fields. Adaptive: the mean of smaller pixels; a
        copy of the larger pixel in which one of the grid lies; otherwise bilinear.
    fill : float
        Value that means "no data" in the file (besides its own nodata and the pixels that its
        own mask hides) and in the result.
    saturated : int or None
        Value that means "saturated": a pixel to which such a pixel contributes has it, too.
    number : int or None
        Number of the band, from 1; None for the only one of the file.

    Returns
    -------
    (row, col) array
        Of the dtype of the file; float32 if `fill` is NaN.

    Raises
    ------
    SceneError
        If the file is missing, truncated, not a raster, without CRS, or has several bands
        and none was named.
    """
    with opened(path) as file:
        if number is None:
            check_single_band(file, path)
        band = OneBand(file, number or 1)
        return read_on_grid(band, grid, resampling, fill=fill, saturated=saturated)


def read_on_grid(
    source: OneBand, grid: Grid, resampling: Method, *, fill: float, saturated: int | None
) -> Band:
    """Return a band of an open file on a grid, see `read_band`."""
    grid = named_as(grid, source.crs.to_string())
    dtype = np.dtype(np.float32 if np.isnan(fill) else source.dtype)
    if not np.isnan(fill):
        copy = _copied(source, grid, resampling, fill, saturated)
        if copy is not None:
            return copy
    target = resampled(source, grid, resampling, fill, saturated)
    if np.issubdtype(dtype, np.integer):
        target = np.rint(target)
    return np.where(np.isnan(target), fill, target).astype(dtype)


def _copied(
    source: OneBand, grid: Grid, resampling: Method, fill: float, saturated: int | None
) -> Band | None:
    """Return copied or averaged pixels; None if values between pixels are needed."""
    if resampling in ("average", "adaptive"):
        mean = read_area_mean(source, grid, fill, saturated)
        if mean is not None:
            return mean
    is_larger_allowed = resampling in ("nearest", "adaptive")
    return read_nested(source, grid, fill, is_larger_allowed=is_larger_allowed)
