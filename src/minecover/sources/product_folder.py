"""Scenes from a folder of products of Landsat or Sentinel-2, as downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import shapely

from minecover.core.antimeridian import wrapped
from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid, transformed_bounds
from minecover.core.harmonisation import BANDS, published
from minecover.core.lattice import LANDSAT, Lattice
from minecover.core.periods import Period
from minecover.core.sensors import BY_PLATFORM, OLI, common_names
from minecover.core.sites import Site, square
from minecover.sources import check_sensors
from minecover.sources.product import U16, Product, Scene, common_layout, mosaic
from minecover.sources.product_list import listed_products

#: Beginnings of the CRSs in which scenes are delivered: UTM zones, and Antarctica.
ZONES = ("EPSG:326", "EPSG:327", "EPSG:3031")
#: Pixels of the largest grid around products: four whole scenes of Landsat or two tiles of
#: Sentinel-2 at 10 m, or 4 GB of maps.
MAX_EXTENT_PX = 250_000_000


@dataclass(frozen=True, slots=True)
class ProductFolder:
    """Source of scenes of Landsat 4 to 9 (any collection) or of Sentinel-2 (L1C or L2A).

    Parameters
    ----------
    folder : str
        Folder of products (``<product id>/<product id>_B4.TIF`` ..., ``<product id>.SAFE``) at
        any depth, also inside .tar and .zip files.
    level : int
        1 for reflectance and brightness temperature at the top of the atmosphere, 2 for surface
        values. Products of the other level are ignored.
    bands : sequence of str
        Bands to read, by common name or as the agency names them; a product that lacks one of
        them is an error.
    platforms : sequence of str
        Satellites, see `minecover.core.sensors.BY_PLATFORM`, of one family. Products of others
        are ignored.
    lattice : Lattice
        Where the pixels of `extents` lie.
    period : Period or None
        Days of the products that are read; None for all.
    like : str or None
        Satellite whose reflectance that of others is turned into, where
        `minecover.core.harmonisation` has a published line; None leaves all as delivered.
    """

    folder: str
    level: int
    bands: Sequence[str]
    platforms: Sequence[str] = OLI.platforms
    lattice: Lattice = LANDSAT
    period: Period | None = None
    like: str | None = None

    def __post_init__(self) -> None:
        """Check level, platforms and bands without reading files."""
        if self.level not in (1, 2):
            raise ConfigError(f"level must be 1 or 2, found {self.level}. Fix source.level.")
        # Named as USGS and ESA do, bands are replaced by their common names.
        object.__setattr__(self, "bands", common_names(self.platforms, self.bands))
        check_sensors(self.platforms, self.bands, level=self.level)
        if self.like is not None and self.like not in BY_PLATFORM:
            raise ConfigError(
                f"satellites are {', '.join(BY_PLATFORM)}, found {self.like!r}. Fix "
                "source.scenes.like."
            )
        self._check_lines()

    def _check_lines(self) -> None:
        """Refuse to leave as delivered what should be turned into another satellite's."""
        if self.like is None:
            return
        sensor = BY_PLATFORM[self.like].name
        others = [name for name in self.platforms if BY_PLATFORM[name].name != sensor]
        if none := [n for n in others if published(n, self.like, self.level) is None]:
            raise ConfigError(
                f"no line is published that turns level {self.level} of {', '.join(none)} into "
                f"that of {self.like}: they would stay as they are. Set source.scenes.like to "
                "null, or leave out --like of `minecover map`. Level 2 (source.level, or a "
                "model of it) of Landsat 4 to 7 and of Sentinel-2 has a line to Landsat 8."
            )

    def scenes(self, site: Site) -> Cube:
        """Return the scenes of a site on ``site.read_grid``: one per day, by date.

        Scenes aligned with the grid are copied, others are resampled: bands bilinearly, quality
        bits from the nearest pixel, smaller pixels by their mean over each pixel of the grid.
        Scenes of one day are joined, whether rows, tiles or passes; dates without data inside
        the halo are left out.

        Parameters
        ----------
        site : Site
            The site, with its halo.

        Raises
        ------
        SceneError
            If a product is incomplete or damaged.
        NotCoveredError
            If no product covers the site.
        """
        near = [p for p in self._products() if p.grid(self.bands).overlaps(site.grid)]
        # By day alone: far north, two paths of one day can show the same ground.
        passes = [list(rows) for _, rows in groupby(near, lambda p: p.day)]
        shape = (len(self.bands), *site.read_grid.shape)
        dn = np.empty((len(passes), *shape), np.uint16)
        strips = [self._strip(rows, site, out) for rows, out in zip(passes, dn, strict=True)]
        is_seen = [strip.has_data(site.halo_px) for strip in strips]
        seen = [strip for strip, here in zip(strips, is_seen, strict=True) if here]
        if not seen:
            raise NotCoveredError(
                f"no scene in {self.folder} covers site {site.site_id} "
                f"({_degrees(square(site.grid))}); scenes cover {_degrees(self.footprint())}. "
                "Add products of that place, or move the sites (sites.layouts)."
            )
        return self._cube(seen, dn if all(is_seen) else dn[is_seen], site)

    def _strip(self, rows: list[Product], site: Site, out: U16) -> Scene:
        """Return the joined rows of one pass; digital numbers are written to `out`."""
        grid = site.read_grid
        first = self._alike(rows[0], rows[0].read(self.bands, grid, out))
        others = [
            self._alike(product, product.read(self.bands, grid, np.empty_like(out)))
            for product in rows[1:]
        ]
        joined = mosaic([first, *others])
        if joined.dn is not out:
            out[:] = joined.dn
        return joined

    def _alike(self, product: Product, scene: Scene) -> Scene:
        """Return a scene in the reflectance of another satellite, if that is wanted."""
        line = self.like and published(product.platform, self.like, self.level)
        if not line:
            return scene
        lines = dict(zip(BANDS, zip(line.slope, line.offset, strict=True), strict=True))
        slope, offset = np.array([lines.get(band, (1.0, 0.0)) for band in self.bands]).T
        return replace(scene, scale=scene.scale * slope, offset=scene.offset * slope + offset)

    def footprint(self) -> shapely.Geometry:
        """Return the union of the outlines of all products, in WGS 84 [degrees]."""
        return shapely.union_all([square(p.grid(self.bands)) for p in self._products()])

    def extent(self) -> Grid:
        """Return the grid that encloses all products.

        Raises
        ------
        SceneError
            If they lie in several zones, or too far apart for one grid.
        """
        extents = self.extents()
        if len(extents) > 1:
            zones = ", ".join(extent.crs for extent in extents)
            raise SceneError(
                f"{self.folder} contains scenes of {len(extents)} zones ({zones}), which no "
                "single grid covers. "
                "Use `minecover map` with an area, or one folder for each zone."
            )
        return extents[0]

    def extents(self) -> list[Grid]:
        """Return the grids that enclose the products of each zone, by CRS.

        Raises
        ------
        SceneError
            If the products of one zone lie too far apart for one grid, or lie in no zone.
        """
        grids = [product.grid(self.bands) for product in self._products()]
        zones = sorted({grid.crs for grid in grids})
        if others := [crs for crs in zones if not crs.startswith(ZONES)]:
            raise SceneError(
                f"{self.folder} contains scenes in {', '.join(others)}, which is no UTM zone: "
                "a pixel would not have its size on the ground. Use them as delivered, or "
                "`minecover map` with an area, which resamples them."
            )
        return [self._enclosing([g for g in grids if g.crs == crs]) for crs in zones]

    def _enclosing(self, grids: Sequence[Grid]) -> Grid:
        """Return the grid around grids of one CRS."""
        crs = grids[0].crs
        edges = np.array([grid.bounds for grid in grids])
        side_m = self.lattice.pixel_m
        left = self.lattice.below(edges[:, 0].min())
        top = self.lattice.below(edges[:, 3].max() - 1) + side_m
        cols = int(np.ceil((edges[:, 2].max() - left) / side_m))
        rows = int(np.ceil((top - edges[:, 1].min()) / side_m))
        if rows * cols > MAX_EXTENT_PX:
            raise SceneError(
                f"the {len(grids)} scenes of {crs} in {self.folder} lie too far apart for one "
                f"map: {rows} x {cols} pixels, at most {MAX_EXTENT_PX:,} are possible. "
                "Use `minecover map` with an area, or one folder for each region."
            )
        return Grid.from_corner(crs, left, top, rows, cols, pixel_m=side_m)

    def product_ids(self) -> list[str]:
        """Return the ids of the products, by date and place."""
        return [product.product_id for product in self._products()]

    def check_covers(self, area: shapely.Geometry, name: str) -> None:
        """Check that the products cover some of an area.

        Parameters
        ----------
        area : geometry
            In WGS 84 [degrees].
        name : str
            Name of the area, for the error message.

        Raises
        ------
        NotCoveredError
            If no product intersects the area.
        """
        footprint = self.footprint()
        if not footprint.intersects(area):
            raise NotCoveredError(
                f"no scene in {self.folder} covers {name} ({_degrees(area)}); scenes cover "
                f"{_degrees(footprint)}. Add products, or choose another area."
            )

    def covers(self, grid: Grid) -> bool:
        """Return whether the outline of any product overlaps a grid."""
        return any(p.grid(self.bands).overlaps(grid) for p in self._products())

    def n_dates(self, grid: Grid) -> int:
        """Return the number of days of the products whose outlines overlap a grid."""
        near = (p for p in self._products() if p.grid(self.bands).overlaps(grid))
        return len({product.day for product in near})

    def estimate_reading(self, grids: Sequence[Grid]) -> tuple[int, float]:
        """Estimate how much is read for a number of grids.

        Parameters
        ----------
        grids : sequence of Grid
            Grids to read.

        Returns
        -------
        scenes : int
            Number of products that overlap one of the grids.
        n_bytes : float
            Size of the files in proportion to the ground that is read [bytes].
        """
        scenes, total = 0, 0.0
        for product in self._products():
            own = product.grid(self.bands)
            here = shapely.box(*own.bounds)
            shares = [
                shapely.box(*transformed_bounds(grid, own.crs)).intersection(here).area
                for grid in grids
                if own.overlaps(grid)  # the coordinates of distant zones are not finite
            ]
            scenes += any(shares)
            total += product.n_bytes(self.bands) * sum(shares) / here.area
        return scenes, total

    def _cube(self, seen: list[Scene], dn: U16, site: Site) -> Cube:
        return Cube(
            dn=dn,
            scale=np.stack([scene.scale for scene in seen]),
            offset=np.stack([scene.offset for scene in seen]),
            qa=np.stack([scene.qa for scene in seen]),
            saturated=np.stack([scene.saturated for scene in seen]),
            qa_layout=common_layout(seen),
            dates=tuple(scene.day for scene in seen),
            bands=tuple(self.bands),
            grid=site.read_grid,
            halo_px=site.halo_px,
        )

    def _products(self) -> list[Product]:
        """Return the wanted products by date and place, without repetition."""
        return listed_products(self.folder, self.level, self.platforms, self.period)


def _degrees(geometry: shapely.Geometry) -> str:
    """Return the extent of a geometry in words; east of 180 degrees it continues at -180."""
    west, south, east, north = geometry.bounds
    if east - west > 180:
        west, _, east, _ = wrapped(geometry).bounds
        east = east - 360 if east > 180 else east
    return f"longitude {west:.3f} to {east:.3f}, latitude {south:.3f} to {north:.3f}"
