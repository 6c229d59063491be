"""Landsat products: read them onto a grid, join rows of one path."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.core import landsat
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.landsat import THERMAL
from minecover.core.raster import Method, read_band
from minecover.sources.digital_numbers import Expected, stored_pixels
from minecover.sources.mtl import Mtl

log = logging.getLogger(__name__)

U16 = NDArray[np.uint16]
F64 = NDArray[np.float64]

_QUALITY = ("QA_PIXEL.TIF", "QA_RADSAT.TIF", "BQA.TIF")
#: Value of the quality band, in every layout, where a scene has no data.
QA_FILL = 1


@dataclass(frozen=True, slots=True)
class Product:
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
        """Return bands and quality bits on a grid.

        Parameters
        ----------
        bands : sequence of str
            Bands to read.
        grid : Grid
            Grid of the result.
        dn : (band, row, col) uint16
            Filled with the digital numbers and used in the result, to save a copy.

        Raises
        ------
        SceneError
            If a file is missing or damaged, holds no digital numbers or pixels of another
            size, or the MTL lacks a coefficient.
        """
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
            radsat=self._radsat(grid),
            qa_layout=self.mtl.collection if quality in self.files else "none",
        )

    def _plane(self, band: str, path: Path, grid: Grid) -> U16:
        method: Method = "average" if band == "B8" else "bilinear"
        expected = self._expected(band)
        stored = stored_pixels(path, expected)
        if not stored.is_dn:
            scale, offset = self._scaling(band)
            return landsat.encode(
                stored.values(read_band(path, grid, resampling=method)), scale, offset
            )
        dn = _digital_numbers(path, grid, method, fill=0)
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
            is_pan=band == "B8",
        )

    def _scaling(self, band: str) -> tuple[float, float]:
        if band not in THERMAL:
            return self.mtl.reflectance(band)
        if self.mtl.level == 2:
            return self.mtl.surface_temperature(band)
        return landsat.KELVIN_SCALE, landsat.KELVIN_OFFSET

    def _bits(self, part: str, grid: Grid, *, fill: int) -> U16:
        if part not in self.files:
            _warn_missing_once(self.product_id, part)
            return np.zeros(grid.shape, np.uint16)
        return _digital_numbers(self.files[part], grid, "nearest", fill=fill)

    def _radsat(self, grid: Grid) -> U16:
        # Before Collection 2, saturation was part of BQA or not delivered.
        if self.mtl.collection != "c2":
            return np.zeros(grid.shape, np.uint16)
        return self._bits("QA_RADSAT.TIF", grid, fill=0)

    def _paths(self, bands: Sequence[str]) -> list[Path]:
        """Return the files of the bands; an error names all that are missing."""
        parts = [self._part(band) for band in bands]
        missing = [f"{self.product_id}_{part}" for part in parts if part not in self.files]
        if missing:
            raise SceneError(
                f"{self.folder} lacks {', '.join(missing)} "
                f"(found: {', '.join(sorted(self.files))}). Download the missing files, "
                "or remove the bands from source.scenes.bands."
            )
        return [self.files[part] for part in parts]

    def _part(self, band: str) -> str:
        if self.mtl.level == 1:
            return f"{band}.TIF"
        return f"ST_{band}.TIF" if band in THERMAL else f"SR_{band}.TIF"


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One product on a grid.

    Parameters
    ----------
    name : str
        Product id.
    day : date
        Day of acquisition.
    dn : (band, row, col) uint16
        Digital numbers; 0 is fill.
    scale, offset : (band,) float64
        ``value = dn * scale + offset``: reflectance [1] or temperature [K].
    qa, radsat : (row, col) uint16
        Bits of the quality band and of QA_RADSAT.
    qa_layout : str
        Name of the quality layout, ``"none"`` without a quality band.
    """

    name: str
    day: date
    dn: U16
    scale: F64
    offset: F64
    qa: U16
    radsat: U16
    qa_layout: str

    def has_data(self, halo_px: int) -> bool:
        """Return whether any pixel inside the halo has data."""
        rows, cols = self.qa.shape
        return bool(self.dn[:, halo_px : rows - halo_px, halo_px : cols - halo_px].any())


def mosaic(scenes: Sequence[Scene]) -> Scene:
    """Return scenes of one day joined, the first on top and in its scaling.

    Adjacent rows overlap in a strip of the same measurement, and differ slightly in sun
    elevation and therefore in scaling.

    Parameters
    ----------
    scenes : sequence of Scene
        Scenes on the same grid, at least one.
    """
    top = scenes[0]
    common_layout(scenes)
    for below in scenes[1:]:
        # Bands end unevenly at an edge: a pixel with all of them wins over one with some.
        is_free = (~top.dn.any(axis=0) & below.dn.any(axis=0)) | (
            ~top.dn.all(axis=0) & below.dn.all(axis=0)
        )
        top = replace(
            top,
            dn=np.where(is_free, _rescaled(below, top), top.dn),
            qa=np.where(is_free, below.qa, top.qa),
            radsat=np.where(is_free, below.radsat, top.radsat),
        )
    return top


def common_layout(scenes: Iterable[Scene]) -> str:
    """Return the quality layout that the scenes of one cube share.

    Parameters
    ----------
    scenes : iterable of Scene
        At least one scene.

    Raises
    ------
    SceneError
        If the layouts differ, which includes scenes without a quality band.
    """
    examples = {scene.qa_layout: scene.name for scene in scenes}
    if len(examples) != 1:
        found = ", ".join(f"{layout} ({name})" for layout, name in sorted(examples.items()))
        raise SceneError(
            f"scenes of one site must share a quality layout, found {found}. "
            "Use products of one collection, and download the quality band of every product."
        )
    return next(iter(examples))


@cache
def _warn_missing_once(product_id: str, part: str) -> None:
    """Warn, once per process, that a product has no quality band."""
    log.warning("%s has no %s, so no pixel is masked by it.", product_id, part)


@cache
def _kelvin_of_counts(**constants: float) -> U16:
    """Return a lookup table from Level-1 thermal digital numbers to encoded temperature."""
    counts = np.arange(65536).astype(np.uint16)
    return landsat.kelvin_dn(landsat.brightness_temperature(counts, **constants))


def _digital_numbers(path: Path, grid: Grid, method: Method, *, fill: int) -> U16:
    """Return a band as uint16, whatever the dtype of its file."""
    found = read_band(path, grid, resampling=method, fill=fill)
    if found.dtype == np.uint16:
        return found.astype(np.uint16, copy=False)
    values = found.astype(np.float64)
    if values.min() < 0 or values.max() > 65535:
        raise SceneError(
            f"{path} must contain digital numbers in 0..65535, found {values.min():g} to "
            f"{values.max():g}. Use the file as USGS delivered it, unscaled."
        )
    return np.rint(values).astype(np.uint16)


def _rescaled(scene: Scene, like: Scene) -> U16:
    """Return digital numbers of `scene` in the scaling of `like`."""
    scale, offset, to_scale, to_offset = (
        each[:, None, None] for each in (scene.scale, scene.offset, like.scale, like.offset)
    )
    dn = np.rint((scene.dn * scale + offset - to_offset) / to_scale)
    return np.where(scene.dn == 0, 0, np.clip(dn, 1, 65535)).astype(np.uint16)
