"""Terrain from surfaces: value, slope, aspect, topographic position and elevation change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.interpolation import sampled
from minecover.features.context.surfaces import Surface, read_with_margin

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Value = TypeVar("Value", bound=np.generic)

#: Lattice on which the difference of two datums is estimated: side of a cell [px], and side of
#: a window [cells].
CELL_PX, WINDOW_CELLS = 32, 3
#: Margin around a grid that the planes need [px]; one for all, so that a surface is read once.
REACH_PX = 3 * CELL_PX
#: Least share of known pixels, of a window for its median and of a disc for its mean.
KNOWN_WINDOW, KNOWN_DISC = 0.25, 0.5


@dataclass(frozen=True, slots=True)
class SurfaceValue:
    """The value of a surface: elevation [m], water occurrence [%].

    Parameters
    ----------
    surface : Surface
        The surface to read.
    """

    surface: Surface

    def __call__(self, grid: Grid) -> F32:
        """Read the surface onto a grid, (row, col) float32; NaN where it is not known."""
        return inner(read_with_margin(self.surface, grid, REACH_PX), REACH_PX, grid)


@dataclass(frozen=True, slots=True)
class Slope:
    """Slope of the ground.

    Parameters
    ----------
    surface : Surface
        Elevation [m].
    """

    surface: Surface

    def __call__(self, grid: Grid) -> F32:
        """Compute the slope, (row, col) float32 in degrees; NaN beside unknown pixels."""
        east, north = _gradient(self.surface, grid)
        degrees = np.degrees(np.arctan(np.sqrt(east**2 + north**2)))
        # The last bits of an arc tangent depend on the processor, a raster must not.
        return degrees.round(4).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Northness:
    """How much the ground faces north: ``sin(slope) cos(aspect)``, 0 where it is flat.

    Aspect itself jumps from 360 to 0 degrees at north and does not exist on flat ground.

    Parameters
    ----------
    surface : Surface
        Elevation [m].

    References
    ----------
    Amatulli et al. (2018), Scientific Data 5, 180040, doi:10.1038/sdata.2018.40.
    """

    surface: Surface

    def __call__(self, grid: Grid) -> F32:
        """Compute -1 (a cliff facing south) ... 1 (facing north), (row, col) float32."""
        east, north = _gradient(self.surface, grid)
        return (-north / np.sqrt(1.0 + east**2 + north**2)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Eastness:
    """How much the ground faces east: ``sin(slope) sin(aspect)``, 0 where it is flat.

    Parameters
    ----------
    surface : Surface
        Elevation [m].

    References
    ----------
    Amatulli et al. (2018), Scientific Data 5, 180040, doi:10.1038/sdata.2018.40.
    """

    surface: Surface

    def __call__(self, grid: Grid) -> F32:
        """Compute -1 (a cliff facing west) ... 1 (facing east), (row, col) float32."""
        east, north = _gradient(self.surface, grid)
        return (-east / np.sqrt(1.0 + east**2 + north**2)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Position:
    """Topographic position index: elevation minus the mean elevation around.

    Parameters
    ----------
    surface : Surface
        Elevation [m].
    radius_m : float
        Radius of the disc whose mean is subtracted [m].

    References
    ----------
    Weiss (2001), Topographic position and landforms analysis, ESRI User Conference.
    """

    surface: Surface
    radius_m: float

    def __post_init__(self) -> None:
        """Refuse a radius that is not positive and finite."""
        if not 0 < self.radius_m < math.inf:
            raise ConfigError(
                f"radius_m must be a length above 0, found {self.radius_m}. "
                "Fix context.planes.*.radius_m."
            )

    def __call__(self, grid: Grid) -> F32:
        """Compute the height above the mean of the disc's known pixels.

        Returns
        -------
        (row, col) float32
            Metres; NaN where the pixel, or more than half of its disc, is not known.
        """
        width_m, height_m = grid.pixel_m
        margin = max(REACH_PX, math.ceil(self.radius_m / min(height_m, width_m)))
        wide = read_with_margin(self.surface, grid, margin)
        known = np.isfinite(wide)
        # Whole millimetres: sums of integers do not depend on where the grid begins.
        height_mm = np.rint(np.where(known, wide, 0.0).astype(np.float64) * 1000)
        spans = _spans(self.radius_m, height_m, width_m)
        total = _disc_sum(height_mm.astype(np.int64), spans, margin, grid)
        count = _disc_sum(known.astype(np.int64), spans, margin, grid)
        size = sum(2 * half + 1 for half in spans.values())
        is_known = inner(known, margin, grid) & (count >= KNOWN_DISC * size)
        mean_mm = np.divide(total, count, out=np.full(grid.shape, np.nan), where=is_known)
        above_mm = inner(height_mm, margin, grid) - mean_mm
        return np.asarray(above_mm / 1000, np.float32)


@dataclass(frozen=True, slots=True)
class ElevationChange:
    """Elevation in one model minus elevation in an earlier one, without their datum shift.

    The models' datums differ (EGM96 and EGM2008, by metres) and so do their errors over wide
    areas: the median difference in a window of 2.9 km is subtracted.

    Parameters
    ----------
    after, before : Surface
        Elevations [m], e.g. Copernicus of 2011 to 2015 and SRTM of February 2000.
    """

    after: Surface
    before: Surface

    def __call__(self, grid: Grid) -> F32:
        """Compute the change of elevation.

        The medians lie on an absolute lattice and are interpolated, so that a pixel's value
        does not depend on the grid.

        Returns
        -------
        (row, col) float32
            Metres, negative where the ground was dug. NaN where a model, or more than three
            quarters of the window, is not known.
        """
        wide = read_with_margin(self.after, grid, REACH_PX).astype(np.float64)
        wide = wide - read_with_margin(self.before, grid, REACH_PX)
        top, left, places = cells_under(grid)
        shift = sampled(_window_medians(wide[top:, left:]), *places, is_smooth=True)
        change = inner(wide, REACH_PX, grid) - shift
        return change.round(4).astype(np.float32)


def _gradient(surface: Surface, grid: Grid) -> tuple[F64, F64]:
    """Compute the gradient to the east and to the north, (row, col) [m/m], over 3 x 3 pixels.

    References
    ----------
    Horn (1981), Proceedings of the IEEE 69, 14-47, doi:10.1109/PROC.1981.11918.
    """
    width_m, height_m = grid.pixel_m
    wide = read_with_margin(surface, grid, REACH_PX).astype(np.float64)
    z = inner(wide, REACH_PX - 1, grid.grown(1))
    across = z[:, 2:] - z[:, :-2]
    east = (across[:-2] + 2 * across[1:-1] + across[2:]) / (8 * width_m)
    up = z[:-2] - z[2:]
    north = (up[:, :-2] + 2 * up[:, 1:-1] + up[:, 2:]) / (8 * height_m)
    return np.asarray(east), np.asarray(north)


def inner(wide: NDArray[Value], margin_px: int, grid: Grid) -> NDArray[Value]:
    """Remove the margin."""
    rows, cols = grid.shape
    return wide[margin_px : margin_px + rows, margin_px : margin_px + cols]


def _spans(radius_m: float, height_m: float, width_m: float) -> dict[int, int]:
    """Return the rows of a disc around a pixel, and the half width of each [px]."""
    reach = int(radius_m / height_m + 1e-9)
    return {
        row: int(math.sqrt(radius_m**2 - (row * height_m) ** 2) / width_m + 1e-9)
        for row in range(-reach, reach + 1)
    }


def _disc_sum(values: I64, spans: dict[int, int], margin_px: int, grid: Grid) -> I64:
    """Sum the disc around every pixel of a grid, exactly."""
    rows, cols = grid.shape
    running = np.pad(values.cumsum(axis=1), ((0, 0), (1, 0)))
    total = np.zeros(grid.shape, np.int64)
    for row, half in spans.items():
        line = running[margin_px + row : margin_px + row + rows]
        end, begin = margin_px + half + 1, margin_px - half
        total += line[:, end : end + cols] - line[:, begin : begin + cols]
    return total


def cells_under(grid: Grid) -> tuple[int, int, tuple[F64, F64]]:
    """Return where whole cells begin on a grid with its margin, and where its pixels lie.

    Returns
    -------
    top, left : int
        Row and column of the first whole cell, from the corner of the margin [px]. A partial
        cell at the other end is dropped.
    col, row : (row, col) float64
        Pixel centres, counted in windows of whole cells.
    """
    top, left = ((REACH_PX - start) % CELL_PX for start in absolute_cell(grid))
    at_row, at_col = (
        (REACH_PX - offset + np.arange(length) + 0.5) / CELL_PX - WINDOW_CELLS // 2
        for offset, length in zip((top, left), grid.shape, strict=True)
    )
    col, row = np.meshgrid(at_col, at_row)
    return top, left, (col, row)


def absolute_cell(grid: Grid) -> tuple[int, int]:
    """Return row and column of a grid's first pixel, counted from the origin of its CRS."""
    x, y = grid.xy(0, 0)
    return math.floor(y / grid.transform.e), math.floor(x / grid.transform.a)


def _window_medians(values: F64) -> F64:
    """Compute the medians of all whole windows, (row, col) in cells."""
    size = WINDOW_CELLS * CELL_PX
    rows, cols = (length // CELL_PX - WINDOW_CELLS + 1 for length in values.shape)
    medians = np.full((rows, cols), np.nan)
    for row, col in np.ndindex(rows, cols):
        top, left = row * CELL_PX, col * CELL_PX
        window = values[top : top + size, left : left + size]
        known = window[np.isfinite(window)]
        if known.size >= KNOWN_WINDOW * size**2:
            medians[row, col] = np.median(known)
    return medians
