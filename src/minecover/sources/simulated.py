"""Scenes, labels and map layers of the simulated world, which needs no account."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.interpolation import sampled
from minecover.core.lattice import LANDSAT, Lattice
from minecover.core.raster import trace
from minecover.core.sensors import OLI
from minecover.core.sites import Site
from minecover.labels import label_table
from minecover.sources.simulation import layout
from minecover.sources.simulation.ground import draw_relief
from minecover.sources.simulation.label_masks import look_alike_masks, mine_masks
from minecover.sources.simulation.layout import Plot
from minecover.sources.simulation.map_layers import on_map, provinces, river_area
from minecover.sources.simulation.streams import Bools, Stream, generator, random_field
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
    lattice : Lattice
        Where the pixels of the sites lie.
    """

    world: World
    lattice: Lattice = LANDSAT

    def __post_init__(self) -> None:
        """Check the lattice, before any site is placed on it."""
        if self.lattice != LANDSAT:
            raise ConfigError(
                f"the simulated Landsat has pixels of 30 m, found {self.lattice.family} with "
                f"{self.lattice.pixel_m:g} m. Set lattice.family=landsat lattice.pixel_m=30, "
                "or source=simulated_sentinel2."
            )

    def scenes(self, site: Site) -> Cube:
        """Return all scenes of a site.

        Parameters
        ----------
        site : Site
            A site of the world, with its halo.

        Raises
        ------
        SiteError
            If the site with its halo does not lie on simulated ground, or has other pixels.
        """
        grid, plot = site.read_grid, self.world.plot_of(site, self.lattice)
        ground, days = self.world.ground(plot), self.world.days(plot)
        rows, cols = plot.slices(grid)
        taken = [self.world.expose(plot, ground, day) for day in days]
        return Cube(
            dn=np.stack([exposure.dn[:, rows, cols] for exposure in taken]),
            scale=np.stack([exposure.scale for exposure in taken]),
            offset=np.stack([exposure.offset for exposure in taken]),
            qa=np.stack([exposure.qa[rows, cols] for exposure in taken]),
            saturated=np.zeros((len(days), *grid.shape), np.bool_),
            qa_layout="c2",
            dates=days,
            bands=tuple(OLI.bands),
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
    lattice : Lattice
        Where the pixels of the sites lie: outlines follow the edges of pixels.
    """

    world: World
    lattice: Lattice = LANDSAT

    def __call__(self) -> gpd.GeoDataFrame:
        """Return the label table.

        Returns
        -------
        GeoDataFrame
            Of the kinds ``point`` (one per site with mines), ``background`` (one per site
            without), ``mine`` and ``truth``; in river valleys also ``look_alike``, named after
            what the ground is.
        """
        free = {
            name for plot in self.world.plots() if plot.is_mine_free for name in plot.site_ids
        }
        rows = [
            (site_id, "background" if site_id in free else "point", "", _centre(grid))
            for site_id, grid in self.world.sites().items()
        ]
        for plot in self.world.plots():
            grid, masks = mine_masks(self.world, plot, self.lattice)
            for number, (outline, active) in enumerate(masks):
                name = f"{plot.site_ids[0]}-mine{number}"
                if outline.any():
                    rows.append((name, "mine", "", outlined(outline, grid)))
                if active.any():
                    rows.append((name, "truth", "", outlined(active, grid)))
            for kind, mask in look_alike_masks(self.world, plot, self.lattice).items():
                name = f"{plot.site_ids[0]}-{kind.replace(' ', '-')}"
                rows.append((name, "look_alike", kind, outlined(mask, grid)))
        ids, kinds, names, shapes = zip(*rows, strict=True)
        table = {"label_id": ids, "kind": kinds, "name": names, "seen_from": "", "seen_to": ""}
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
            return provinces()
        shapes = []
        for plot in self.world.plots():
            network = self.world.network(plot)
            if self.name == "water":
                shapes.append(river_area(network, plot.grid))
            else:
                drawn = network.lines if self.name == "rivers" else (network.road_line,)
                shapes += [on_map(line, plot.grid.transform) for line in drawn]
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
            A grid aligned with Landsat's pixels; on any other, values between the centres of
            these are interpolated.

        Returns
        -------
        (row, col) float32
            NaN outside of simulated ground, and if the grid has another CRS.
        """
        values = np.full(grid.shape, np.nan, np.float32)
        for plot in self.world.plots():
            if plot.grid.crs != grid.crs or not plot.grid.overlaps(grid):
                continue
            if grid.is_on(LANDSAT):
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
            else:
                col, row = plot.grid.positions(grid)
                found = sampled(self._on(plot).astype(np.float64), col, row, is_smooth=True)
                values = np.where(np.isnan(found), values, found).astype(np.float32)
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
    return shapely.Point(
        (left + right) / 2 + LANDSAT.pixel_m / 2, (bottom + top) / 2 + LANDSAT.pixel_m / 2
    )
