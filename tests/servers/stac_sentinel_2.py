"""Sentinel-2 scenes as two catalogues describe and deliver them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from minecover.core.grid import Grid
from minecover.core.sensors import MSI
from servers.stac import DrawnScene

SENTINEL_2 = "sentinel-2-l2a"
#: Names of the bands of 20 and 60 m in Earth Search, which differ from the common ones.
RED_EDGE = {"rededge071": "rededge1", "rededge075": "rededge2", "rededge078": "rededge3"}
#: Names of the files by band, and that of the classes.
PLANETARY_COMPUTER = {band: MSI.native(band) for band in MSI.surface}
EARTH_SEARCH = {band: RED_EDGE.get(band, band) for band in MSI.surface}
APPLIED = "earthsearch:boa_offset_applied"
#: Reflectance of a forest by band, in digital numbers without an offset.
FOREST = {"red": 300, "nir08": 3500, "nir": 3400}
OTHER_BANDS = 600
VEGETATION = 4


@dataclass(frozen=True)
class DrawnTile(DrawnScene):
    """A tile to be written, of forest unless its files say otherwise.

    `grid` has pixels of 10 m. The files were raised by `offset`, whatever the item says.
    """

    name: str = "S2A_35MRT_20170115_0_L2A"
    platform: str = "sentinel-2a"
    tile: str = "35MRT"
    baseline: str | None = "05.00"
    generated: str = "2020-01-01T00:00:00Z"
    datatake: str = "GS2A_20170115T081000_008200_N05.00"
    datastrip: str = "S2A_OPER_MSI_L2A_DS_ESRI_20200101T000000_S20170115T081003_N05.00"
    offset: int = 1000
    #: What Earth Search says of the offset; None: the tile is one of the Planetary Computer.
    applied: bool | None = None

    @property
    def collection(self) -> str:
        """Id of the collection, which is the same in both catalogues."""
        return SENTINEL_2

    @property
    def names(self) -> Mapping[str, str]:
        """Names of the files by band, and of the classes."""
        if self.applied is None:
            return {**PLANETARY_COMPUTER, "classes": "SCL"}
        return {**EARTH_SEARCH, "classes": "scl"}

    @property
    def planes(self) -> dict[str, int | NDArray[np.uint16]]:
        """Pixels of each file."""
        names = self.names
        bands = {band: FOREST.get(band, OTHER_BANDS) + self.offset for band in MSI.surface}
        return {names[band]: value for band, value in (bands | {"classes": VEGETATION}).items()}

    def file_grid(self, asset: str) -> Grid:
        """Return the grid of a file, with its own pixels over the same ground."""
        (band,) = (band for band, name in self.names.items() if name == asset)
        side_m = 20.0 if band == "classes" else MSI.bands[band].pixel_m
        n, t = side_m / 10, self.grid.transform
        rows, cols = (int(px / n) for px in self.grid.shape)
        return Grid(self.grid.crs, t @ Affine.scale(n), (rows, cols))

    @property
    def properties(self) -> dict[str, object]:
        """Properties of the item: those that one of the catalogues has."""
        code = int(self.grid.crs.removeprefix("EPSG:"))
        common = {
            "eo:cloud_cover": self.clouds,
            "proj:epsg": code,
            "s2:processing_baseline": self.baseline,
            "s2:generation_time": self.generated,
            "s2:datatake_id": self.datatake,
            "s2:datastrip_id": self.datastrip,
        }
        if self.applied is None:
            platform = self.platform.capitalize()[:-1] + self.platform[-1].upper()
            return {**common, "platform": platform, "s2:mgrs_tile": self.tile}
        grid = {"platform": self.platform, "grid:code": f"MGRS-{self.tile}"}
        return {**common, **grid, APPLIED: self.applied}

    def renamed(self, **files: int | NDArray[np.uint16]) -> dict[str, int | NDArray[np.uint16]]:
        """Return pixels by the names of the files, given by band or as "classes"."""
        return {self.names[band]: value for band, value in files.items()}
