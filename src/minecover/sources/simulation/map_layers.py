"""Vector layers of the simulated world: rivers, roads and provinces as maps show them."""

from __future__ import annotations

import geopandas as gpd
import shapely
from affine import Affine

from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT
from minecover.core.sites import square
from minecover.sources.simulation import layout
from minecover.sources.simulation.water import Line, Network


def on_map(line: Line, transform: Affine) -> shapely.LineString:
    """Return a line in the CRS of a ground's grid, given the grid's transform."""
    return shapely.LineString([transform @ (x, y) for x, y in line.points])


def river_area(network: Network, grid: Grid) -> shapely.Polygon:
    """Return the area of the main river."""
    line = network.lines[0]
    half_px = round(float((line.distance_px - network.river_shore_px).max()), 4)
    return on_map(line, grid.transform).buffer(half_px * LANDSAT.pixel_m, cap_style="flat")


def provinces() -> gpd.GeoDataFrame:
    """Return four provinces: the area of simulated worlds divided in quarters."""
    side_m = layout.CELL_M
    left, top = layout.LEFT_M - side_m, layout.TOP_M + side_m
    right = layout.LEFT_M + (layout.CELL_COLS + 1) * side_m
    bottom = layout.TOP_M - (layout.CELL_ROWS + 1) * side_m
    corners = Grid(layout.CRS, Affine(right - left, 0.0, left, 0.0, bottom - top, top), (1, 1))
    west, south, east, north = (round(degrees, 1) for degrees in square(corners).bounds)
    lon, lat = round((west + east) / 2, 1), round((south + north) / 2, 1)
    boxes = {
        "Simulated North-East": (lon, lat, east, north),
        "Simulated North-West": (west, lat, lon, north),
        "Simulated South-East": (lon, south, east, lat),
        "Simulated South-West": (west, south, lon, lat),
    }
    shapes = [shapely.box(*bounds) for bounds in boxes.values()]
    return gpd.GeoDataFrame({"name": list(boxes)}, geometry=shapes, crs="EPSG:4326")
