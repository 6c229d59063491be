"""Surfaces: continuous values such as elevation, read onto any grid."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError, SceneError
from minecover.core.grid import Grid
from minecover.core.raster import Band, Method, read_band, read_grid

#: Below the lowest land, and above all heights and shares: values that stand for "unknown".
LOWEST, HIGHEST = -1000.0, 1e6


class Surface(Hashable, Protocol):
    """Anything with a value everywhere; hashable, so that equal surfaces are read once."""

    def __call__(self, grid: Grid) -> F32:
        """Read the surface onto a grid, (row, col) float32, NaN where it is not known.

        A pixel's value is the same on every grid that holds the pixel.
        """
        ...


@dataclass(frozen=True, slots=True)
class RasterFile:
    """A surface from rasters of one band that GDAL reads.

    Parameters
    ----------
    path : str
        A file, or a folder of tiles (``*.tif``). Where several tiles have data, the first by
        name is used. Unknown pixels must be tagged as nodata.
    resampling : {"nearest", "bilinear", "average"}
        How pixels of another lattice are resampled onto the grid.
    """

    path: str
    resampling: Method

    def __post_init__(self) -> None:
        """Refuse an unknown resampling method."""
        if self.resampling not in ("nearest", "bilinear", "average"):
            raise ConfigError(
                "resampling must be nearest, bilinear or average, "
                f"found {self.resampling!r} for {self.path}. Fix it in conf/context."
            )

    def __call__(self, grid: Grid) -> F32:
        """Read the surface onto a grid, (row, col) float32, NaN where it is not known.

        Raises
        ------
        ConfigError
            If the file does not exist, or the folder holds no tile.
        SceneError
            If a file cannot be read.
        """
        values = np.full(grid.shape, np.nan, np.float32)
        for path in self._files():
            if not read_grid(path).overlaps(grid):
                continue
            tile = read_band(path, grid, resampling=self.resampling, fill=np.nan)
            _check_tagged(tile, path)
            values = np.where(np.isnan(values), tile, values).astype(np.float32)
        return values

    def _files(self) -> list[Path]:
        place = Path(self.path)
        files = sorted(place.glob("*.tif")) if place.is_dir() else [place]
        if not files or not files[0].exists():
            raise ConfigError(
                f"there is no raster at {self.path}. Correct its path (a file, or a folder of "
                "*.tif), or remove the plane from context.planes: its feature is then absent."
            )
        return files


def _check_tagged(tile: Band, path: Path) -> None:
    """Refuse values that stand for "unknown" and are not tagged so, such as -9999."""
    values = tile.astype(np.float64)
    wrong = values[(values < LOWEST) | (values > HIGHEST)]
    if wrong.size:
        raise SceneError(
            f"{path} holds {wrong[0]:g}, which is no height and no share: it seems to mark "
            "unknown pixels. Tag the file's value for them as nodata: gdal_edit.py -a_nodata "
            "-9999 ..."
        )


@dataclass(frozen=True, slots=True)
class FilledSurface:
    """A surface whose missing values have a meaning, e.g. water occurrence on dry land.

    Parameters
    ----------
    surface : Surface
        The surface to read.
    value : float
        Value in place of NaN, in the surface's unit, e.g. 0 where there never was water.
    """

    surface: Surface
    value: float

    def __call__(self, grid: Grid) -> F32:
        """Read the surface onto a grid, (row, col) float32, without NaN."""
        values = self.surface(grid)
        return np.where(np.isnan(values), np.float32(self.value), values).astype(np.float32)


@lru_cache(maxsize=4)
def read_with_margin(surface: Surface, grid: Grid, margin_px: int) -> F32:
    """Read a surface onto a grid with a margin; the last results are cached, read-only.

    Parameters
    ----------
    surface : Surface
        The surface to read.
    grid : Grid
        A site's grid, halo included.
    margin_px : int
        Width of the margin on every side [px].

    Returns
    -------
    (row + 2 margin_px, col + 2 margin_px) float32
        In the surface's unit; NaN where it is not known.
    """
    values = surface(grid.grown(margin_px))
    values.setflags(write=False)
    return values
