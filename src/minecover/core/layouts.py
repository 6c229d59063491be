"""Layouts of sites: centred on mines, tiled over an area, or on mine-free ground."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.errors import SiteError
from minecover.core.grid import LATTICE_OFFSET_M, PIXEL_M, Grid, project, utm_crs
from minecover.core.sites import Site, square


class Layout(Protocol):
    """Interface of a layout: a callable that places sites, given the label table."""

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return the sites; those with an empty `group` are grouped later by `grouped`.

        Parameters
        ----------
        labels : GeoDataFrame
            The label table, in WGS 84.
        """
        ...


@dataclass(frozen=True, slots=True)
class Centred:
    """Layout with one site per label, displaced at random so that position carries no label.

    Sites centred exactly on their mines leak the label: a model that sees only the position
    inside the site reaches 47 times the average precision of chance, and 1.07 times with
    +-1500 m of jitter.

    Parameters
    ----------
    around : str
        Kind of label to place sites on: ``"mine"`` (polygons) or ``"point"``.
    size_px, halo_px : int
        Side of the scored square, and width of the margin on every side [pixels].
    jitter_m : float
        Largest displacement of the centre in x and in y, uniform [m]; drawn again until the
        square intersects its label.
    seed : int
        Seed of the displacements. Each site is seeded by `seed` and its label's id, so that it
        does not depend on the other labels.
    """

    around: str
    size_px: int
    halo_px: int
    jitter_m: float
    seed: int

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return one site per label of the chosen kind.

        Raises
        ------
        SiteError
            If there is no label of that kind.
        """
        anchors = labels[labels["kind"] == self.around]
        if anchors.empty:
            raise SiteError(
                f"no label of kind {self.around!r} to place sites on "
                f"(found: {', '.join(sorted(set(labels['kind']))) or 'none'}). "
                "Set sites.layouts.*.around."
            )
        return [self._site(str(a.label_id), a.geometry) for a in anchors.itertuples()]

    def _site(self, label_id: str, geometry: shapely.Geometry) -> Site:
        point = shapely.point_on_surface(geometry)
        crs = utm_crs(point.x, point.y)
        x_m, y_m = project(point.x, point.y, crs)
        ground = gpd.GeoSeries([geometry], crs="EPSG:4326").to_crs(crs).iloc[0]
        rng = np.random.default_rng([self.seed, zlib.crc32(label_id.encode())])
        while True:
            dx, dy = rng.uniform(-self.jitter_m, self.jitter_m, 2)
            grid = Grid.around(crs, x_m + dx, y_m + dy, size_px=self.size_px)
            if shapely.box(*grid.bounds).intersects(ground):
                return Site(label_id, "", grid, self.halo_px)


@dataclass(frozen=True, slots=True)
class Tiled:
    """Layout of square sites that cover an area without gap or overlap, on a fixed lattice.

    Tiles touch, so grouping by distance would put all of them into one group. The group of a
    tile is instead the block of ``block_tiles`` x ``block_tiles`` tiles that contains it.

    Parameters
    ----------
    area : str or sequence of float
        Path of a vector file, or west, south, east, north [degrees].
    size_px, halo_px : int
        Side of a tile, and width of the margin on every side [pixels].
    block_tiles : int
        Side of a group [tiles].
    """

    area: str | Sequence[float]
    size_px: int
    halo_px: int
    block_tiles: int

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return the tiles that intersect the area, from north to south; labels are unused."""
        area = _area(self.area)
        crs = utm_crs(area.centroid.x, area.centroid.y)
        ground = gpd.GeoSeries([area], crs="EPSG:4326").to_crs(crs).iloc[0]
        side_m = self.size_px * PIXEL_M
        left, bottom, right, top = (
            int((edge - LATTICE_OFFSET_M) // side_m) for edge in ground.bounds
        )
        sites = []
        for north in range(top, bottom - 1, -1):
            for east in range(left, right + 1):
                corner = (
                    east * side_m + LATTICE_OFFSET_M,
                    (north + 1) * side_m + LATTICE_OFFSET_M,
                )
                grid = Grid.from_corner(crs, *corner, self.size_px, self.size_px)
                if shapely.box(*grid.bounds).intersects(ground):
                    block = (
                        f"block{east // self.block_tiles:+05d}{north // self.block_tiles:+05d}"
                    )
                    sites.append(
                        Site(f"tile{east:+05d}{north:+05d}", block, grid, self.halo_px)
                    )
        return sites


@dataclass(frozen=True, slots=True)
class Background:
    """Layout of square sites on mine-free ground, drawn at random away from every label.

    Parameters
    ----------
    area : str or sequence of float
        Path of a vector file, or west, south, east, north [degrees].
    n : int
        Number of sites.
    size_px, halo_px : int
        Side of a square, and width of the margin on every side [pixels].
    distance_m : float
        Least distance from a square's edge to any label [m].
    seed : int
        Seed of the random positions.
    """

    area: str | Sequence[float]
    n: int
    size_px: int
    halo_px: int
    distance_m: float
    seed: int

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return `n` sites that do not overlap each other.

        Raises
        ------
        SiteError
            If fewer than `n` fit into the area.
        """
        area = _area(self.area)
        rng = np.random.default_rng([self.seed, self.n])
        sites: list[Site] = []
        taken = labels.geometry
        for _ in range(200 * self.n):
            if len(sites) == self.n:
                return sites
            lon = rng.uniform(area.bounds[0], area.bounds[2])
            lat = rng.uniform(area.bounds[1], area.bounds[3])
            crs = utm_crs(lon, lat)
            grid = Grid.around(crs, *project(lon, lat, crs), size_px=self.size_px)
            outline = square(grid)
            wide = grid.grown(int(np.ceil(self.distance_m / PIXEL_M)))
            near = shapely.box(*square(wide).bounds)
            drawn = [square(site.grid) for site in sites]
            if area.contains(outline) and not (
                taken.intersects(near).any()
                or any(outline.intersects(other) for other in drawn)
            ):
                sites.append(Site(f"background{len(sites):04d}", "", grid, self.halo_px))
        raise SiteError(
            f"found space for {len(sites)} of n={self.n} mine-free squares at least "
            f"{self.distance_m:g} m from every label. "
            "Lower sites.layouts.*.n or distance_m, or widen the area."
        )


def _area(area: str | Sequence[float]) -> shapely.Geometry:
    """Return an area read from a file, or built from its bounds [degrees]."""
    if isinstance(area, str):
        return gpd.read_file(area).to_crs("EPSG:4326").union_all()
    if len(area) != 4 or not (area[0] < area[2] and area[1] < area[3]):
        raise SiteError(
            f"an area is [west, south, east, north] in degrees, found {list(area)}."
        )
    return shapely.box(*area)
