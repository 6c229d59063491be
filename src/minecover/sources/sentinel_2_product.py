"""Sentinel-2 products: read their bands and quality classes onto a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.hemispheres import northern
from minecover.core.quality_bits import sentinel_2_quality
from minecover.core.raster import read_band, read_grid
from minecover.core.raster.archives import archive_of
from minecover.sources.product import U16, Scene, read_digital_numbers, warn_missing_once
from minecover.sources.safe import Safe
from minecover.sources.safe_tile import MTD_TILE, SafeTile, read_safe_tile

#: Digital number of saturated pixels.
SATURATED = 65535
#: Suffixes of the images: as ESA delivers them, and before it as others convert them, because
#: windows of GeoTIFFs are read thirty times as fast.
SUFFIXES = (".tif", ".tiff", ".jp2")
#: Bands of Level 1's raster of clouds and snow, by the class of Level 2 that means the same.
#: All other ground is stored as class 5, since the raster says no more of it.
CLASSIFICATION = {11: 3, 10: 2, 9: 1}
OTHER_GROUND = 5


@dataclass(frozen=True)
class Sentinel2Product:
    """The files of one product.

    Parameters
    ----------
    folder : Path
        Folder of the product, ``S2A_MSIL2A_...SAFE``.
    files : mapping of PurePosixPath to Path
        Files by their path in the product.
    safe : Safe
        Metadata.
    sizes : mapping of PurePosixPath to int
        Sizes of files inside an archive [bytes]; 0 for files of a folder.
    """

    folder: Path
    files: Mapping[PurePosixPath, Path]
    safe: Safe
    sizes: Mapping[PurePosixPath, int]

    @property
    def product_id(self) -> str:
        """Name of the product."""
        return self.safe.product_id

    @property
    def day(self) -> date:
        """Day on which the pass began."""
        return self.safe.day

    @property
    def platform(self) -> str:
        """Satellite, by its name in `minecover.core.sensors`."""
        return self.safe.platform

    @property
    def level(self) -> int:
        """Processing level: 1 (L1C) or 2 (L2A)."""
        return self.safe.level

    @property
    def scene(self) -> tuple[str, str, str]:
        """Start of the pass and of the part of it, and tile, e.g. ``"T07HFE"``."""
        image = next(iter(self.safe.images.values()))
        return self.safe.datatake, self.safe.datastrip, image.name.split("_")[0]

    @property
    def version(self) -> tuple[int, int, str]:
        """Processing baseline, and time of the processing."""
        return (*self.safe.baseline, self.safe.generated)

    @property
    def tile(self) -> SafeTile:
        """Metadata of the product's tile."""
        paths = [path for path in self.files if path.name == MTD_TILE]
        if not paths:
            raise SceneError(
                f"{self.folder} has no GRANULE/*/{MTD_TILE}, which tells where its pixels lie. "
                "Download the product again."
            )
        return read_safe_tile(self.files[paths[0]])

    def grid(self, bands: Sequence[str]) -> Grid:
        """Return the grid of the first band; an error names all bands that are missing."""
        path = self._paths(bands)[0]
        file = archive_of(path) or path
        return _image_grid(path, file.stat().st_mtime_ns, tuple(self.tile.grids.values()))

    def n_bytes(self, bands: Sequence[str]) -> int:
        """Return the size of the files that are read for the bands [bytes]."""
        self._paths(bands)
        stems = [self.safe.image(self.safe.sensor.native(band)) for band in bands]
        found = [self._find(stem) for stem in (*stems, self._classes_stem())]
        return sum(
            self.sizes[path] or self.files[path].stat().st_size for path in found if path
        )

    def read(self, bands: Sequence[str], grid: Grid, dn: U16) -> Scene:
        """Return bands and classes on a grid, see `minecover.sources.product.Product`."""
        paths = self._paths(bands)
        natives = [self.safe.sensor.native(band) for band in bands]
        scaling = np.array([self.safe.scaling[native] for native in natives])
        for i, path in enumerate(paths):
            self.grid(bands[i : i + 1])  # refuses an image of another tile or pixel size
            dn[i] = read_digital_numbers(path, grid, "adaptive", saturated=SATURATED)
        classes = self._classes(grid)
        has_data = dn.any(axis=0)
        no_class = np.zeros(grid.shape, np.uint8)
        return Scene(
            name=self.product_id,
            day=self.day,
            dn=dn,
            scale=scaling[:, 0],
            offset=scaling[:, 1],
            qa=sentinel_2_quality(
                no_class if classes is None else np.where(has_data, classes, 0), None
            ),
            saturated=(dn == SATURATED).any(axis=0),
            qa_layout="none" if classes is None else "s2",
        )

    def _classes(self, grid: Grid) -> NDArray[np.generic] | None:
        """Return the classes of Level 2 on a grid; None if the product has none."""
        stem = self._classes_stem()
        path = self._find(stem)
        if path is None:
            name = stem.name if stem else "raster of clouds (MSK_CLASSI)"
            warn_missing_once(self.product_id, name)
            return None
        if self.level == 2:
            return read_band(self.files[path], grid, resampling="nearest")
        classes = np.full(grid.shape, OTHER_GROUND, np.uint8)
        for value, number in CLASSIFICATION.items():
            flag = read_band(self.files[path], grid, resampling="nearest", number=number)
            classes[flag != 0] = value
        return classes

    def _classes_stem(self) -> PurePosixPath | None:
        """Return the path, without suffix, of the raster with classes of cloud and snow."""
        if self.level == 2:
            return self.safe.image("SCL")
        mask = self.tile.classification
        return None if mask is None else mask.with_suffix("")

    def _paths(self, bands: Sequence[str]) -> list[Path]:
        """Return the files of the bands; an error names all that are missing."""
        stems = {band: self.safe.image(self.safe.sensor.native(band)) for band in bands}
        found = {band: self._find(stem) for band, stem in stems.items()}
        lost = [band for band, path in found.items() if path is None]
        if lost:
            missing = [str(stem.name if (stem := stems[b]) else b) for b in lost]
            raise SceneError(
                f"{self.folder} lacks {', '.join(missing)} (.jp2 or .tif). "
                f"Download the missing files, or remove {', '.join(lost)} from source.bands."
            )
        return [self.files[path] for path in found.values() if path]

    def _find(self, stem: PurePosixPath | None) -> PurePosixPath | None:
        """Return the path of an image in the product, whatever its format; None if missing."""
        if stem is None:
            return None
        paths = (stem.parent / f"{stem.name}{suffix}" for suffix in SUFFIXES)
        return next((path for path in paths if path in self.files), None)


@lru_cache(maxsize=16384)
def _image_grid(path: Path, stamp: int, tile: tuple[Grid, ...]) -> Grid:
    """Return the grid of an image, which may be a part of one of the tile's grids."""
    grid = read_grid(path)
    for whole in tile:
        t, g = whole.transform, grid.transform
        col, row = ~t @ (g.c, g.f)
        is_aligned = (t.a, t.e, whole.crs) == (g.a, g.e, grid.crs) and col % 1 == row % 1 == 0
        if is_aligned and whole.overlaps(grid):
            return northern(grid)
    sizes = ", ".join(f"{whole.transform.a:g}" for whole in tile)
    raise SceneError(
        f"{path} must have pixels of {sizes} m of {tile[0].crs} in the tile of its product, as "
        f"{MTD_TILE} describes it, found {grid.transform.a:g} m of {grid.crs} from "
        f"{grid.transform.c:g}, {grid.transform.f:g}. Use the file as ESA delivered it."
    )
