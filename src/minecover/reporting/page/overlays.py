"""Layers under the candidates: true colour and probability as images in Web Mercator."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from minecover.core.cube import F32
from minecover.core.grid import Grid, transformed_bounds
from minecover.core.interpolation import sampled
from minecover.core.raster import read_band, read_grid, read_planes
from minecover.reporting.figures.composites import stretch_limits, stretched
from minecover.reporting.figures.date_pictures import (
    Colours,
    as_bytes,
    probability_colours,
    webp,
)

#: CRS of the page's map; its unit is a metre on the equator.
MERCATOR = "EPSG:3857"
#: Largest side of a layer, and side of the windows in which it is drawn [px].
LARGEST_PX, WINDOW_PX = 2048, 256
#: Quality of the images, 0 ... 100.
QUALITY = 80
#: A layer wider than this holds the antimeridian, and is not drawn [m].
WIDEST_M = 2e7


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """An image over the ground.

    Parameters
    ----------
    name : str
        ``"true colour"`` or ``"probability"``.
    image : bytes
        WebP; transparent where there is nothing.
    bounds : tuple of float
        West, south, east and north edge [degrees].
    """

    name: str
    image: bytes
    bounds: tuple[float, float, float, float]


def draw_true_colour(files: Sequence[Path]) -> Overlay | None:
    """Draw files of reflectance, red, green and blue, in one stretch over all of them.

    Parameters
    ----------
    files : sequence of Path
        As `minecover.prediction.true_colour.write_true_colour` writes them: 0 is no data.

    Returns
    -------
    Overlay or None
        None without files.
    """
    canvas = canvas_of(files)
    if canvas is None:
        return None
    planes = _true_colour_on(canvas, files)
    shown_px = np.asarray(np.isfinite(planes).all(axis=0))
    limits = [stretch_limits(plane) for plane in planes]
    shown = np.stack(
        [stretched(plane, *ends) for plane, ends in zip(planes, limits, strict=True)], axis=-1
    )
    return _overlay("true colour", canvas, as_bytes(shown), shown_px)


def draw_probability(files: Sequence[Path]) -> Overlay | None:
    """Draw maps of probability; grey is not observed, transparent lies outside of all files.

    Parameters
    ----------
    files : sequence of Path
        Rasters whose first band is the probability of a mine; NaN is not observed.
    """
    canvas = canvas_of(files)
    if canvas is None:
        return None
    found = np.full(canvas.shape, np.nan, np.float32)
    inside = np.zeros(canvas.shape, np.bool_)
    for path in files:
        grid = read_grid(path)
        for rows, cols, part in _parts(canvas, grid):
            plane = read_band(path, part, resampling="nearest", fill=np.nan, number=1)
            found[rows, cols] = np.where(np.isfinite(plane), plane, found[rows, cols])
            col, row = grid.positions(part)
            n_rows, n_cols = grid.shape
            within = (row >= 0) & (row < n_rows) & (col >= 0) & (col < n_cols)
            inside[rows, cols] |= within
    return _overlay("probability", canvas, as_bytes(probability_colours(found)), inside)


def canvas_of(files: Sequence[Path]) -> Grid | None:
    """Return the grid of an image of all files; None without files, or across the world.

    Parameters
    ----------
    files : sequence of Path
        Raster files.
    """
    grids = [read_grid(path) for path in files]
    if not grids:
        return None
    edges = np.array([transformed_bounds(grid, MERCATOR) for grid in grids])
    left, bottom = edges[:, :2].min(axis=0).tolist()
    right, top = edges[:, 2:].max(axis=0).tolist()
    if right - left > WIDEST_M:
        return None
    finest_m = float(np.min((edges[:, 2] - edges[:, 0]) / [grid.shape[1] for grid in grids]))
    side_m = max(finest_m, (right - left) / LARGEST_PX, (top - bottom) / LARGEST_PX)
    rows, cols = math.ceil((top - bottom) / side_m), math.ceil((right - left) / side_m)
    return Grid.from_corner(MERCATOR, left, top, rows, cols, pixel_m=side_m)


def bounds_of(canvas: Grid) -> tuple[float, float, float, float]:
    """Return west, south, east and north edge of the grid of an image [degrees]."""
    left, bottom, right, top = canvas.bounds
    to_degrees: Callable[..., tuple[float, float]] = Transformer.from_crs(
        MERCATOR, "EPSG:4326", always_xy=True
    ).transform
    (west, south), (east, north) = to_degrees(left, bottom), to_degrees(right, top)
    return round(west, 7), round(south, 7), round(east, 7), round(north, 7)


def _parts(canvas: Grid, grid: Grid) -> Iterator[tuple[slice, slice, Grid]]:
    """Yield windows of the canvas that a grid may lie in."""
    left, bottom, right, top = transformed_bounds(grid, MERCATOR)
    (first_row, first_col), (last_row, last_col) = (
        canvas.rowcol(left, top),
        canvas.rowcol(right, bottom),
    )
    rows, cols = canvas.shape
    first_row, first_col = max(first_row, 0), max(first_col, 0)
    last_row, last_col = min(last_row + 1, rows), min(last_col + 1, cols)
    for part_rows, part_cols, part in canvas.cut(
        first_row, first_col, last_row, last_col
    ).windows(WINDOW_PX):
        yield _moved(part_rows, first_row), _moved(part_cols, first_col), part


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def _true_colour_on(canvas: Grid, files: Sequence[Path]) -> F32:
    """Return red, green and blue of all files on a canvas, NaN outside; the last one on top."""
    found = np.full((3, *canvas.shape), np.nan, np.float32)
    for path in files:
        # A file is small, half a tile a side: read once, whole, for its bands and all parts.
        planes = [np.where(plane == 0, np.nan, plane) for plane in read_planes(path).values()]
        grid = read_grid(path)
        for rows, cols, part in _parts(canvas, grid):
            at = grid.positions(part)
            values = np.stack([sampled(plane, *at, is_smooth=False) for plane in planes[:3]])
            old = found[:, rows, cols]
            found[:, rows, cols] = np.where(np.isfinite(values), values, old)
    return found


def _overlay(name: str, canvas: Grid, colours: Colours, shown: NDArray[np.bool_]) -> Overlay:
    opacity = np.where(shown, 255, 0).astype(np.uint8)[..., None]
    image = webp(np.concatenate([colours, opacity], axis=-1), quality=QUALITY)
    return Overlay(name, image, bounds_of(canvas))
