"""Landsat products that tests draw, with one value for all pixels of a band."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from minecover.core.grid import Grid
from minecover.core.raster import Band, write_planes
from minecover.core.sites import Site

#: A site of 4 x 4 pixels, and a scene that is 3 pixels larger on every side.
SITE = Site("site", "site", Grid.around("EPSG:32635", 700_000, -200_000, size_px=4), 1)
FOOTPRINT = SITE.grid.grown(3)
#: Content of every MTL; numbers are text, as in files of USGS.
GROUPS = {
    "PRODUCT_CONTENTS": {"COLLECTION_NUMBER": "02"},
    "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {
        "REFLECTANCE_MULT_BAND_4": "2.75e-05",
        "REFLECTANCE_ADD_BAND_4": "-0.2",
    },
    "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS": {
        "TEMPERATURE_MULT_BAND_ST_B10": "0.00341802",
        "TEMPERATURE_ADD_BAND_ST_B10": "149.0",
    },
    "LEVEL1_RADIOMETRIC_RESCALING": {
        **{f"REFLECTANCE_MULT_BAND_{n}": "2.0000E-05" for n in range(1, 10)},
        **{f"REFLECTANCE_ADD_BAND_{n}": "-0.100000" for n in range(1, 10)},
        "RADIANCE_MULT_BAND_10": "3.3420E-04",
        "RADIANCE_ADD_BAND_10": "0.10000",
    },
    "LEVEL1_THERMAL_CONSTANTS": {
        "K1_CONSTANT_BAND_10": "774.8853",
        "K2_CONSTANT_BAND_10": "1321.0789",
    },
}


#: First letters of a product id by satellite.
PREFIXES = {"LANDSAT_4": "LT04", "LANDSAT_5": "LT05", "LANDSAT_7": "LE07", "LANDSAT_8": "LC08"}


@dataclass(frozen=True)
class DrawnProduct:
    """A product to be written, with one value for all pixels of each band."""

    day: str = "2017-01-15"
    row: int = 61
    level: str = "L1TP"
    sun: float = 59.49769
    grid: Grid = FOOTPRINT
    craft: str = "LANDSAT_8"
    cell_m: float | None = None
    path: int = 173
    sensor: str = "OLI_TIRS"
    #: Groups of the MTL that replace those of `GROUPS`.
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def product_id(self) -> str:
        day = self.day.replace("-", "")
        prefix = PREFIXES.get(self.craft, "LC08")
        return f"{prefix}_{self.level}_{self.path}0{self.row}_{day}_20200905_02_T1"

    def put(self, folder: Path, **parts: int | Band) -> Path:
        """Write the MTL and a file per part ("B4", "QA_PIXEL" ...); return their folder.

        A part is a number for all pixels, as uint16, or the pixels themselves.
        """
        home = folder / self.product_id
        home.mkdir(parents=True, exist_ok=True)
        about = {
            "SPACECRAFT_ID": self.craft,
            "SENSOR_ID": self.sensor,
            "WRS_PATH": str(self.path),
            "WRS_ROW": str(self.row),
            "DATE_ACQUIRED": self.day,
            "SUN_ELEVATION": str(self.sun),
        }
        contents = GROUPS["PRODUCT_CONTENTS"] | {"PROCESSING_LEVEL": self.level}
        own = {"PRODUCT_CONTENTS": contents, "IMAGE_ATTRIBUTES": about, **self.groups}
        groups: dict[str, Mapping[str, str]] = {**GROUPS, **own}
        if self.cell_m is not None:
            size = {"GRID_CELL_SIZE_REFLECTIVE": str(self.cell_m)}
            groups = groups | {"PROJECTION_ATTRIBUTES": size}
        text = json.dumps({"LANDSAT_METADATA_FILE": groups})
        (home / f"{self.product_id}_MTL.json").write_text(text)
        for part, value in parts.items():
            plane: Band = (
                np.full(self.grid.shape, value, np.uint16) if isinstance(value, int) else value
            )
            write_planes(home / f"{self.product_id}_{part}.TIF", {part: plane}, self.grid)
        return home
