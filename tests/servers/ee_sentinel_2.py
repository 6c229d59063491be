"""Sentinel-2 and annual embeddings as the local Earth Engine has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from affine import Affine

from minecover.core.grid import Grid
from minecover.core.sensors import MSI
from servers.ee_assets import DrawnAssets, draw_asset, time_of
from servers.ee_graph import Asset
from servers.ee_rasters import F64, Raster

SURFACE = "COPERNICUS/S2_SR_HARMONIZED"
SCORE = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
ANNUAL = "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL"
#: Sides of the pixels [m] by the names of the bands in the service.
SIDES_M = {
    MSI.native(band).replace("B0", "B"): MSI.bands[band].pixel_m for band in MSI.surface
} | {"SCL": 20.0, "cs_cdf": 10.0}
#: Corner of the squares, and their side [m].
CORNER, SIDE_M = (700_020.0, 9_800_020.0), 1200


def square_of(pixel_m: float, corner: tuple[float, float], crs: str) -> Grid:
    """Return the square at a corner, in the zone of its tile."""
    n = round(SIDE_M / pixel_m)
    t = Affine(pixel_m, 0, corner[0], 0, -pixel_m, corner[1])
    return Grid(crs, t, (n, n))


@dataclass(frozen=True)
class DrawnTile:
    """A tile to draw: its square at `corner`, with one value a band or an array of pixels."""

    time: str = "2017-01-15T08:12:41"
    pass_begin: str = "20170115T081241"
    tile: str = "35MQU"
    crs: str = "EPSG:32735"
    corner: tuple[float, float] = CORNER
    cloud_cover: float = 10.0
    craft: str = "Sentinel-2A"
    baseline: str = "02.04"
    generated: str = "2017-01-15T12:00:00"

    @property
    def index(self) -> str:
        """Id of the image, which the processing is a part of."""
        made = self.generated.replace("-", "").replace(":", "")
        return f"{self.pass_begin}_{made}_T{self.tile}"

    def asset(self, **planes: float | F64) -> Asset:
        """Return the tile as an asset; its bands have pixels of three sizes."""
        rasters = {}
        for band, plane in planes.items():
            grid = square_of(SIDES_M[band], self.corner, self.crs)
            values = np.broadcast_to(np.asarray(plane, np.float64), grid.shape)
            rasters[band] = Raster(values, grid)
        about: dict[str, float | str] = {
            "system:time_start": time_of(self.time),
            "SPACECRAFT_NAME": self.craft,
            "DATATAKE_IDENTIFIER": f"GS2A_{self.pass_begin}_008200_N{self.baseline}",
            "GRANULE_ID": f"L2A_T{self.tile}_A008200_{self.pass_begin}",
            "MGRS_TILE": self.tile,
            "PROCESSING_BASELINE": self.baseline,
            "GENERATION_TIME": time_of(self.generated),
            "CLOUDY_PIXEL_PERCENTAGE": self.cloud_cover,
        }
        return draw_asset(self.index, rasters, **about)


def annual_embedding(year: int, planes: F64, grid: Grid, zone: str = "35S") -> Asset:
    """Return the embedding of a year, (64, row, col)."""
    rasters = {f"A{i:02d}": Raster(plane, grid) for i, plane in enumerate(planes)}
    about: dict[str, float | str] = {
        "system:time_start": time_of(f"{year}-01-01T00:00:00"),
        "UTM_ZONE": zone,
    }
    return draw_asset(f"x_{year}", rasters, **about)


def sentinel_2_assets(*tiles: Asset, scores: Mapping[str, Asset] | None = None) -> DrawnAssets:
    """Return a catalogue of tiles, with scores by the index of their tile."""
    return DrawnAssets({SURFACE: tiles, SCORE: list((scores or {}).values()), ANNUAL: ()})
