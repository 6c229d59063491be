"""Tiles: squares of an absolute lattice, one task each, cut down to the area that is wanted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from minecover.core.errors import ConfigError
from minecover.core.grid import LATTICE_OFFSET_M, PIXEL_M, Grid
from minecover.prediction.region.area import by_zone


@dataclass(frozen=True, slots=True)
class Tile:
    """One task of a map.

    `tile_id` names zone and place, e.g. ``32635_e0019_s0015``: the 20th column of tiles east of
    the zone's false origin, the 15th row south of the equator.
    """

    tile_id: str
    grid: Grid

    @property
    def locations(self) -> int:
        """Pixels."""
        return self.grid.shape[0] * self.grid.shape[1]


def tiles_of(area: shapely.Geometry, *, size_px: int) -> list[Tile]:
    """Cut an area into tiles.

    Tiles begin at fixed places of each UTM zone, so that two maps of one ground have the same
    ones; those at the rim are cut to the bounds of what they hold of the area.

    Parameters
    ----------
    area : geometry
        In WGS 84.
    size_px : int
        Side of a tile [px].

    Returns
    -------
    list of Tile
        Zone by zone, from north to south, from west to east.
    """
    if size_px < 64:
        raise ConfigError(f"a tile has at least 64 pixels a side, found {size_px}.")
    return [
        tile
        for crs, part in by_zone(area).items()
        for tile in _tiles_in(part, crs, size_px * PIXEL_M)
    ]


def _tiles_in(part: shapely.Geometry, crs: str, side_m: float) -> Iterator[Tile]:
    """Cut what lies in one zone, in its metres."""
    west, south, east, north = (
        math.floor((edge - LATTICE_OFFSET_M) / side_m) for edge in part.bounds
    )
    cols, rows = np.meshgrid(np.arange(west, east + 1), np.arange(north, south - 1, -1))
    left, bottom = (LATTICE_OFFSET_M + side_m * at.ravel() for at in (cols, rows))
    shapely.prepare(part)
    boxes = shapely.box(left, bottom, left + side_m, bottom + side_m)
    touched = shapely.intersects(part, boxes)
    for col, row, box in zip(
        cols.ravel()[touched], rows.ravel()[touched], boxes[touched], strict=True
    ):
        held = shapely.intersection(part, box)
        if held.area > 0:
            yield Tile(_name(crs, int(row), int(col)), _grid_over(held, crs))


def _grid_over(held: shapely.Geometry, crs: str) -> Grid:
    """Lay whole pixels over the bounds of a geometry."""
    # A millimetre of projection error must not add a row.
    left, bottom, right, top = (
        round((edge - LATTICE_OFFSET_M) / PIXEL_M, 4) for edge in held.bounds
    )
    first_col, last_row = math.floor(left), math.floor(bottom)
    return Grid.from_corner(
        crs,
        first_col * PIXEL_M + LATTICE_OFFSET_M,
        math.ceil(top) * PIXEL_M + LATTICE_OFFSET_M,
        max(math.ceil(top) - last_row, 1),
        max(math.ceil(right) - first_col, 1),
    )


def _name(crs: str, row: int, col: int) -> str:
    east = f"{'e' if col >= 0 else 'w'}{abs(col):04d}"
    north = f"{'n' if row >= 0 else 's'}{abs(row):04d}"
    return f"{crs.removeprefix('EPSG:')}_{east}_{north}"
