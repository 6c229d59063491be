"""Read a small sample of a raster, to see what kind of values it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster.opening import grid_of, opened

#: Windows per axis that are read of a file without overviews, and their side [px].
WINDOWS, SIDE_PX = 3, 64
#: Side of the image that is read if these hold no data [px].
OVERVIEW_PX = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some pixels of a raster with one band, and what its header says of them.

    Parameters
    ----------
    values : (n,) float64
        Pixels that have data, as stored.
    dtype : str
        Type of the pixels.
    scale, offset : float
        ``value = stored * scale + offset`` of GDAL's metadata; 1 and 0 where it has none.
    grid : Grid
        Grid of the raster.
    """

    values: NDArray[np.float64]
    dtype: str
    scale: float
    offset: float
    grid: Grid


def read_sample(path: Path) -> Sample:
    """Return a sample of a raster's pixels; 0, NaN and its own nodata count as no data.

    Raises
    ------
    SceneError
        If the file cannot be read, has several bands, or pixels that are not real numbers.
    """
    with opened(path) as source:
        check_single_band(source, path)
        values = _with_data(_spread(source), source.nodata)
        if not len(values):
            shape = (min(source.height, OVERVIEW_PX), min(source.width, OVERVIEW_PX))
            values = _with_data(source.read(1, out_shape=shape), source.nodata)
        return Sample(
            values=values,
            dtype=str(source.dtypes[0]),
            scale=float(source.scales[0]),
            offset=float(source.offsets[0]),
            grid=grid_of(source, path),
        )


def check_single_band(source: DatasetReader, path: Path | str) -> None:
    """Check that a raster has one band of real numbers."""
    if source.count != 1:
        raise SceneError(
            f"{path} must have one band, found {source.count}. Choose a single-band file."
        )
    if "complex" in source.dtypes[0]:
        raise SceneError(
            f"{path} must hold real numbers, found {source.dtypes[0]}. "
            "Use the file as delivered."
        )


def _spread(source: DatasetReader) -> NDArray[np.generic]:
    """Return pixels from all over a raster, of as few blocks of its file as possible."""
    rows, cols = source.shape
    if factors := source.overviews(1):
        shape = (max(rows // factors[-1], 1), max(cols // factors[-1], 1))
        return np.asarray(source.read(1, out_shape=shape))
    if max(rows, cols) <= WINDOWS * SIDE_PX:
        return np.asarray(source.read(1))
    starts = [
        [int((i + 0.5) / WINDOWS * max(n - SIDE_PX, 0)) for i in range(WINDOWS)]
        for n in (rows, cols)
    ]
    return np.concatenate(
        [
            source.read(1, window=_inside(left, top, source)).ravel()
            for top in starts[0]
            for left in starts[1]
        ]
    )


def _inside(left: int, top: int, source: DatasetReader) -> Window:
    return Window(
        left, top, min(SIDE_PX, source.width - left), min(SIDE_PX, source.height - top)
    )


def _with_data(pixels: NDArray[np.generic], nodata: float | None) -> NDArray[np.float64]:
    values: NDArray[np.float64] = pixels.ravel().astype(np.float64)
    has_data: NDArray[np.bool_] = np.isfinite(values) & (values != 0)
    kept: NDArray[np.float64] = values[has_data & (values != nodata)]
    return kept
