"""Little scenes and clients for tests of the local Earth Engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from affine import Affine

from minecover.core.grid import Grid
from minecover.core.sites import Site
from minecover.sources.earth_engine import EarthEngine, EarthEngineScenes
from minecover.sources.throttle import Network
from servers.earth_engine import EarthEngineServer
from servers.ee_assets import Drawn, drawn
from servers.ee_graph import Asset
from servers.ee_rasters import F64, Raster

#: The scored 4 x 4 pixels, and a scene that reaches 3 pixels further on every side.
SITE = Site("site", "site", Grid.around("EPSG:32635", 700_000, -200_000, size_px=4), 1)
FOOTPRINT = SITE.grid.grown(3)
OLI, OLI2 = "LANDSAT/LC08/C02/T1_TOA", "LANDSAT/LC09/C02/T1_TOA"
COUNTS = "LANDSAT/LC08/C02/T1"
NETWORK = Network(8, 5, 0.001, 0.004, 60, timeout_s=10)


@dataclass(frozen=True)
class Shown:
    """A scene to draw: one value for all pixels of each band, or a plane."""

    day: str = "2017-01-15"
    row: int = 61
    cloud_cover: float = 10.0
    zone: int = 35
    grid: Grid = FOOTPRINT
    satellite: int = 8
    sun_deg: float = 59.49769

    def asset(self, extra: Mapping[str, float] | None = None, **planes: float | F64) -> Asset:
        """Draw it; B8 lies on its own lattice of 15 m."""
        rasters = {}
        for band, plane in planes.items():
            grid = pan_of(self.grid) if band == "B8" else self.grid
            values = np.broadcast_to(np.asarray(plane, np.float64), grid.shape)
            rasters[band] = Raster(values, grid)
        about: dict[str, float | str] = {
            "SPACECRAFT_ID": f"LANDSAT_{self.satellite}",
            "DATE_ACQUIRED": self.day,
            "WRS_PATH": 173,
            "WRS_ROW": self.row,
            "UTM_ZONE": self.zone,
            "CLOUD_COVER": self.cloud_cover,
            "SUN_ELEVATION": self.sun_deg,
        }
        index = f"LC{self.satellite:02d}_1730{self.row}_{self.day.replace('-', '')}"
        return drawn(index, rasters, **about | dict(extra or {}))

    def plain(self, value: float = 0.25) -> Asset:
        """Draw B4 of one value, clear everywhere."""
        return self.asset(B4=value, QA_PIXEL=21824.0, QA_RADSAT=0.0)


def pan_of(grid: Grid) -> Grid:
    """Lay the 15 m lattice of a scene, whose centres are every other one's of 30 m."""
    t, (rows, cols) = grid.transform, grid.shape
    corner = Affine(15, 0, t.c + 7.5, 0, -15, t.f - 7.5)
    return Grid(grid.crs, corner, (2 * rows - 1, 2 * cols - 1))


def held(*assets: Asset, collection: str = OLI) -> Drawn:
    """Put images into a collection; the other ones are empty."""
    return Drawn({OLI: (), OLI2: (), COUNTS: (), collection: assets})


@dataclass(frozen=True)
class Desk:
    """A server and a source that asks it."""

    server: EarthEngineServer
    client: EarthEngine

    def source(
        self, *, bands: Sequence[str] = ("B4",), network: Network = NETWORK
    ) -> EarthEngineScenes:
        """Ask for reflectance of the usual period."""
        return EarthEngineScenes(
            client=replace(self.client, network=network),
            collections=(OLI, OLI2),
            radiometry="toa",
            bands=bands,
            first_day="2016-10-15",
            last_day="2017-05-09",
            cloud_cover_max=90.0,
        )

    def counts(self, *bands: str) -> EarthEngineScenes:
        """Ask for digital numbers."""
        toa = self.source(bands=bands)
        return replace(toa, collections=(COUNTS,), radiometry="dn")
