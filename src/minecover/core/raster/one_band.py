"""One band of an open raster, for functions that read pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio import CRS
from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader
from rasterio.windows import Window


@dataclass(frozen=True, slots=True, eq=False)
class OneBand:
    """One band of an open raster.

    Parameters
    ----------
    source : DatasetReader
        The open file.
    number : int
        Number of the band, from 1.
    """

    source: DatasetReader
    number: int

    @property
    def crs(self) -> CRS:
        """Coordinate reference system."""
        return self.source.crs

    @property
    def transform(self) -> Affine:
        """From (column, row) of a pixel's corner to (x, y)."""
        transform: Affine = self.source.transform
        return transform

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return (self.source.height, self.source.width)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the pixels."""
        dtype: np.dtype[np.generic] = np.dtype(self.source.dtypes[self.number - 1])
        return dtype

    @property
    def nodata(self) -> float | None:
        """Value that means "no data" by the file."""
        value = self.source.nodatavals[self.number - 1]
        return None if value is None else float(value)

    def read(self, window: Window) -> NDArray[np.generic]:
        """Return the pixels of a window."""
        return np.asarray(self.source.read(self.number, window=window))

    def masked(self, window: Window) -> NDArray[np.bool_] | None:
        """Return which pixels of a window the file's own mask hides; None without a mask.

        A mask lies inside of the file, beside it (``.msk``), or is a band of opacity.
        """
        if MaskFlags.per_dataset not in self.source.mask_flag_enums[self.number - 1]:
            return None
        hidden: NDArray[np.bool_] = self.source.read_masks(self.number, window=window) == 0
        return hidden
