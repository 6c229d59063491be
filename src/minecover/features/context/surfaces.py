"""Surfaces: something with a value everywhere, e.g. elevation, read onto any grid."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.raster import Method, read_band, read_grid


class Surface(Hashable, Protocol):
    """Anything that has a value everywhere; frozen, so that equal ones are read once."""

    def __call__(self, grid: Grid) -> F32:
        """Read the surface onto a grid, (row, col), NaN where it is not known.

        A pixel's value is the same on every grid that holds the pixel.
        """
        ...


@dataclass(frozen=True, slots=True)
class RasterFile:
    """A surface from rasters of one band that GDAL reads.

    Parameters
    ----------
    path : str
        A file, or a folder of tiles (``*.tif``), of which the first by name wins where several
        have data. What is not known must be tagged as nodata in them.
    resampling : {"nearest", "bilinear", "average"}
        How pixels of another lattice are brought onto the grid.
    """

    path: str
    resampling: Method

    def __post_init__(self) -> None:
        """Refuse an unknown way of resampling."""
        if self.resampling not in ("nearest", "bilinear", "average"):
            raise ConfigError(
                "resampling is nearest, bilinear or average, "
                f"found {self.resampling!r} for {self.path}. Fix it in conf/context."
            )

    def __call__(self, grid: Grid) -> F32:
        """Read the window that the grid needs.

        Raises
        ------
        ConfigError
            If there is no such file, or no tile in the folder.
        SceneError
            If a file cannot be read.
        """
        values = np.full(grid.shape, np.nan, np.float32)
        for path in self._files():
            if not read_grid(path).overlaps(grid):
                continue
            tile = read_band(path, grid, resampling=self.resampling, fill=np.nan)
            values = np.where(np.isnan(values), tile, values).astype(np.float32)
        return values

    def _files(self) -> list[Path]:
        place = Path(self.path)
        files = sorted(place.glob("*.tif")) if place.is_dir() else [place]
        if not files or not files[0].exists():
            raise ConfigError(
                f"there is no raster at {self.path}. Correct its path (a file, or a folder of "
                "*.tif), or take the plane out of the configuration: its feature is then "
                "missing by name."
            )
        return files


@dataclass(frozen=True, slots=True)
class Filled:
    """A surface that leaves out what is not there, e.g. the water occurrence of dry land.

    Parameters
    ----------
    surface : Surface
        What is read.
    value : float
        What a place means that it leaves out: 0 for no water, never.
    """

    surface: Surface
    value: float

    def __call__(self, grid: Grid) -> F32:
        """Read the surface onto a grid, without NaN."""
        values = self.surface(grid)
        return np.where(np.isnan(values), np.float32(self.value), values).astype(np.float32)


@lru_cache(maxsize=4)
def patch(surface: Surface, grid: Grid, margin_px: int) -> F32:
    """Read a surface onto a grid with a margin; planes of one site share the reading."""
    values = surface(grid.grown(margin_px))
    values.setflags(write=False)
    return values
