"""Layouts of sites: centred on mines, tiled over an area, or on mine-free ground."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.antimeridian import centre, wrapped
from minecover.core.errors import SiteError
from minecover.core.grid import Grid, project, utm_crs
from minecover.core.lattice import LANDSAT, Lattice
from minecover.core.layout_areas import check_one_zone, read_area
from minecover.core.sites import Site, coarse_centre, place_id, projected, square, without_place

#: Kind of the labels that are points on ground without a mine.
BACKGROUND = "background"
#: Largest number of squares drawn for a label.
MOST_DRAWS = 10_000
#: Number of squares drawn for each that is placed on mine-free ground, at most.
DRAWS_EACH = 200


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
        Kind of label to place sites on: ``"mine"`` (polygons) or ``"point"``. Labels of kind
        ``"background"`` get sites as well, which are background.
    size_m, halo_m : float
        Side of the scored square, and width of the margin on every side [m].
    jitter_m : float
        Largest displacement of the centre in x and in y, uniform [m]; drawn again until the
        square intersects its label.
    seed : int
        Seed of the displacements. Each site is seeded by `seed` and its label's own name, so
        that it does not depend on the other labels, of the same name too. Its place is the
        label's, to some 100 m, so that a moved vertex does not move it.
    lattice : Lattice
        Where the pixels lie.
    """

    around: str
    size_m: float
    halo_m: float
    jitter_m: float
    seed: int
    lattice: Lattice = LANDSAT

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return one site per label of the chosen kind.

        Raises
        ------
        SiteError
            If there is no label of that kind, or no square meets a label.
        """
        anchors = labels[labels["kind"].isin((self.around, BACKGROUND))]
        if not (anchors["kind"] == self.around).any():
            raise SiteError(
                f"no label of kind {self.around!r} to place sites on "
                f"(found: {', '.join(sorted(set(labels['kind']))) or 'none'}). "
                "Set sites.layouts.*.around."
            )
        return [
            replace(
                self.site_on(str(a.label_id), a.geometry), is_background=a.kind == BACKGROUND
            )
            for a in anchors.itertuples()
        ]

    def site_on(self, label_id: str, geometry: shapely.Geometry) -> Site:
        """Return the site of one label.

        Raises
        ------
        SiteError
            If no square meets it.
        """
        name = without_place(label_id)
        rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
        lon, lat = self._place(geometry)
        crs = utm_crs(lon, lat)
        x_m, y_m = project(lon, lat, crs)
        ground = projected(geometry, crs)
        for _ in range(MOST_DRAWS):
            dx, dy = rng.uniform(-self.jitter_m, self.jitter_m, 2)
            grid = _square(self, crs, x_m + dx, y_m + dy)
            if shapely.box(*grid.bounds).intersects(ground):
                return Site(label_id, "", grid, _halo_px(self))
        raise SiteError(
            f"none of {MOST_DRAWS} squares within {self.jitter_m:g} m of the label {label_id} "
            "met it. Lower sites.layouts.*.jitter_m, or raise size_m."
        )

    def _place(self, geometry: shapely.Geometry) -> tuple[float, float]:
        """Return the longitude and latitude that the site is displaced from [degrees].

        A point is the place. An outline is corrected again and again while its site should
        stay, so its place is coarse: its centroid or, where that is far outside (a crescent),
        a point inside.
        """
        if isinstance(geometry, shapely.Point):
            return geometry.x, geometry.y
        lon, lat = coarse_centre(geometry)
        crs = utm_crs(lon, lat)
        grid = _square(self, crs, *project(lon, lat, crs))
        ground = projected(geometry, crs)
        if shapely.box(*grid.bounds).intersects(ground):
            return lon, lat
        return coarse_centre(shapely.point_on_surface(geometry))


@dataclass(frozen=True, slots=True)
class Tiled:
    """Layout of square sites that cover an area without gap or overlap, on a fixed lattice.

    Tiles touch, so grouping by distance would put all of them into one group. The group of a
    tile is instead the block of ``block_tiles`` x ``block_tiles`` tiles that contains it.

    Parameters
    ----------
    area : str or sequence of float
        Path of a vector file, or west, south, east, north [degrees].
    size_m, halo_m : float
        Side of a tile, and width of the margin on every side [m].
    block_tiles : int
        Side of a group [tiles].
    layer : str or None
        Layer of the file; None takes all layers of polygons.
    lattice : Lattice
        Where the pixels lie.
    """

    area: str | Sequence[float]
    size_m: float
    halo_m: float
    block_tiles: int
    layer: str | None = None
    lattice: Lattice = LANDSAT

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return the tiles that intersect the area, from north to south; labels are unused.

        Raises
        ------
        SiteError
            If the area cannot be read, or reaches too far beyond one UTM zone.
        """
        area = read_area(self.area, self.layer)
        lon, lat = centre(area)
        crs = utm_crs(lon, lat)
        check_one_zone(area, lon)
        size_px = self.lattice.count(self.size_m, "sites.layouts.*.size_m")
        ground = projected(area, crs)
        side_m, first_m = self.size_m, self.lattice.edge_m
        left, bottom, right, top = (int((edge - first_m) // side_m) for edge in ground.bounds)
        zone = crs.removeprefix("EPSG:")
        sites = []
        for north in range(top, bottom - 1, -1):
            for east in range(left, right + 1):
                corner = (east * side_m + first_m, (north + 1) * side_m + first_m)
                grid = Grid.from_corner(
                    crs, *corner, size_px, size_px, pixel_m=self.lattice.pixel_m
                )
                if shapely.box(*grid.bounds).intersects(ground):
                    # Each zone counts its tiles from its own corner.
                    name = f"tile{zone}{east:+05d}{north:+05d}"
                    east_block, north_block = (n // self.block_tiles for n in (east, north))
                    block = f"block{zone}{east_block:+05d}{north_block:+05d}"
                    sites.append(Site(name, block, grid, _halo_px(self)))
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
    size_m, halo_m : float
        Side of a square, and width of the margin on every side [m].
    distance_m : float
        Least distance from a square's edge to any label [m].
    seed : int
        Seed of the random positions, which depend on nothing else but the area: another label
        takes away the squares that it comes near to, and a greater `n` adds squares. A square
        has the name of its place, to some 100 m.
    layer : str or None
        Layer of the file; None takes all layers of polygons.
    lattice : Lattice
        Where the pixels lie.
    """

    area: str | Sequence[float]
    n: int
    size_m: float
    halo_m: float
    distance_m: float
    seed: int
    layer: str | None = None
    lattice: Lattice = LANDSAT

    def __call__(self, labels: gpd.GeoDataFrame) -> list[Site]:
        """Return `n` sites that do not overlap each other.

        Raises
        ------
        SiteError
            If fewer than `n` fit into the area.
        """
        area = read_area(self.area, self.layer)
        kept: list[Site] = []
        reserved: list[shapely.Geometry] = []
        spare: list[Site] = []
        for site in self._draws(area):
            if len(kept) == self.n:
                return kept
            # A square too near to a label still keeps its ground, so that a label takes away
            # this square alone and lets no others move in.
            if shapely.intersects(reserved, square(site.grid)).any():
                spare.append(site)
                continue
            reserved.append(square(site.grid))
            if self._is_free(site, labels):
                kept.append(site)
        # There is little space: use the ground of the squares that labels took away.
        for site in spare:
            others = [square(other.grid) for other in kept]
            is_apart = not shapely.intersects(others, square(site.grid)).any()
            if len(kept) < self.n and is_apart and self._is_free(site, labels):
                kept.append(site)
        if len(kept) == self.n:
            return kept
        raise SiteError(
            f"found space for {len(kept)} of n={self.n} mine-free squares at least "
            f"{self.distance_m:g} m from every label. "
            "Lower sites.layouts.*.n or distance_m, or widen the area."
        )

    def _draws(self, area: shapely.Geometry) -> Iterator[Site]:
        """Yield squares in an area, in an order that depends on area and seed alone."""
        rng = np.random.default_rng(self.seed)
        west, south, east, north = area.bounds
        if east - west > 180:
            west, _, east, _ = wrapped(area).bounds
        for _ in range(DRAWS_EACH * self.n):
            lon, lat = rng.uniform(west, east), rng.uniform(south, north)
            if east > 180:
                lon = (lon + 180) % 360 - 180
            crs = utm_crs(lon, lat)
            grid = _square(self, crs, *project(lon, lat, crs))
            outline = square(grid)
            if area.contains(outline):
                name = f"{BACKGROUND}-{place_id(outline)}"
                yield Site(name, "", grid, _halo_px(self), is_background=True)

    def _is_free(self, site: Site, labels: gpd.GeoDataFrame) -> bool:
        """Return whether no label lies near a square."""
        wide = site.grid.grown(int(np.ceil(self.distance_m / self.lattice.pixel_m)))
        parts = shapely.get_parts(square(wide))
        near = shapely.union_all([shapely.box(*part.bounds) for part in parts])
        return not labels.geometry.intersects(near).any()


def _square(layout: Centred | Background, crs: str, x_m: float, y_m: float) -> Grid:
    """Return the square of a layout around a point."""
    size_px = layout.lattice.count(layout.size_m, "sites.layouts.*.size_m")
    return Grid.around(crs, x_m, y_m, size_px=size_px, lattice=layout.lattice)


def _halo_px(layout: Centred | Background | Tiled) -> int:
    """Return the width of a layout's halo [px]."""
    return layout.lattice.count(layout.halo_m, "sites.layouts.*.halo_m")
