"""Cut an area into tiles: squares of a fixed lattice of each UTM zone, one task each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT, Lattice
from minecover.prediction.region.area import by_zone


@dataclass(frozen=True, slots=True)
class Tile:
    """One task of a map.

    Parameters
    ----------
    tile_id : str
        EPSG code, column and row of the tile, ``32635_e0019_s0015``: the 20th column of tiles
        east of the zone's false origin, the 15th row south of the equator.
    grid : Grid
        Its pixels, in the metres of its UTM zone.
    """

    tile_id: str
    grid: Grid

    @property
    def locations(self) -> int:
        """Number of pixels."""
        return self.grid.shape[0] * self.grid.shape[1]


def tiles_of(area: shapely.Geometry, *, size_px: int, lattice: Lattice = LANDSAT) -> list[Tile]:
    """Cut an area into tiles.

    Tile edges lie at fixed coordinates of each UTM zone, so that two maps of the same ground
    have the same tiles; a tile at the rim is cut to the bounds of the area within it.

    Parameters
    ----------
    area : geometry
        Polygon or MultiPolygon in WGS 84 longitude and latitude.
    size_px : int
        Side of a tile [px], at least 64.
    lattice : Lattice
        Where the pixels lie.

    Returns
    -------
    list of Tile
        By UTM zone from west to east; within a zone by row from north to south, then by column
        from west to east.

    Raises
    ------
    ConfigError
        If the tiles would be too small.
    """
    if size_px < 64:
        raise ConfigError(
            f"a tile should have at least 64 pixels a side, found {size_px}. Raise --tile."
        )
    return [
        tile
        for crs, part in by_zone(area).items()
        for tile in _tiles_in(part, crs, size_px, lattice)
    ]


def _tiles_in(
    part: shapely.Geometry, crs: str, size_px: int, lattice: Lattice
) -> Iterator[Tile]:
    """Cut the part of an area in one zone, in its metres."""
    side_m = size_px * lattice.pixel_m
    west, south, east, north = (
        math.floor((edge - lattice.edge_m) / side_m) for edge in part.bounds
    )
    cols, rows = np.meshgrid(np.arange(west, east + 1), np.arange(north, south - 1, -1))
    left, bottom = (lattice.edge_m + side_m * at.ravel() for at in (cols, rows))
    shapely.prepare(part)
    boxes = shapely.box(left, bottom, left + side_m, bottom + side_m)
    touched = shapely.intersects(part, boxes)
    for col, row, box in zip(
        cols.ravel()[touched], rows.ravel()[touched], boxes[touched], strict=True
    ):
        inside = shapely.intersection(part, box)
        if inside.area > 0:
            yield Tile(_name(crs, int(row), int(col)), _grid_over(inside, crs, lattice))


def _grid_over(geometry: shapely.Geometry, crs: str, lattice: Lattice) -> Grid:
    """Return the smallest grid of lattice pixels that covers a geometry."""
    # A millimetre of projection error must not add a row.
    left, bottom, right, top = (
        round((edge - lattice.edge_m) / lattice.pixel_m, 4) for edge in geometry.bounds
    )
    first_col, last_row = math.floor(left), math.floor(bottom)
    return Grid.from_corner(
        crs,
        first_col * lattice.pixel_m + lattice.edge_m,
        math.ceil(top) * lattice.pixel_m + lattice.edge_m,
        max(math.ceil(top) - last_row, 1),
        max(math.ceil(right) - first_col, 1),
        pixel_m=lattice.pixel_m,
    )


def _name(crs: str, row: int, col: int) -> str:
    east = f"{'e' if col >= 0 else 'w'}{abs(col):04d}"
    north = f"{'n' if row >= 0 else 's'}{abs(row):04d}"
    return f"{crs.removeprefix('EPSG:')}_{east}_{north}"
