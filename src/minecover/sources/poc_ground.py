"""What an archive of the proof of concept knows of the ground: sites, masks, water."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.cube import F32
from minecover.core.errors import SiteError
from minecover.core.grid import Grid, sampled
from minecover.core.raster import trace
from minecover.core.sites import Site
from minecover.labels import label_table
from minecover.sources.poc_archive import CRS, LANDSAT8, MASK, WATER, Archive

#: Outlines are drawn this far inside their outermost pixels [pixels]: a pixel belongs to an
#: outline if they touch, and the neighbours must not.
INSIDE_PX = 0.03


@dataclass(frozen=True, slots=True)
class ArchiveSites:
    """One site a location, on the location's own lon/lat grid; the archive has no halo.

    Parameters
    ----------
    archive : Archive
    size_px : int
        Side of a site: a few of the original patches have a row or column more, which is cut.
    """

    archive: Archive
    size_px: int

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Lay the sites; labels are not looked at."""
        sites = []
        for location, stored in self.archive.stored(LANDSAT8).items():
            grid = stored.grid()
            if min(grid.shape) < self.size_px:
                raise SiteError(
                    f"location {location} has {grid.shape[0]} x {grid.shape[1]} pixels, less "
                    f"than {self.size_px} a side. Lower sites.layouts.archive.size_px."
                )
            sites.append(Site(location, "", grid.cut(0, 0, self.size_px, self.size_px), 0))
        return sites


@dataclass(frozen=True, slots=True)
class ArchiveLabels:
    """The archive's masks as outlines: one label an object of 4-connected pixels.

    Burned onto the grid they are from, they give back the mask to the pixel. Where locations
    overlap, each gets its neighbour's mines as well.
    """

    archive: Archive

    def __call__(self) -> gpd.GeoDataFrame:
        """Give the label table: kind ``mine``, undated."""
        names: list[str] = []
        shapes: list[shapely.Geometry] = []
        for location, stored in self.archive.stored(MASK).items():
            grid = stored.grid()
            mask = np.nan_to_num(self.archive.read(stored).astype(np.float64)) > 0
            inside = -INSIDE_PX * grid.transform.a
            mines = shapely.buffer(trace(mask, grid), inside, join_style="mitre")
            names += [f"{location}-mine{number}" for number in range(len(mines))]
            shapes += list(mines)
        table = {"label_id": names, "kind": "mine", "name": "", "seen_from": "", "seen_to": ""}
        return label_table(gpd.GeoDataFrame(table, geometry=shapes, crs=CRS))


@dataclass(frozen=True, slots=True)
class ArchiveWater:
    """The archive's distance to water [m], where it is known: on its locations only."""

    archive: Archive

    def __call__(self, grid: Grid) -> F32:
        """Take the distance at every pixel centre of a lon/lat grid.

        Returns
        -------
        (row, col) float32
            NaN where no location of the archive lies.
        """
        plane = np.full(grid.shape, np.nan)
        near = [s for s in self.archive.stored(WATER).values() if grid.overlaps(s.grid())]
        # A grid's own location goes before those that overlap it.
        for stored in sorted(near, key=lambda s: s.grid().transform != grid.transform):
            if grid.crs == CRS:
                col, row = stored.grid().positions(grid)
                image = self.archive.read(stored).astype(np.float64)
                found = sampled(image, col, row, is_smooth=False)
                plane = np.where(np.isnan(plane), found, plane)
        return plane.astype(np.float32)
