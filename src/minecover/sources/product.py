"""One Landsat product: its files by band, read onto a grid, and joined along its path."""

from __future__ import annotations

import logging
import re
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
from minecover.core.raster import Method, read_band, read_grid
from minecover.sources.mtl import Mtl, read_mtl

log = logging.getLogger(__name__)

U16 = NDArray[np.uint16]
F64 = NDArray[np.float64]

_QUALITY = ("QA_PIXEL.TIF", "QA_RADSAT.TIF", "BQA.TIF")
#: What a quality band holds, in every layout, where a scene has no data.
QA_FILL = 1
#: A product id and what a file is of it; every product has one MTL file at least.
_FILE = re.compile(
    r"(?P<id>\w+?)_(?P<part>(?:SR_|ST_)?B\d+\.TIF|BQA\.TIF|QA_(?:PIXEL|RADSAT)\.TIF"
    r"|MTL\.(?:TXT|JSON))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Product:
    """The files of one product."""

    product_id: str
    folder: Path
    files: dict[str, Path]  # by what follows the product id, in capitals: "B4.TIF"
    mtl: Mtl

    def grid(self, bands: Sequence[str]) -> Grid:
        """Where the product lies, by the first of the bands, all of which must be there."""
        return read_grid(self._paths(bands)[0])

    def n_bytes(self, bands: Sequence[str]) -> int:
        """Size of the files that are read."""
        quality = [self.files[part] for part in _QUALITY if part in self.files]
        return sum(path.stat().st_size for path in (*self._paths(bands), *quality))

    def read(self, bands: Sequence[str], grid: Grid, dn: U16) -> Scene:
        """Read bands and quality bits onto `grid`.

        Parameters
        ----------
        bands : sequence of str
        grid : Grid
        dn : (band, row, col) uint16
            Where the scene's digital numbers are put: cubes are large, and copied once.

        Raises
        ------
        SceneError
            If a file is missing or damaged, or the MTL lacks a coefficient.
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
        dn = _digital_numbers(path, grid, method, fill=0)
        if band not in THERMAL or self.mtl.level == 2:
            return dn
        return np.take(_kelvin_of_counts(**self.mtl.thermal(band)), dn)

    def _scaling(self, band: str) -> tuple[float, float]:
        if band not in THERMAL:
            return self.mtl.reflectance(band)
        if self.mtl.level == 2:
            return self.mtl.surface_temperature(band)
        return landsat.KELVIN_SCALE, landsat.KELVIN_OFFSET

    def _bits(self, part: str, grid: Grid, *, fill: int) -> U16:
        if part not in self.files:
            _say_missing(self.product_id, part)
            return np.zeros(grid.shape, np.uint16)
        return _digital_numbers(self.files[part], grid, "nearest", fill=fill)

    def _radsat(self, grid: Grid) -> U16:
        # Before Collection 2 saturation stood in BQA, or nowhere.
        if self.mtl.collection != "c2":
            return np.zeros(grid.shape, np.uint16)
        return self._bits("QA_RADSAT.TIF", grid, fill=0)

    def _paths(self, bands: Sequence[str]) -> list[Path]:
        """Files of the bands; an error names all that are missing."""
        parts = [self._part(band) for band in bands]
        missing = [f"{self.product_id}_{part}" for part in parts if part not in self.files]
        if missing:
            raise SceneError(
                f"{self.folder} lacks {', '.join(missing)} "
                f"(found: {', '.join(sorted(self.files))}). Download what is missing into it, "
                "or take the bands out of source.scenes.bands."
            )
        return [self.files[part] for part in parts]

    def _part(self, band: str) -> str:
        if self.mtl.level == 1:
            return f"{band}.TIF"
        return f"ST_{band}.TIF" if band in THERMAL else f"SR_{band}.TIF"


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What one product shows of a grid."""

    name: str
    day: date
    dn: U16  # (band, row, col), 0 is fill
    scale: F64  # (band,)
    offset: F64
    qa: U16  # (row, col)
    radsat: U16
    qa_layout: str

    def shows(self, halo_px: int) -> bool:
        """Whether there is data in any pixel inside the halo."""
        rows, cols = self.qa.shape
        return bool(self.dn[:, halo_px : rows - halo_px, halo_px : cols - halo_px].any())


def find_products(folder: Path) -> list[Product]:
    """Find the products in a folder or, if it holds none itself, in its subfolders.

    Raises
    ------
    SceneError
        If the folder is missing, or holds images without their MTL file.
    """
    if not folder.is_dir():
        raise SceneError(f"{folder} is no folder. Fix source.scenes.folder.")
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    return _products_in(folder) or [p for inner in folders for p in _products_in(inner)]


def mosaic(scenes: Sequence[Scene]) -> Scene:
    """Join scenes of one day and path: earlier ones on top, in the first one's scaling.

    Adjacent rows share a strip of the same measurement, and differ a little in their sun
    elevation, hence in their scaling.
    """
    top = scenes[0]
    common_layout(scenes)
    for below in scenes[1:]:
        is_free = ~top.dn.any(axis=0) & below.dn.any(axis=0)
        top = replace(
            top,
            dn=np.where(is_free, _rescaled(below, top), top.dn),
            qa=np.where(is_free, below.qa, top.qa),
            radsat=np.where(is_free, below.radsat, top.radsat),
        )
    return top


def common_layout(scenes: Iterable[Scene]) -> str:
    """Name the one quality layout of scenes that go into one cube.

    Raises
    ------
    SceneError
        If they mix layouts, or some have no quality band.
    """
    examples = {scene.qa_layout: scene.name for scene in scenes}
    if len(examples) != 1:
        found = ", ".join(f"{layout} ({name})" for layout, name in sorted(examples.items()))
        raise SceneError(
            f"scenes of one site must share a quality layout, found {found}. "
            "Keep products of one collection, and download the quality band of every product."
        )
    return next(iter(examples))


def _products_in(folder: Path) -> list[Product]:
    """List the products whose files lie in a folder itself."""
    files: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        if name := _FILE.fullmatch(path.name):
            files.setdefault(name["id"], {})[name["part"].upper()] = path
    for product_id, parts in files.items():
        if not {"MTL.TXT", "MTL.JSON"} & set(parts):
            raise SceneError(
                f"{folder} has no {product_id}_MTL.txt or _MTL.json (found: "
                f"{', '.join(sorted(parts))}). Download it: without its coefficients the "
                "digital numbers mean nothing."
            )
    return [
        Product(name, folder, parts, read_mtl(parts.get("MTL.TXT") or parts["MTL.JSON"]))
        for name, parts in files.items()
    ]


@cache
def _say_missing(product_id: str, part: str) -> None:
    """Warn, once in a process, that a product comes without quality bits."""
    log.warning("%s has no %s, which therefore rejects no pixel.", product_id, part)


@cache
def _kelvin_of_counts(**constants: float) -> U16:
    """Tabulate the temperature of every thermal count, as delivered by sources."""
    counts = np.arange(65536).astype(np.uint16)
    return landsat.kelvin_dn(landsat.brightness_temperature(counts, **constants))


def _digital_numbers(path: Path, grid: Grid, method: Method, *, fill: int) -> U16:
    """Read a band as uint16, whatever integers or floats its file holds them in."""
    found = read_band(path, grid, resampling=method, fill=fill)
    if found.dtype == np.uint16:
        return found.astype(np.uint16, copy=False)
    values = found.astype(np.float64)
    if values.min() < 0 or values.max() > 65535:
        raise SceneError(
            f"{path} must hold digital numbers in 0..65535, found {values.min():g} to "
            f"{values.max():g}. Use the file as USGS delivered it, unscaled."
        )
    return np.rint(values).astype(np.uint16)


def _rescaled(scene: Scene, like: Scene) -> U16:
    """Digital numbers of `scene` in the scaling of `like`."""
    scale, offset, to_scale, to_offset = (
        each[:, None, None] for each in (scene.scale, scene.offset, like.scale, like.offset)
    )
    dn = np.rint((scene.dn * scale + offset - to_offset) / to_scale)
    return np.where(scene.dn == 0, 0, np.clip(dn, 1, 65535)).astype(np.uint16)
