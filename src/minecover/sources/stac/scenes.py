"""Scenes of Landsat Collection 2 Level-2 from a STAC API or catalogue, as windows of COGs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from minecover.core.antimeridian import bounding_box
from minecover.core.cube import Cube
from minecover.core.errors import CloudyError, ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid, sampled
from minecover.core.landsat import BANDS, THERMAL
from minecover.core.sites import Site, square
from minecover.sources import check_period
from minecover.sources.product import QA_FILL, Scene, mosaic
from minecover.sources.stac.client import Item, StacClient

log = logging.getLogger(__name__)

U16 = NDArray[np.uint16]
F64 = NDArray[np.float64]

#: Margin of source pixels around a window that is interpolated.
MARGIN_PX = 2
#: Largest offset of pixels that count as aligned [pixels].
LATTICE_TOLERANCE_PX = 1e-6
#: A position outside of every raster [pixels].
OUTSIDE_PX = -1e9


@dataclass(frozen=True, slots=True)
class StacScenes:
    """Source of scenes whose files are Cloud Optimized GeoTIFFs of digital numbers.

    Parameters
    ----------
    client : StacClient
        Client of the catalogue.
    catalogue : str
        Address of a STAC API, or address or path of a static catalogue, which should be small,
        as it is read completely for every site.
    collection : str
        Id of the collection.
    keep : mapping
        Allowed values by property of the items; other scenes are ignored.
    assets : mapping
        Names of the assets by band.
    bands : sequence of str
        Bands to read.
    bits : (str, str)
        Names of the assets with QA_PIXEL and QA_RADSAT.
    reflectance, kelvin : (scale, offset)
        Scaling of digital numbers to reflectance [1] and temperature [K].
    nodata : int
        Digital number that means "no data".
    first_day, last_day : str
        ISO days, both included.
    cloud_cover_max : float
        Largest cloud cover of a whole scene of 185 km [%].
    """

    client: StacClient
    catalogue: str
    collection: str
    keep: Mapping[str, Sequence[str]]
    assets: Mapping[str, str]
    bands: Sequence[str]
    bits: Sequence[str]
    reflectance: Sequence[float]
    kelvin: Sequence[float]
    nodata: int
    first_day: str
    last_day: str
    cloud_cover_max: float

    def __post_init__(self) -> None:
        """Check bands, pairs and period without sending a request."""
        if not self.bands or not set(self.bands) <= set(self.assets) & set(BANDS):
            raise ConfigError(
                f"bands must be some of {', '.join(self.assets)}, which have a file, "
                f"found {', '.join(self.bands) or 'none'}. Fix source.bands or "
                "source.scenes.assets."
            )
        for name in ("bits", "reflectance", "kelvin"):
            pair: Sequence[object] = getattr(self, name)
            if len(pair) != 2:
                raise ConfigError(
                    f"{name} must be a pair, found {list(pair)}. Fix source.scenes.{name}."
                )
        check_period(self.first_day, self.last_day)

    def scenes(self, site: Site) -> Cube:
        """Return the scenes of a site on ``site.read_grid``, one per day, by date.

        Scenes aligned with the grid are copied, others are interpolated: bands bilinearly, bits
        from the nearest pixel. Scenes of one day are joined; dates without data inside the halo
        are left out.

        Parameters
        ----------
        site : Site
            The site, with its halo.

        Raises
        ------
        NotCoveredError
            If no scene of the period covers the site.
        CloudyError
            If scenes do, but all are cloudier than `cloud_cover_max`.
        SceneError
            If the catalogue or a file cannot be read.
        AccessError
            If the service refuses access.
        """
        items = self._complete(self._clear(self._find(site), site))
        read = [self._read(item, site.read_grid) for item in items]
        days = [mosaic(list(rows)) for _, rows in groupby(read, key=lambda scene: scene.day)]
        seen = [scene for scene in days if scene.has_data(site.halo_px)]
        if not seen:
            raise NotCoveredError(
                f"{len(items)} scenes were listed for site {site.site_id}, none has data "
                "there. Move the site (sites.layouts)."
            )
        return Cube(
            dn=np.stack([scene.dn for scene in seen]),
            scale=np.stack([scene.scale for scene in seen]),
            offset=np.stack([scene.offset for scene in seen]),
            qa=np.stack([scene.qa for scene in seen]),
            radsat=np.stack([scene.radsat for scene in seen]),
            qa_layout="c2",
            dates=tuple(scene.day for scene in seen),
            bands=tuple(self.bands),
            grid=site.read_grid,
            halo_px=site.halo_px,
        )

    def _find(self, site: Site) -> list[Item]:
        """Return the scenes over a site, with any cloud cover, by day and id."""
        bounds = bounding_box(square(site.grid))
        period = self.first_day, self.last_day
        listed = self.client.items(self.catalogue, self.collection, bounds, period)
        items = [
            item
            for item in listed
            if item.collection in (None, self.collection)
            and self.first_day <= item.day.isoformat() <= self.last_day
            and all(item.properties.get(key) in allowed for key, allowed in self.keep.items())
            and item.overlaps(bounds)
        ]
        if not items:
            raise NotCoveredError(
                f"{self.catalogue} has no scene of {self.collection} over site {site.site_id} "
                f"from {self.first_day} to {self.last_day} ({len(listed)} listed, none with "
                f"source.scenes.keep={dict(self.keep)}). Widen the period, or move the site "
                "(sites.layouts)."
            )
        return sorted(items, key=lambda item: (item.day, item.name))

    def _clear(self, items: list[Item], site: Site) -> list[Item]:
        """Return the scenes that are clear enough; those without cloud cover count as clear."""
        limit = self.cloud_cover_max
        clear = [i for i in items if float(str(i.properties.get("eo:cloud_cover", 0))) <= limit]
        if not clear:
            raise CloudyError(
                f"all {len(items)} scenes over site {site.site_id} have more than {limit:g} % "
                "clouds. Raise source.scenes.cloud_cover_max, or widen the period."
            )
        return clear

    def _complete(self, items: list[Item]) -> list[Item]:
        """Return the scenes that have all files: some Level-2 scenes have no temperature."""
        needed = {*(self.assets[band] for band in self.bands), *self.bits}
        complete = [item for item in items if needed <= set(item.assets)]
        if not complete:
            missing = sorted(needed - set(items[0].assets))
            raise SceneError(
                f"{items[0].name} has no asset {', '.join(missing)} "
                f"(found: {', '.join(items[0].assets)}). Fix source.scenes.assets and .bits, "
                "or remove the band from source.bands."
            )
        for item in items:
            if item not in complete:
                log.debug("%s lacks a file and is ignored", item.name)
        return complete

    def _read(self, item: Item, grid: Grid) -> Scene:
        """Return one scene on a grid."""
        names = [self.assets[band] for band in self.bands]
        own = item.grid(names[0])
        col, row = own.positions(grid)
        if _is_aligned(own, grid, col, row):
            raw = self.client.window(item, names, self.bits, grid)
        else:
            raw = self._interpolated(item, own, col, row)
        dn = np.stack([raw[name] for name in names])
        dn[dn == self.nodata] = 0
        is_seen = dn.any(axis=0)
        scaling = np.array(
            [self.kelvin if band in THERMAL else self.reflectance for band in self.bands]
        )
        qa, radsat = (raw[name] for name in self.bits)
        return Scene(
            name=item.name,
            day=item.day,
            dn=dn,
            scale=scaling[:, 0],
            offset=scaling[:, 1],
            qa=np.where(is_seen, qa, np.uint16(QA_FILL)),
            radsat=np.where(is_seen, radsat, np.uint16(0)),
            qa_layout="c2",
        )

    def _interpolated(self, item: Item, own: Grid, col: F64, row: F64) -> dict[str, U16]:
        """Return assets of a scene, interpolated at fractional positions.

        GDAL's warper is not used, since its result depends on the window, see `sampled`.
        """
        names = [self.assets[band] for band in self.bands]
        col, row = (np.where(np.isfinite(at), at, OUTSIDE_PX) for at in (col, row))
        top, bottom = _span(row, own.shape[0])
        left, right = _span(col, own.shape[1])
        if top >= bottom or left >= right:
            return {name: np.zeros(col.shape, np.uint16) for name in (*names, *self.bits)}
        raw = self.client.window(item, names, self.bits, own.cut(top, left, bottom, right))
        result = {}
        for name, plane in raw.items():
            values = plane.astype(np.float64)
            if name in names:
                values[(plane == self.nodata) | (plane == 0)] = np.nan
            found = sampled(values, col - left, row - top, is_smooth=name in names)
            result[name] = np.rint(np.nan_to_num(found)).astype(np.uint16)
        return result


def _is_aligned(own: Grid, grid: Grid, col: F64, row: F64) -> bool:
    """Return whether the pixels of a grid are pixels of the scene."""
    if own.crs != grid.crs or own.transform.a != grid.transform.a:
        return False
    offsets = np.array([col[0, 0], row[0, 0]]) - 0.5
    return bool(np.abs(offsets - np.rint(offsets)).max() < LATTICE_TOLERANCE_PX)


def _span(at: F64, length: int) -> tuple[int, int]:
    """Return the range of pixels, end exclusive, needed to interpolate at positions."""
    low, high = np.floor(at.min()) - MARGIN_PX, np.ceil(at.max()) + MARGIN_PX
    return int(np.clip(low, 0, length)), int(np.clip(high, 0, length))
