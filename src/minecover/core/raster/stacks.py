"""Read all bands of a small raster at once, as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.core.grid import Grid
from minecover.core.hemispheres import northern
from minecover.core.raster.opening import grid_of, opened


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The bands of a file.

    Parameters
    ----------
    values : (band, row, col) array
        As stored, of the dtype of the file.
    names : tuple of str
        Descriptions of the bands, empty where there is none.
    scale, offset : (band,) float64
        ``value * scale + offset`` is the physical value; 1 and 0 where the file states none.
    nodata : float or None
        Value that means "no data" by the file.
    grid : Grid
        Grid of the bands; a southern UTM zone is expressed in the northern one.
    """

    values: NDArray[np.generic]
    names: tuple[str, ...]
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    nodata: float | None
    grid: Grid


def read_stack(path: Path) -> Stack:
    """Read all bands of a raster.

    Parameters
    ----------
    path : Path
        A raster file that GDAL can read.

    Raises
    ------
    SceneError
        If the file is missing, damaged, without georeference, or not north-up.
    """
    with opened(path) as source:
        return Stack(
            values=source.read(),
            names=tuple(name or "" for name in source.descriptions),
            scale=np.array(source.scales, np.float64),
            offset=np.array(source.offsets, np.float64),
            nodata=None if source.nodata is None else float(source.nodata),
            grid=northern(grid_of(source, path)),
        )
