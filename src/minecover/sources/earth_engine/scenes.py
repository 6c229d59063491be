"""Scenes of Landsat 8 and 9 from Earth Engine, one request for pixels per site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from minecover.core import landsat
from minecover.core.cube import F32, Cube
from minecover.core.errors import CloudyError, ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid
from minecover.core.landsat import BANDS, REFLECTIVE, THERMAL
from minecover.core.sites import Site, square
from minecover.sources import check_period
from minecover.sources.earth_engine.client import EarthEngine, Listing
from minecover.sources.earth_engine.delivery import fetch_in_pieces
from minecover.sources.earth_engine.images import NO_VALUE, ImageRequest
from minecover.sources.mtl import Mtl
from minecover.sources.product import QA_FILL, Scene, mosaic

U16 = NDArray[np.uint16]
F64 = NDArray[np.float64]

#: Values of the quality bands where there is no data.
BITS = {"QA_PIXEL": QA_FILL, "QA_RADSAT": 0}
PAN = "B8"
#: Properties that identify a scene.
IDENTITY = (
    "system:index",
    "SPACECRAFT_ID",
    "DATE_ACQUIRED",
    "WRS_PATH",
    "WRS_ROW",
    "UTM_ZONE",
    "CLOUD_COVER",
    "SUN_ELEVATION",
)
RADIOMETRY = ("toa", "dn")


@dataclass(frozen=True, slots=True)
class EarthEngineScenes:
    """Source of scenes of Landsat Collection 2, Level 1.

    Parameters
    ----------
    client : EarthEngine
        Client of the service.
    collections : sequence of str
        Ids of image collections: ``.../T1_TOA`` for ``"toa"``, ``.../T1`` for ``"dn"``.
    radiometry : {"toa", "dn"}
        Fetch reflectance and brightness temperature as float32, or digital numbers of half the
        size.
    bands : sequence of str
        Bands to read.
    first_day, last_day : str
        ISO days, both included.
    cloud_cover_max : float
        Largest cloud cover of a whole scene of 185 km [%].
    """

    client: EarthEngine
    collections: Sequence[str]
    radiometry: str
    bands: Sequence[str]
    first_day: str
    last_day: str
    cloud_cover_max: float

    def __post_init__(self) -> None:
        """Check the settings without sending a request."""
        is_toa = self.radiometry == "toa"
        if self.radiometry not in RADIOMETRY:
            raise ConfigError(
                f"radiometry must be toa or dn, found {self.radiometry!r}. "
                "Fix source.radiometry."
            )
        if not self.collections or any(c.endswith("_TOA") != is_toa for c in self.collections):
            raise ConfigError(
                f"radiometry {self.radiometry} goes with collections that end "
                f"{'in' if is_toa else 'otherwise than in'} _TOA, "
                f"found {', '.join(self.collections) or 'none'}. Fix source.collections."
            )
        if not self.bands or not set(self.bands) <= set(BANDS):
            raise ConfigError(
                f"bands must be some of {', '.join(BANDS)}, found "
                f"{', '.join(self.bands) or 'none'}. Fix source.bands."
            )
        check_period(self.first_day, self.last_day)

    def scenes(self, site: Site) -> Cube:
        """Return the scenes of a site on ``site.read_grid``, one per day, by date.

        Scenes of the grid's UTM zone are copied, others are interpolated; quality bits are
        those of the nearest pixel, the 15 m pan band is averaged over each pixel. Rows of one
        pass are joined; dates without data inside the halo are left out.

        Parameters
        ----------
        site : Site
            The site, with its halo.

        Raises
        ------
        NotCoveredError, CloudyError
            If no scene covers the site, or all that do are cloudier than `cloud_cover_max`.
        SceneError, AccessError
            If the request fails in spite of retries, or the service refuses access.
        """
        listed, grid = self._list_scenes(site), site.read_grid
        requests = [self._request(one, grid) for one in listed]
        n_planes = len(requests[0].kinds)
        stack = fetch_in_pieces(self.client.scenes, requests, grid, planes_each=n_planes)
        scenes = list(zip(listed, self._in_order(stack, requests[0]), strict=True))
        passes = [list(rows) for _, rows in groupby(scenes, key=lambda scene: scene[0].mtl.day)]
        join = _join_toa if self.radiometry == "toa" else self._join_dn
        seen = [one for one in map(join, passes) if one.has_data(site.halo_px)]
        if not seen:
            raise NotCoveredError(
                f"{len(listed)} scenes were listed for site {site.site_id}, none has data "
                "there. Move the site (sites.layouts)."
            )
        return Cube(
            dn=np.array([one.dn for one in seen]),
            scale=np.stack([one.scale for one in seen]),
            offset=np.stack([one.offset for one in seen]),
            qa=np.stack([one.qa for one in seen]),
            radsat=np.stack([one.radsat for one in seen]),
            qa_layout="c2",
            dates=tuple(one.day for one in seen),
            bands=tuple(self.bands),
            grid=grid,
            halo_px=site.halo_px,
        )

    def _list_scenes(self, site: Site) -> list[ListedScene]:
        """Return the scenes over a site that are clear enough, by day, path and row."""
        end = date.fromisoformat(self.last_day) + timedelta(days=1)
        tables = self.client.listing(
            self.collections,
            square(site.grid).bounds,
            (self.first_day, end.isoformat()),
            (*IDENTITY, *self._coefficients()),
        )
        listed = [one for name in self.collections for one in _rows(name, tables[name])]
        if not listed:
            raise NotCoveredError(
                f"no scene of {', '.join(self.collections)} covers site {site.site_id} from "
                f"{self.first_day} to {self.last_day}. Widen the period (source.scenes)."
            )
        clear = [one for one in listed if one.cloud_cover <= self.cloud_cover_max]
        if not clear:
            least = min(one.cloud_cover for one in listed)
            raise CloudyError(
                f"all {len(listed)} scenes of site {site.site_id} have more than "
                f"{self.cloud_cover_max:g} % clouds, the clearest has {least:g} %. "
                "Raise source.scenes.cloud_cover_max, or widen the period."
            )
        return sorted(clear, key=lambda one: (one.mtl.day, one.mtl.path_row, one.asset))

    def _coefficients(self) -> list[str]:
        """Return the names of the properties with the scaling of the bands."""
        if self.radiometry == "toa":
            return []
        reflective = [b.removeprefix("B") for b in self.bands if b in REFLECTIVE]
        thermal = [b.removeprefix("B") for b in self.bands if b in THERMAL]
        return [
            *(f"REFLECTANCE_{key}_BAND_{n}" for n in reflective for key in ("MULT", "ADD")),
            *(f"RADIANCE_{key}_BAND_{n}" for n in thermal for key in ("MULT", "ADD")),
            *(f"{key}_CONSTANT_BAND_{n}" for n in thermal for key in ("K1", "K2")),
        ]

    def _request(self, listed: ListedScene, grid: Grid) -> ImageRequest:
        return ImageRequest(
            asset=listed.asset,
            bands=tuple(band for band in self.bands if band != PAN),
            pan=PAN if PAN in self.bands else None,
            bits=BITS,
            is_count=self.radiometry == "dn",
            is_smooth=not (grid.is_on_lattice and grid.crs == listed.crs),
        )

    def _in_order(self, stack: F32, request: ImageRequest) -> F32:
        """Return planes in the order of the bands, followed by the quality bits."""
        names = list(request.kinds)
        return stack[:, [names.index(name) for name in (*self.bands, *BITS)]]

    def _join_dn(self, rows: Sequence[tuple[ListedScene, F32]]) -> DailyMosaic:
        """Return the joined rows of a day as digital numbers, with temperatures encoded."""
        scenes = []
        for listed, planes in rows:
            dn, qa, radsat = np.split(planes.astype(np.uint16), [-2, -1])
            kelvin = (landsat.KELVIN_SCALE, landsat.KELVIN_OFFSET)
            scaling = []
            for i, band in enumerate(self.bands):
                is_thermal = band in THERMAL
                scaling.append(kelvin if is_thermal else listed.mtl.reflectance(band))
                if is_thermal:
                    constants = listed.mtl.thermal(band)
                    dn[i] = landsat.kelvin_dn(
                        landsat.brightness_temperature(dn[i], **constants)
                    )
            scale, offset = np.array(scaling).T
            scenes.append(
                Scene(listed.asset, listed.mtl.day, dn, scale, offset, qa[0], radsat[0], "c2")
            )
        top = mosaic(scenes)
        return DailyMosaic(top.day, top.dn, top.scale, top.offset, top.qa, top.radsat)


@dataclass(frozen=True, slots=True)
class ListedScene:
    """A scene in a listing of Earth Engine.

    Parameters
    ----------
    asset, mtl
        Id of the image, and its metadata.
    cloud_cover : float
        Cloud cover of the whole scene [%].
    crs : str
        UTM zone of the scene.
    """

    asset: str
    mtl: Mtl
    cloud_cover: float
    crs: str


@dataclass(frozen=True, slots=True, eq=False)
class DailyMosaic:
    """Scenes of one day, joined on a grid: one date of a `Cube`.

    Parameters
    ----------
    day, scale, offset, qa, radsat
        See `minecover.sources.product.Scene`.
    dn : (band, row, col) uint16 or float32
        Digital numbers (0 is fill) or physical values (NaN is no data).
    """

    day: date
    dn: U16 | F32
    scale: F64
    offset: F64
    qa: U16
    radsat: U16

    def has_data(self, halo_px: int) -> bool:
        """Return whether any pixel inside the halo has data."""
        rows, cols = self.qa.shape
        core = self.dn[:, halo_px : rows - halo_px, halo_px : cols - halo_px]
        return bool(((core > 0) | (core < 0)).any())


def _rows(collection: str, table: Listing) -> list[ListedScene]:
    """Return the scenes of a collection's property lists, without night scenes."""
    lengths = {len(values) for values in table.values()}
    if len(lengths) > 1:
        least = min(table, key=lambda name: len(table[name]))
        raise SceneError(
            f"{max(lengths) - min(lengths)} of {max(lengths)} images of {collection} have no "
            f"property {least}. Leave that collection out of source.collections."
        )
    listed = []
    for values in zip(*table.values(), strict=True):
        about = {name: str(value) for name, value in zip(table, values, strict=True)}
        asset = f"{collection}/{about['system:index']}"
        groups = (
            "IMAGE_ATTRIBUTES",
            "LEVEL1_RADIOMETRIC_RESCALING",
            "LEVEL1_THERMAL_CONSTANTS",
        )
        mtl = Mtl(asset, dict.fromkeys(groups, about))
        zone = int(mtl.number("UTM_ZONE", groups[0]))
        cover = mtl.number("CLOUD_COVER", groups[0])
        if mtl.number("SUN_ELEVATION", groups[0]) > 0:
            listed.append(ListedScene(asset, mtl, cover, f"EPSG:326{zone:02d}"))
    return listed


def _join_toa(rows: Sequence[tuple[ListedScene, F32]]) -> DailyMosaic:
    """Return the joined rows of a day as physical values, with earlier rows on top."""
    top = rows[0][1]
    for _, below in rows[1:]:
        is_free = (top[:-2] == NO_VALUE).all(axis=0) & (below[:-2] != NO_VALUE).any(axis=0)
        top = np.where(is_free, below, top)
    bands, bits = top[:-2], top[-2:].astype(np.uint16)
    values = np.where(bands == NO_VALUE, np.nan, bands).astype(np.float32)
    n_bands = len(values)
    return DailyMosaic(
        rows[0][0].mtl.day, values, np.ones(n_bands), np.zeros(n_bands), bits[0], bits[1]
    )
