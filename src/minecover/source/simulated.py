"""Scenes, labels and map layers of the simulated world: everything works without an account."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine

from minecover import landsat
from minecover.cube import Cube
from minecover.errors import ConfigError
from minecover.grid import PIXEL_M, Grid
from minecover.labels import label_table
from minecover.raster import trace
from minecover.simulation import layout
from minecover.simulation.streams import Bools
from minecover.simulation.water import Line
from minecover.simulation.world import World
from minecover.sites import Site, square

#: Outlines are drawn this far inside their outermost pixels [m]: a pixel belongs to an outline
#: if they touch, and the neighbours must not.
INSIDE_M = 1.0
LAYERS = ("rivers", "roads", "provinces")


@dataclass(frozen=True, slots=True)
class SimulatedScenes:
    """The source of simulated scenes, in the form of Landsat 8 Collection 2."""

    world: World

    def scenes(self, site: Site) -> Cube:
        """Take all the scenes of a site.

        Raises
        ------
        SiteError
            If the site with its halo is not on simulated ground.
        """
        grid = site.read_grid
        plot = self.world.plot_under(grid)
        ground, days = self.world.ground(plot), self.world.days(plot)
        rows, cols = plot.slices(grid)
        taken = [self.world.expose(plot, ground, day) for day in days]
        return Cube(
            dn=np.stack([exposure.dn[:, rows, cols] for exposure in taken]),
            scale=np.stack([exposure.scale for exposure in taken]),
            offset=np.stack([exposure.offset for exposure in taken]),
            qa=np.stack([exposure.qa[rows, cols] for exposure in taken]),
            radsat=np.zeros((len(days), *grid.shape), np.uint16),
            qa_layout="c2",
            dates=days,
            bands=landsat.BANDS,
            grid=grid,
            halo_px=site.halo_px,
        )


@dataclass(frozen=True, slots=True)
class SimulatedLabels:
    """What is known of the simulated mines: points, drawn outlines and, for once, the truth."""

    world: World

    def __call__(self) -> gpd.GeoDataFrame:
        """Give the label table: kinds ``point`` (one a site), ``mine`` and ``truth``."""
        rows = [
            (site_id, "point", _centre(grid)) for site_id, grid in self.world.sites().items()
        ]
        for plot in self.world.plots():
            mines = self.world.mines(plot, self.world.network(plot))
            for number, mine in enumerate(mines):
                name = f"{plot.site_ids[0]}-mine{number}"
                if mine.outline.any():
                    rows.append((name, "mine", outlined(mine.outline, plot.grid)))
                if mine.active.any():
                    rows.append((name, "truth", outlined(mine.active, plot.grid)))
        names, kinds, shapes = zip(*rows, strict=True)
        table = {"label_id": names, "kind": kinds, "name": "", "seen_from": "", "seen_to": ""}
        return label_table(gpd.GeoDataFrame(table, geometry=list(shapes), crs=layout.CRS))


@dataclass(frozen=True, slots=True)
class SimulatedLayer:
    """One map layer of the simulated world.

    Parameters
    ----------
    world : World
        Whose layer.
    name : str
        ``"rivers"`` or ``"roads"`` (lines) or ``"provinces"`` (polygons with a `name`).
    """

    world: World
    name: str

    def __post_init__(self) -> None:
        """Refuse a layer that does not exist."""
        if self.name not in LAYERS:
            raise ConfigError(
                f"the simulated world has the layers {', '.join(LAYERS)}, "
                f"found {self.name!r}. Fix conf/context/simulated.yaml."
            )

    def __call__(self) -> gpd.GeoDataFrame:
        """Draw the layer, in WGS 84."""
        if self.name == "provinces":
            return _provinces()
        lines = []
        for plot in self.world.plots():
            network = self.world.network(plot)
            drawn = network.lines if self.name == "rivers" else (network.road_line,)
            lines += [_on_map(line, plot.grid.transform) for line in drawn]
        return gpd.GeoDataFrame(geometry=lines, crs=layout.CRS).to_crs("EPSG:4326")


def outlined(mask: Bools, grid: Grid) -> shapely.MultiPolygon:
    """Outline a mask so that exactly its pixels touch the outline, in ``grid.crs``."""
    # Mitred corners stay corners; round ones would be cut, and cost points.
    parts = shapely.buffer(trace(mask, grid), -INSIDE_M, join_style="mitre")
    return shapely.MultiPolygon(shapely.get_parts(parts).tolist())


def _centre(grid: Grid) -> shapely.Point:
    """Point from which `Grid.around` lays the very same grid: half a pixel off the lattice."""
    left, bottom, right, top = grid.bounds
    return shapely.Point((left + right) / 2 + PIXEL_M / 2, (bottom + top) / 2 + PIXEL_M / 2)


def _on_map(line: Line, transform: Affine) -> shapely.LineString:
    return shapely.LineString([transform @ (x, y) for x, y in line.points])


def _provinces() -> gpd.GeoDataFrame:
    """Divide the area that worlds lie in along a parallel and a meridian."""
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
