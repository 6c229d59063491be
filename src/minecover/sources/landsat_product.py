"""Landsat products: read their bands and quality bits onto a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.core import landsat
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster import Method, read_band, read_grid
from minecover.core.sensors import THERMAL
from minecover.sources.digital_numbers import Expected, stored_pixels
from minecover.sources.mtl import Mtl
from minecover.sources.product import (
    QA_FILL,
    U16,
    Scene,
    read_digital_numbers,
    warn_missing_once,
)

_QUALITY = ("QA_PIXEL.TIF", "QA_RADSAT.TIF", "BQA.TIF")
#: Collections from old to new.
_COLLECTIONS = ("pre", "c1", "c2")


@dataclass(frozen=True, slots=True)
class LandsatProduct:
    """The files of one product.

    Parameters
    ----------
    product_id : str
        Name of the product.
    folder : Path
        Folder of its files.
    files : dict of str to Path
        Files by the part of the name after the product id, in capitals, e.g. ``"B4.TIF"``.
    mtl : Mtl
        Metadata.
    sizes : dict of str to int
        Sizes of files inside an archive [bytes], by part; 0 for files of a folder.
    """

    product_id: str
    folder: Path
    files: dict[str, Path]
    mtl: Mtl
    sizes: dict[str, int]

    @property
    def day(self) -> date:
        """Day of acquisition."""
        return self.mtl.day

    @property
    def platform(self) -> str:
        """Satellite, by its name in `minecover.core.sensors`."""
        return self.mtl.platform

    @property
    def level(self) -> int:
        """Processing level: 1 (top of atmosphere) or 2 (surface)."""
        return self.mtl.level

    @property
    def scene(self) -> tuple[int, int]:
        """Path and row of the scene."""
        return self.mtl.path_row

    @property
    def version(self) -> tuple[int]:
        """Collection."""
        return (_COLLECTIONS.index(self.mtl.collection),)

    def grid(self, bands: Sequence[str]) -> Grid:
        """Return the grid of the first band; an error names all bands that are missing."""
        return stored_pixels(self._paths(bands)[0], self._expected(bands[0])).grid

    def n_bytes(self, bands: Sequence[str]) -> int:
        """Return the size of the files that are read for the bands [bytes]."""
        self._paths(bands)
        parts = [*(self._part(band) for band in bands), *_QUALITY]
        return sum(
            self.sizes[part] or self.files[part].stat().st_size
            for part in parts
            if part in self.files
        )

    def read(self, bands: Sequence[str], grid: Grid, dn: U16) -> Scene:
        """Return bands and quality bits on a grid, see `minecover.sources.product.Product`."""
        paths = self._paths(bands)
        scaling = np.array([self._scaling(band) for band in bands])
        quality = "QA_PIXEL.TIF" if self.mtl.collection == "c2" else "BQA.TIF"
        for plane, band, path in zip(dn, bands, paths, strict=True):
            plane[:] = self._plane(band, path, grid)
        return Scene(
            name=self.product_id,
            day=self.mtl.day,
            dn=dn,
            scale=scaling[:, 0],
            offset=scaling[:, 1],
            qa=self._bits(quality, grid, fill=QA_FILL),
            saturated=self._saturated(grid),
            qa_layout=self.mtl.collection if quality in self.files else "none",
        )

    def _plane(self, band: str, path: Path, grid: Grid) -> U16:
        method: Method = "average" if band == "pan" else "bilinear"
        expected = self._expected(band)
        stored = stored_pixels(path, expected)
        if not stored.is_dn:
            scale, offset = self._scaling(band)
            return landsat.encode(
                stored.values(read_band(path, grid, resampling=method)), scale, offset
            )
        dn = read_digital_numbers(path, grid, method)
        if expected.thermal is None:
            return dn
        return np.take(_kelvin_of_counts(**self.mtl.thermal(band)), dn)

    def _expected(self, band: str) -> Expected:
        """Return what the MTL says of the file of a band."""
        is_radiance = band in THERMAL and self.mtl.level == 1
        scale, offset = self._scaling(band)
        return Expected(
            scale=scale,
            offset=offset,
            is_kelvin=band in THERMAL,
            thermal=tuple(self.mtl.thermal(band).values()) if is_radiance else None,
            pixel_m=self.mtl.cell_size_m(band),
            is_pan=band == "pan",
        )

    def _scaling(self, band: str) -> tuple[float, float]:
        if band not in THERMAL:
            return self.mtl.reflectance(band)
        if self.mtl.level == 2:
            return self.mtl.surface_temperature(band)
        return landsat.KELVIN_SCALE, landsat.KELVIN_OFFSET

    def _bits(self, part: str, grid: Grid, *, fill: int) -> U16:
        if part not in self.files:
            warn_missing_once(self.product_id, part)
            return np.zeros(grid.shape, np.uint16)
        path = self.files[part]
        if not read_grid(path).overlaps(grid):
            raise SceneError(
                f"{path} does not show the ground of its bands at {grid.bounds} m in "
                f"{grid.crs}. Use the file as USGS delivered it."
            )
        return read_digital_numbers(path, grid, "nearest", fill=fill)

    def _saturated(self, grid: Grid) -> NDArray[np.bool_]:
        # Before Collection 2, saturation was part of BQA or not delivered.
        if self.mtl.collection != "c2":
            return np.zeros(grid.shape, np.bool_)
        bits = self._bits("QA_RADSAT.TIF", grid, fill=0)
        return np.asarray(bits & self.mtl.sensor.saturated != 0)

    def _paths(self, bands: Sequence[str]) -> list[Path]:
        """Return the files of the bands; an error names all that are missing."""
        parts = [self._part(band) for band in bands]
        lost = {b: part for b, part in zip(bands, parts, strict=True) if part not in self.files}
        if lost:
            missing = [f"{self.product_id}_{part}" for part in lost.values()]
            raise SceneError(
                f"{self.folder} lacks {', '.join(missing)} "
                f"(found: {', '.join(sorted(self.files))}). Download the missing files, "
                f"or remove {', '.join(lost)} from source.bands."
            )
        return [self.files[part] for part in parts]

    def _part(self, band: str) -> str:
        native = self.mtl.sensor.native(band)
        if self.mtl.level == 1:
            return f"{native}.TIF"
        # Surface temperature is one band, whatever the gain of the sensor: ST_B6, ST_B10.
        return f"ST_{native.split('_')[0]}.TIF" if band in THERMAL else f"SR_{native}.TIF"


@cache
def _kelvin_of_counts(**constants: float) -> U16:
    """Return a lookup table from Level-1 thermal digital numbers to encoded temperature."""
    counts = np.arange(65536).astype(np.uint16)
    return landsat.kelvin_dn(landsat.brightness_temperature(counts, **constants))
