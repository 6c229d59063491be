"""Write Cloud Optimized GeoTIFFs block by block, for rasters larger than memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.io import DatasetWriter
from rasterio.shutil import copy as copy_raster
from rasterio.windows import Window

from minecover.core.errors import SceneError
from minecover.core.files import replacing
from minecover.core.grid import Grid
from minecover.core.raster import Band

#: Side of the inner blocks of a COG [pixels], as in USGS products.
BLOCK_PX = 256


@dataclass(frozen=True, slots=True, eq=False)
class CogWriter:
    """A single-band raster that is being written.

    Parameters
    ----------
    draft : DatasetWriter
        The open file.
    """

    draft: DatasetWriter

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (self.draft.height, self.draft.width)

    def write(self, values: Band, row: int, col: int) -> None:
        """Write a block whose upper left pixel is (`row`, `col`)."""
        rows, cols = values.shape
        self.draft.write(values, 1, window=Window(col, row, cols, rows))


@contextmanager
def cog_writer(path: Path, grid: Grid, dtype: type[np.generic]) -> Iterator[CogWriter]:
    """Yield a raster to be written in blocks; it becomes a COG when the context ends.

    Parameters
    ----------
    path : Path
        The COG, written all or nothing.
    grid : Grid
        Grid of the raster.
    dtype : numpy type
        An integer type.

    Raises
    ------
    SceneError
        If the file cannot be written.
    """
    layout = {"tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX}
    packing = {"compress": "deflate", "zlevel": 1, "predictor": 2}
    with replacing(path) as temporary:
        draft = temporary.with_suffix(".draft.tif")
        rows, cols = grid.shape
        try:
            with rasterio.open(
                draft,
                "w",
                driver="GTiff",
                count=1,
                height=rows,
                width=cols,
                dtype=np.dtype(dtype),
                crs=grid.crs,
                transform=grid.transform,
                BIGTIFF="IF_SAFER",
                **layout,
                **packing,
            ) as sink:
                yield CogWriter(sink)
            options = {"compress": "deflate", "level": 1, "predictor": "yes"}
            copy_raster(draft, temporary, driver="COG", blocksize=BLOCK_PX, **options)
        except OSError as error:
            free = shutil.disk_usage(path.parent).free / 1e9
            raise SceneError(
                f"{path} cannot be written ({free:.2f} GB free): {error}. "
                "Free some space or choose another disk, and start again."
            ) from error
        finally:
            draft.unlink(missing_ok=True)
