"""Scenes of Landsat 8 and 9 from Earth Engine, one stacked request a site."""

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
from minecover.sources.earth_engine.delivery import in_pieces
from minecover.sources.earth_engine.images import NO_VALUE, Wanted
from minecover.sources.mtl import Mtl
from minecover.sources.product import QA_FILL, Scene, mosaic

U16 = NDArray[np.uint16]
F64 = NDArray[np.float64]

#: What stands in the quality bands where there is no data.
BITS = {"QA_PIXEL": QA_FILL, "QA_RADSAT": 0}
PAN = "B8"
#: Properties of an image that say which scene it is.
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
    """Read scenes of Collection 2, Level 1.

    Parameters
    ----------
    client : EarthEngine
        The service.
    collections : sequence of str
        Ids of image collections: ``.../T1_TOA`` for ``"toa"``, ``.../T1`` for ``"dn"``.
    radiometry : {"toa", "dn"}
        What is asked for: Earth Engine's reflectance and brightness temperature as float32, or
        USGS's digital numbers, half the size, with the scaling of each scene.
    bands : sequence of str
        Bands to read.
    first_day, last_day : str
        ISO days, both included.
    cloud_cover_max : float
        Scenes with more clouds over the whole of their 185 km are not fetched [%].
    """

    client: EarthEngine
    collections: Sequence[str]
    radiometry: str
    bands: Sequence[str]
    first_day: str
    last_day: str
    cloud_cover_max: float

    def __post_init__(self) -> None:
        """Check every choice; nothing is asked."""
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
        """Fetch the site's scenes onto ``site.read_grid``, one a day, by date.

        Scenes of the grid's own zone are copied, others interpolated; quality bits are those of
        the nearest pixel, the 15 m pan band its mean over each pixel. Rows of one pass are
        joined; dates that show nothing of the site are left out.

        Raises
        ------
        NotCoveredError, CloudyError
            If no scene of the period shows the site; if all that do are too cloudy.
        SceneError, AccessError
            If the service's answers stay wrong; if it answers nothing to us at all.
        """
        listed, grid = self._listed(site), site.read_grid
        wanted = [self._wanted(one, grid) for one in listed]
        stack = in_pieces(self.client.scenes, wanted, grid, planes_each=len(wanted[0].kinds))
        shots = list(zip(listed, self._in_order(stack, wanted[0]), strict=True))
        passes = [list(shots) for _, shots in groupby(shots, key=lambda shot: shot[0].mtl.day)]
        join = _joined_toa if self.radiometry == "toa" else self._joined_dn
        seen = [one for one in map(join, passes) if one.shows(site.halo_px)]
        if not seen:
            raise NotCoveredError(
                f"{len(listed)} scenes were announced for site {site.site_id} and show nothing "
                "of it. Lay the site elsewhere (sites.layouts)."
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

    def _listed(self, site: Site) -> list[Listed]:
        """List the scenes over a site that are clear enough, by day, path and row."""
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
                f"no scene of {', '.join(self.collections)} shows site {site.site_id} from "
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
        """Name the properties that turn the bands' digital numbers into physics."""
        if self.radiometry == "toa":
            return []
        reflective = [b.removeprefix("B") for b in self.bands if b in REFLECTIVE]
        thermal = [b.removeprefix("B") for b in self.bands if b in THERMAL]
        return [
            *(f"REFLECTANCE_{key}_BAND_{n}" for n in reflective for key in ("MULT", "ADD")),
            *(f"RADIANCE_{key}_BAND_{n}" for n in thermal for key in ("MULT", "ADD")),
            *(f"{key}_CONSTANT_BAND_{n}" for n in thermal for key in ("K1", "K2")),
        ]

    def _wanted(self, listed: Listed, grid: Grid) -> Wanted:
        return Wanted(
            asset=listed.asset,
            bands=tuple(band for band in self.bands if band != PAN),
            pan=PAN if PAN in self.bands else None,
            bits=BITS,
            is_count=self.radiometry == "dn",
            is_smooth=not (grid.is_on_lattice and grid.crs == listed.crs),
        )

    def _in_order(self, stack: F32, wanted: Wanted) -> F32:
        """Put the planes into the order of the bands, quality bits last."""
        names = list(wanted.kinds)
        return stack[:, [names.index(name) for name in (*self.bands, *BITS)]]

    def _joined_dn(self, shots: Sequence[tuple[Listed, F32]]) -> Day:
        """Join the rows of a day in digital numbers, temperatures in USGS's scaling."""
        scenes = []
        for listed, planes in shots:
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
        return Day(top.day, top.dn, top.scale, top.offset, top.qa, top.radsat)


@dataclass(frozen=True, slots=True)
class Listed:
    """A scene that Earth Engine announces."""

    asset: str
    mtl: Mtl
    cloud_cover: float
    crs: str


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """What one day shows of a grid: a slice of a `Cube`."""

    day: date
    dn: U16 | F32  # (band, row, col); 0 or NaN is no data
    scale: F64  # (band,)
    offset: F64
    qa: U16  # (row, col)
    radsat: U16

    def shows(self, halo_px: int) -> bool:
        """Whether there is data in any pixel inside the halo."""
        rows, cols = self.qa.shape
        core = self.dn[:, halo_px : rows - halo_px, halo_px : cols - halo_px]
        return bool(((core > 0) | (core < 0)).any())


def _rows(collection: str, table: Listing) -> list[Listed]:
    """Turn a collection's lists of properties into scenes, leaving out those of the night."""
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
            listed.append(Listed(asset, mtl, cover, f"EPSG:326{zone:02d}"))
    return listed


def _joined_toa(shots: Sequence[tuple[Listed, F32]]) -> Day:
    """Join the rows of a day in physical values, earlier rows on top."""
    top = shots[0][1]
    for _, below in shots[1:]:
        is_free = (top[:-2] == NO_VALUE).all(axis=0) & (below[:-2] != NO_VALUE).any(axis=0)
        top = np.where(is_free, below, top)
    bands, bits = top[:-2], top[-2:].astype(np.uint16)
    values = np.where(bands == NO_VALUE, np.nan, bands).astype(np.float32)
    n_bands = len(values)
    return Day(
        shots[0][0].mtl.day, values, np.ones(n_bands), np.zeros(n_bands), bits[0], bits[1]
    )
