"""Lattices on which candidates lie, and the names of places on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from minecover.core.grid import LON_LAT, Grid

#: Side of the squares that candidates are named after [m]. A retrained model moves the outline
#: of an object by about one pixel, so most names stay the same.
CELL_M = 300.0
#: Decimals of the degrees in a name on a longitude/latitude grid: 0.001 degree, about 110 m.
CELL_DECIMALS = 3

#: Beginning of the ids of what was found or drawn on a map, and lies wherever the map does.
MAP_PREFIX = "map-"


def lattice_of(grid: Grid) -> Grid:
    """Return the grid whose corner is the origin of the rows and columns of a lattice.

    Parameters
    ----------
    grid : Grid
        Any grid on the lattice; in longitude and latitude it has a lattice of its own.
    """
    t = grid.transform
    if grid.crs == LON_LAT:
        return grid
    side_m, (left, top) = t.a, (t.c % t.a, t.f % t.a)
    left -= side_m if left > 0 else 0
    return Grid.from_corner(grid.crs, left, top, 1, 1, pixel_m=side_m)


def lattice_name(grid: Grid, site_id: str) -> str:
    """Return the name of a grid's lattice: CRS, side and edges; in degrees also the site."""
    t = grid.transform
    if grid.crs == LON_LAT:
        return f"{grid.crs}/{site_id}"
    return f"{grid.crs}/{t.a:g}/{t.c % t.a:g}/{t.f % t.a:g}"


def square_name(lattice: Grid, x: float, y: float) -> str:
    """Return the name of a square: "N35-E2485-S14" starts 140 pixels south of the equator."""
    if lattice.crs == LON_LAT:
        east, north = "W" if x < 0 else "E", "S" if y < 0 else "N"
        return f"LL-{east}{abs(x):.{CELL_DECIMALS}f}-{north}{abs(y):.{CELL_DECIMALS}f}"
    row, col = (int(at * lattice.transform.a // CELL_M) for at in lattice.rowcol(x, y))
    code = lattice.crs.removeprefix("EPSG:")
    zone = f"N{code[3:]}" if code.startswith("326") else code
    return f"{zone}-E{col}-{'N' if row < 0 else 'S'}{abs(row)}"


def unique_names(squares: Sequence[str], x: Sequence[float], y: Sequence[float]) -> list[str]:
    """Tell places of one square apart: b, c, ... from north to south, then west to east.

    Parameters
    ----------
    squares : sequence of n str
        Square of each place.
    x, y : sequence of n float
        The places on the lattice of their square.
    """
    places = pd.DataFrame({"name": squares, "x": x, "south": -np.asarray(y, np.float64)})
    places = places.sort_values(["south", "x"])
    marks = places.groupby("name").cumcount().map(_letters)
    return [str(name) for name in (places["name"] + marks).sort_index()]


def _letters(n: int) -> str:
    """Return "" for the first, then b ... z, ba, bb ...: as many as there are."""
    text = ""
    while n:
        n, letter = divmod(n, 26)
        text = chr(ord("a") + letter) + text
    return text
