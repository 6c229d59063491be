"""Rasterise polygons, and outline the objects of a mask as polygons."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize, shapes

from minecover.core.grid import Grid

#: Distance by which `trace_inside` shrinks outlines [pixels].
INSIDE_PX = 0.03


def burn(
    geometries: Iterable[shapely.Geometry], grid: Grid, *, all_touched: bool
) -> NDArray[np.bool_]:
    """Return which pixels lie under any of the geometries.

    Parameters
    ----------
    geometries : iterable of Geometry
        In ``grid.crs``; may be empty.
    grid : Grid
        Grid of the result.
    all_touched : bool
        Whether all pixels that intersect a geometry are marked, or only those whose centre
        lies in it.

    Returns
    -------
    (row, col) bool
        True under a geometry.
    """
    solid = [geometry for geometry in geometries if not geometry.is_empty]
    if not solid:
        return np.zeros(grid.shape, np.bool_)
    burned = rasterize(
        solid,
        out_shape=grid.shape,
        transform=grid.transform,
        all_touched=all_touched,
        dtype=np.uint8,
    )
    return np.asarray(burned, np.bool_)


def trace_inside(mask: NDArray[np.bool_], grid: Grid) -> list[shapely.Geometry]:
    """Return the outlines of `trace`, shrunk so that they touch only their own pixels.

    Burned with ``all_touched`` on the same grid they are the mask again, to the pixel.

    Parameters
    ----------
    mask, grid
        See `trace`.
    """
    inside = -INSIDE_PX * grid.transform.a
    return list(shapely.buffer(trace(mask, grid), inside, join_style="mitre"))


def trace(mask: NDArray[np.bool_], grid: Grid) -> list[shapely.Polygon]:
    """Return the outlines of the True pixels, one polygon per 4-connected object.

    Parameters
    ----------
    mask : (row, col) bool
        Pixels to outline.
    grid : Grid
        Grid of the mask.

    Returns
    -------
    list of Polygon
        In ``grid.crs``, with holes; sorted from north to south, then from west to east.
    """
    cells = mask.astype(np.uint8)
    outlines = shapes(cells, mask=mask, connectivity=4, transform=grid.transform)
    polygons = [shapely.geometry.shape(outline) for outline, _ in outlines]
    return sorted(polygons, key=lambda polygon: (-polygon.bounds[3], polygon.bounds[0]))
