"""Scenes, labels and map layers of the simulated world, which needs no account."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine

from minecover.core import landsat
from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError
from minecover.core.grid import PIXEL_M, Grid
from minecover.core.raster import trace
from minecover.core.sites import Site, square
from minecover.labels import label_table
from minecover.sources.simulation import layout
from minecover.sources.simulation.ground import draw_relief
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.streams import Bools, Stream, generator, random_field
from minecover.sources.simulation.water import Line, Network
from minecover.sources.simulation.world import World

#: Outlines are shrunk by this distance [m], so that they touch only their own pixels.
INSIDE_M = 1.0
LAYERS = ("water", "rivers", "roads", "provinces")
SURFACES = ("elevation", "elevation_before", "water_occurrence")
#: The earlier elevation model has another datum [m], errors (standard deviation [m] and
#: correlation length [pixels]), and heights from before the mines were dug [m].
DATUM_M, MODEL_ERROR_M, MODEL_ERROR_PX, DUG_M = 0.8, 3.0, 1.0, 2.0


@dataclass(frozen=True, slots=True)
class SimulatedScenes:
    """Source of simulated scenes, in the form of Landsat 8 Collection 2.

    Parameters
    ----------
    world : World
        The simulated world.
    """

    world: World

    def scenes(self, site: Site) -> Cube:
        """Return all scenes of a site.

        Parameters
        ----------
        site : Site
            A site of the world, with its halo.

        Raises
        ------
        SiteError
            If the site with its halo does not lie on simulated ground.
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
    """Labels of the simulated mines: points, annotated outlines and the true extents.

    Parameters
    ----------
    world : World
        The simulated world.
    """

    world: World

    def __call__(self) -> gpd.GeoDataFrame:
        """Return the label table: kinds ``point`` (one per site), ``mine`` and ``truth``."""
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
    """One vector layer of the simulated world.

    Parameters
    ----------
    world : World
        The simulated world.
    name : str
        ``"water"`` (areas of the main rivers), ``"rivers"`` or ``"roads"`` (lines) or
        ``"provinces"`` (areas with a column `name`).
    """

    world: World
    name: str

    def __post_init__(self) -> None:
        """Check that the layer exists."""
        if self.name not in LAYERS:
            raise ConfigError(
                f"the simulated world has the layers {', '.join(LAYERS)}, "
                f"found {self.name!r}. Fix conf/context/simulated.yaml."
            )

    def __call__(self) -> gpd.GeoDataFrame:
        """Return the layer, in WGS 84."""
        if self.name == "provinces":
            return _provinces()
        shapes = []
        for plot in self.world.plots():
            network = self.world.network(plot)
            if self.name == "water":
                shapes.append(_river(network, plot.grid))
            else:
                drawn = network.lines if self.name == "rivers" else (network.road_line,)
                shapes += [_on_map(line, plot.grid.transform) for line in drawn]
        return gpd.GeoDataFrame(geometry=shapes, crs=layout.CRS).to_crs("EPSG:4326")


@dataclass(frozen=True, slots=True)
class SimulatedSurface:
    """One raster layer of the simulated world, known on simulated ground.

    Parameters
    ----------
    world : World
        The simulated world.
    name : str
        ``"elevation"``, true heights [m]; ``"elevation_before"``, heights of a coarse elevation
        model from before the mines were dug [m]; ``"water_occurrence"``, the share of a pixel
        covered by the main river [%].
    """

    world: World
    name: str

    def __post_init__(self) -> None:
        """Check that the surface exists."""
        if self.name not in SURFACES:
            raise ConfigError(
                f"the simulated world has the surfaces {', '.join(SURFACES)}, "
                f"found {self.name!r}. Fix conf/context/simulated.yaml."
            )

    def __call__(self, grid: Grid) -> F32:
        """Return the surface on a grid.

        Parameters
        ----------
        grid : Grid
            A grid of 30 m pixels, aligned with Landsat's.

        Returns
        -------
        (row, col) float32
            NaN outside of simulated ground, and if the grid has another CRS.
        """
        values = np.full(grid.shape, np.nan, np.float32)
        for plot in self.world.plots():
            if plot.grid.crs == grid.crs and plot.grid.overlaps(grid):
                first = grid.rowcol(*plot.grid.xy(0, 0))
                rows, cols = (
                    slice(max(start, 0), min(start + there, here))
                    for start, there, here in zip(
                        first, plot.grid.shape, grid.shape, strict=True
                    )
                )
                values[rows, cols] = self._on(plot)[
                    rows.start - first[0] : rows.stop - first[0],
                    cols.start - first[1] : cols.stop - first[1],
                ]
        return values

    def _on(self, plot: Plot) -> F32:
        """Return the surface of a whole plot, rounded, as last bits depend on the processor."""
        world = self.world
        network = world.network(plot)
        if self.name == "water_occurrence":
            return (100 * network.river).round().astype(np.float32)
        rng = generator(world.seed, plot.ground_id, Stream.RELIEF)
        height_m = draw_relief(rng, network, world.parameters.land).height_m
        if self.name == "elevation_before":
            # Continues the random stream of the relief, which is not used for anything else.
            error = random_field(rng, plot.grid.shape, MODEL_ERROR_PX)
            dug = np.any([mine.active for mine in world.mines(plot, network)], axis=0)
            height_m = height_m + MODEL_ERROR_M * error + DATUM_M + DUG_M * dug
        return height_m.round(2).astype(np.float32)


def outlined(mask: Bools, grid: Grid) -> shapely.MultiPolygon:
    """Return the outline of a mask, shrunk so that it touches only the pixels of the mask.

    Parameters
    ----------
    mask : (row, col) bool
        Pixels to outline.
    grid : Grid
        Grid of the mask.

    Returns
    -------
    MultiPolygon
        In ``grid.crs``.
    """
    # Mitred joins keep the corners of pixels; round joins would cut them and add points.
    parts = shapely.buffer(trace(mask, grid), -INSIDE_M, join_style="mitre")
    return shapely.MultiPolygon(shapely.get_parts(parts).tolist())


def _centre(grid: Grid) -> shapely.Point:
    """Return the point, half a pixel off centre, around which `Grid.around` is this grid."""
    left, bottom, right, top = grid.bounds
    return shapely.Point((left + right) / 2 + PIXEL_M / 2, (bottom + top) / 2 + PIXEL_M / 2)


def _on_map(line: Line, transform: Affine) -> shapely.LineString:
    return shapely.LineString([transform @ (x, y) for x, y in line.points])


def _river(network: Network, grid: Grid) -> shapely.Polygon:
    """Return the area of the main river."""
    line = network.lines[0]
    half_px = round(float((line.distance_px - network.river_shore_px).max()), 4)
    return _on_map(line, grid.transform).buffer(half_px * PIXEL_M, cap_style="flat")


def _provinces() -> gpd.GeoDataFrame:
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
