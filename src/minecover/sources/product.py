"""Products of satellites as downloaded: their interface, and scenes read from them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster import Band, Method, read_band

log = logging.getLogger(__name__)

U16 = NDArray[np.uint16]
F64 = NDArray[np.float64]

#: Value of Landsat's quality band, in every layout, where a scene has no data.
QA_FILL = 1


class Product(Protocol):
    """Interface of a product: one scene of one processing level, as files."""

    @property
    def product_id(self) -> str:
        """Name of the product."""
        ...

    @property
    def day(self) -> date:
        """Day of acquisition."""
        ...

    @property
    def platform(self) -> str:
        """Satellite, by its name in `minecover.core.sensors`."""
        ...

    @property
    def level(self) -> int:
        """Processing level: 1 (top of atmosphere) or 2 (surface)."""
        ...

    @property
    def scene(self) -> tuple[str | int, ...]:
        """What all versions of one scene share, beside its day: path and row, or its tile."""
        ...

    @property
    def version(self) -> tuple[str | int, ...]:
        """Version of the processing; of two versions of a scene the greater one is read."""
        ...

    def grid(self, bands: Sequence[str]) -> Grid:
        """Return the grid of the first band, in a northern UTM zone.

        Raises
        ------
        SceneError
            Naming all bands that are missing.
        """
        ...

    def n_bytes(self, bands: Sequence[str]) -> int:
        """Return the size of the files that are read for the bands [bytes]."""
        ...

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
            size, or the metadata lack a coefficient.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One product on a grid.

    Parameters
    ----------
    name : str
        Product id.
    day : date
        Day of acquisition.
    dn : (band, row, col) uint16 or float32
        Digital numbers, 0 is fill; or physical values, NaN is fill.
    scale, offset : (band,) float64
        ``value = dn * scale + offset``: reflectance [1] or temperature [K].
    qa : (row, col) uint16
        Bits of the quality band.
    saturated : (row, col) bool
        Where a reflective band is saturated or the sensor dropped the pixel.
    qa_layout : str
        Name of the quality layout, ``"none"`` without a quality band.
    """

    name: str
    day: date
    dn: U16 | F32
    scale: F64
    offset: F64
    qa: U16
    saturated: NDArray[np.bool_]
    qa_layout: str

    def has_data(self, halo_px: int) -> bool:
        """Return whether any pixel inside the halo has data."""
        rows, cols = self.qa.shape
        core = self.dn[:, halo_px : rows - halo_px, halo_px : cols - halo_px]
        return bool(_has_value(core).any())


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
        here, there = _has_value(top.dn), _has_value(below.dn)
        is_free = (~here.any(axis=0) & there.any(axis=0)) | (
            ~here.all(axis=0) & there.all(axis=0)
        )
        top = replace(
            top,
            dn=np.where(is_free, _rescaled(below, top), top.dn),
            qa=np.where(is_free, below.qa, top.qa),
            saturated=np.where(is_free, below.saturated, top.saturated),
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
def warn_missing_once(product_id: str, file: str) -> None:
    """Warn, once per process, that a product has no quality band.

    Parameters
    ----------
    product_id, file : str
        Names of the product and of the missing file.
    """
    log.warning("%s has no %s, so no pixel is masked by it.", product_id, file)


def read_digital_numbers(
    path: Path, grid: Grid, method: Method, *, fill: int = 0, saturated: int | None = None
) -> U16:
    """Return a band as uint16, whatever the dtype of its file.

    Parameters
    ----------
    path, grid, method, fill, saturated
        See `minecover.core.raster.read_band`.

    Raises
    ------
    SceneError
        If the file cannot be read, or holds other numbers.
    """
    found = read_band(path, grid, resampling=method, fill=fill, saturated=saturated)
    return as_digital_numbers(found, str(path))


def as_digital_numbers(found: Band, name: str) -> U16:
    """Return pixels as uint16.

    Parameters
    ----------
    found : array
        Pixels as read.
    name : str
        Name of the file, for error messages.

    Raises
    ------
    SceneError
        If they are other numbers.
    """
    if found.dtype == np.uint16:
        return found.astype(np.uint16, copy=False)
    values = found.astype(np.float64)
    if values.min() < 0 or values.max() > 65535:
        raise SceneError(
            f"{name} must contain digital numbers in 0..65535, found {values.min():g} to "
            f"{values.max():g}. Use the file as delivered, unscaled."
        )
    return np.rint(values).astype(np.uint16)


def _has_value(dn: U16 | F32) -> NDArray[np.bool_]:
    """Return where digital numbers or physical values are no fill."""
    is_integer = np.issubdtype(dn.dtype, np.unsignedinteger)
    return np.asarray(dn != 0) if is_integer else np.isfinite(dn)


def _rescaled(scene: Scene, like: Scene) -> U16 | F32:
    """Return digital numbers of `scene` in the scaling of `like`."""
    scale, offset, to_scale, to_offset = (
        each[:, None, None] for each in (scene.scale, scene.offset, like.scale, like.offset)
    )
    dn = (scene.dn * scale + offset - to_offset) / to_scale
    if np.issubdtype(scene.dn.dtype, np.floating):
        return dn.astype(np.float32)
    return np.where(scene.dn == 0, 0, np.clip(np.rint(dn), 1, 65535)).astype(np.uint16)
