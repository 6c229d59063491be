"""UTM zones of both hemispheres: one projection, whose southern name adds a false northing.

Landsat and the lattices of this project use the northern name, EPSG:326zz, everywhere; products
of Sentinel-2 south of the equator use the southern one, EPSG:327zz. A change of name moves no
pixel on the ground.
"""

from __future__ import annotations

import re

from affine import Affine

from minecover.core.grid import Grid

#: False northing of the southern zones [m].
FALSE_NORTHING_M = 10_000_000.0
_UTM = re.compile(r"EPSG:32(?P<hemisphere>[67])(?P<zone>\d\d)")


def named_as(grid: Grid, crs: str) -> Grid:
    """Return a grid in a CRS that differs by its name and a false northing at most.

    Parameters
    ----------
    grid : Grid
        The grid.
    crs : str
        Any CRS.

    Returns
    -------
    Grid
        The same pixels in `crs`, if both are names of one UTM zone; else the grid itself.
    """
    here, there = _UTM.fullmatch(grid.crs), _UTM.fullmatch(crs)
    if grid.crs == crs or not (here and there) or here["zone"] != there["zone"]:
        return grid
    shift_m = FALSE_NORTHING_M if there["hemisphere"] == "7" else -FALSE_NORTHING_M
    return Grid(crs, Affine.translation(0, shift_m) @ grid.transform, grid.shape)


def northern(grid: Grid) -> Grid:
    """Return a grid of a UTM zone under its northern name; any other is returned as it is."""
    return named_as(grid, northern_crs(grid.crs))


def northern_crs(crs: str) -> str:
    """Return the northern name of a UTM zone; any other CRS is returned as it is."""
    found = _UTM.fullmatch(crs)
    return f"EPSG:326{found['zone']}" if found else crs
