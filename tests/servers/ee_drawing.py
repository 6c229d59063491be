"""Small scenes and clients for tests with the local Earth Engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from affine import Affine

from minecover.core.grid import Grid
from minecover.core.sites import Site
from minecover.sources.earth_engine import EarthEngine, EarthEngineScenes, LandsatImages
from minecover.sources.throttle import Network
from servers.earth_engine import EarthEngineServer
from servers.ee_assets import DrawnAssets, draw_asset
from servers.ee_graph import Asset
from servers.ee_rasters import F64, Raster

#: A site of 4 x 4 pixels, and a scene that is 3 pixels larger on every side.
SITE = Site("site", "site", Grid.around("EPSG:32635", 700_000, -200_000, size_px=4), 1)
FOOTPRINT = SITE.grid.grown(3)
OLI, OLI2 = "LANDSAT/LC08/C02/T1_TOA", "LANDSAT/LC09/C02/T1_TOA"
COUNTS = "LANDSAT/LC08/C02/T1"
#: Collections of reflectance by satellite.
TOA = {
    f"landsat-{n}": f"LANDSAT/{kind}{n:02d}/C02/T1_TOA"
    for n, kind in ((4, "LT"), (5, "LT"), (7, "LE"), (8, "LC"), (9, "LC"))
}
NETWORK = Network(8, 5, 0.001, 0.004, 60, timeout_s=10)


@dataclass(frozen=True)
class DrawnScene:
    """A scene to draw, with one value for all pixels of each band or an array of pixels."""

    day: str = "2017-01-15"
    row: int = 61
    cloud_cover: float = 10.0
    zone: int = 35
    grid: Grid = FOOTPRINT
    satellite: int = 8
    sun_deg: float = 59.49769

    def asset(
        self, extra: Mapping[str, float | str] | None = None, /, **planes: float | F64
    ) -> Asset:
        """Return the scene as an asset; B8 has its own 15 m grid."""
        rasters = {}
        for band, plane in planes.items():
            grid = pan_of(self.grid) if band == "B8" else self.grid
            values = np.broadcast_to(np.asarray(plane, np.float64), grid.shape)
            rasters[band] = Raster(values, grid)
        about: dict[str, float | str] = {
            "SPACECRAFT_ID": f"LANDSAT_{self.satellite}",
            "SENSOR_ID": "OLI_TIRS",
            "DATE_ACQUIRED": self.day,
            "WRS_PATH": 173,
            "WRS_ROW": self.row,
            "UTM_ZONE": self.zone,
            "CLOUD_COVER": self.cloud_cover,
            "SUN_ELEVATION": self.sun_deg,
        }
        index = f"LC{self.satellite:02d}_1730{self.row}_{self.day.replace('-', '')}"
        return draw_asset(index, rasters, **about | dict(extra or {}))

    def plain(self, value: float = 0.25) -> Asset:
        """Return a clear scene with one value of B4."""
        return self.asset(B4=value, QA_PIXEL=21824.0, QA_RADSAT=0.0)


def pan_of(grid: Grid) -> Grid:
    """Return the 15 m grid of a scene, every other pixel of which shares its centre."""
    t, (rows, cols) = grid.transform, grid.shape
    corner = Affine(15, 0, t.c + 7.5, 0, -15, t.f - 7.5)
    return Grid(grid.crs, corner, (2 * rows - 1, 2 * cols - 1))


def collections_of(*assets: Asset, collection: str = OLI) -> DrawnAssets:
    """Return collections with the given images in one of them; the others are empty."""
    empty = [*TOA.values(), *(name.removesuffix("_TOA") for name in TOA.values())]
    return DrawnAssets({**dict.fromkeys(empty, ()), collection: assets})


@dataclass(frozen=True)
class LocalService:
    """A running service, with a client and sources that use it."""

    server: EarthEngineServer
    client: EarthEngine

    def source(
        self,
        *,
        bands: Sequence[str] = ("red",),
        network: Network = NETWORK,
        platforms: Sequence[str] = ("landsat-8", "landsat-9"),
    ) -> EarthEngineScenes:
        """Return a source of reflectance."""
        return EarthEngineScenes(
            client=replace(self.client, network=network),
            platforms=platforms,
            collections=TOA,
            images=LandsatImages("toa"),
            bands=bands,
            first_day="2016-10-15",
            last_day="2017-05-09",
            cloud_cover_max=90.0,
        )

    def counts(
        self, *bands: str, platforms: Sequence[str] = ("landsat-8", "landsat-9")
    ) -> EarthEngineScenes:
        """Return a source of digital numbers."""
        toa = self.source(bands=bands, platforms=platforms)
        counts = {name: asset.removesuffix("_TOA") for name, asset in TOA.items()}
        return replace(toa, collections=counts, images=LandsatImages("dn"))
