"""Sites, labels and distance to water from an archive of the proof of concept."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.cube import F32
from minecover.core.errors import SiteError
from minecover.core.grid import Grid
from minecover.core.interpolation import sampled
from minecover.core.raster import trace_inside
from minecover.core.sites import Site
from minecover.labels import label_table
from minecover.sources.poc_archive import CRS, LANDSAT8, MASK, WATER, Archive


@dataclass(frozen=True, slots=True)
class ArchiveSites:
    """Layout with one site per location, on the location's own grid, without halo.

    Parameters
    ----------
    archive : Archive
        The archive.
    size_px : int
        Side of a site [pixels]. A few locations have one more row or column, which is not used.
    """

    archive: Archive
    size_px: int

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return the sites, sorted by location; labels are unused.

        Raises
        ------
        SiteError
            If a location is smaller than a site.
        """
        sites = []
        for location, array in self.archive.arrays(LANDSAT8).items():
            grid = array.grid()
            if min(grid.shape) < self.size_px:
                raise SiteError(
                    f"location {location} has {grid.shape[0]} x {grid.shape[1]} pixels, less "
                    f"than {self.size_px} per side. Lower sites.layouts.archive.size_px."
                )
            sites.append(Site(location, "", grid.cut(0, 0, self.size_px, self.size_px), 0))
        return sites


@dataclass(frozen=True, slots=True)
class ArchiveLabels:
    """Labels from the masks of an archive, one per object of 4-connected pixels.

    Rasterised on the grid of their location, they reproduce its mask exactly. Where locations
    overlap, each one also has the mines of its neighbour.

    Parameters
    ----------
    archive : Archive
        The archive.
    """

    archive: Archive

    def __call__(self) -> gpd.GeoDataFrame:
        """Return the label table: outlines of kind ``mine`` without dates."""
        names: list[str] = []
        shapes: list[shapely.Geometry] = []
        for location, array in self.archive.arrays(MASK).items():
            grid = array.grid()
            mask = np.nan_to_num(self.archive.read(array).astype(np.float64)) > 0
            mines = trace_inside(mask, grid)
            names += [f"{location}-mine{number}" for number in range(len(mines))]
            shapes += mines
        table = {"label_id": names, "kind": "mine", "name": "", "seen_from": "", "seen_to": ""}
        return label_table(gpd.GeoDataFrame(table, geometry=shapes, crs=CRS))


@dataclass(frozen=True, slots=True)
class ArchiveWater:
    """Raster layer of the distance to water, known on the locations of an archive only.

    Parameters
    ----------
    archive : Archive
        The archive.
    """

    archive: Archive

    def __call__(self, grid: Grid) -> F32:
        """Return the distance to water at every pixel centre of a grid.

        Parameters
        ----------
        grid : Grid
            A grid in longitude and latitude; other grids have no data.

        Returns
        -------
        (row, col) float32
            Distance [m], NaN outside of the archive's locations.
        """
        plane = np.full(grid.shape, np.nan)
        near = [s for s in self.archive.arrays(WATER).values() if grid.overlaps(s.grid())]
        # The location of the grid itself has priority over those that overlap it.
        for array in sorted(near, key=lambda s: s.grid().transform != grid.transform):
            if grid.crs == CRS:
                col, row = array.grid().positions(grid)
                image = self.archive.read(array).astype(np.float64)
                found = sampled(image, col, row, is_smooth=False)
                plane = np.where(np.isnan(plane), found, plane)
        return plane.astype(np.float32)
