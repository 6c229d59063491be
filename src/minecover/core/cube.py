"""Scenes of a site through time, as one array with the axes (time, band, row, col)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import SceneError
from minecover.core.grid import Grid

F32 = NDArray[np.float32]
Plane = TypeVar("Plane", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Digital numbers of a site through time, with their scaling to physical values.

    Digital numbers are stored instead of reflectance because they are exactly what was
    delivered, at half the size. `values` returns physical values.

    Parameters
    ----------
    dn : (time, band, row, col) uint16 or float32
        Digital numbers; 0 (uint16) or NaN (float32) where there is no data.
    scale, offset : (time, band) float64
        ``value = dn * scale + offset``: reflectance [1] or brightness temperature [K].
    qa : (time, row, col) uint16
        Quality bits as delivered, in the layout named by `qa_layout`.
    saturated : (time, row, col) bool
        Where a reflective band is saturated or the sensor dropped the pixel; false where the
        product does not say it.
    qa_layout : str
        ``"c2"``, ``"c1"``, ``"pre"``, ``"s2"`` (see `minecover.core.quality_bits.QA_LAYOUTS`)
        or ``"none"``.
    dates : tuple of date
        Acquisition dates, ascending, without repetition: scenes of one day are one mosaic.
    bands : tuple of str
        Common names of the bands, see `minecover.core.sensors`: ``"blue"``, ``"nir08"`` ...
    grid : Grid
        Grid of the site *with* its halo.
    halo_px : int
        Width of the margin on every side that is read but not scored [pixels].
    is_chip : bool
        Whether the images end at the edge, as those of a label set do: there is no ground
        around it that could be read.
    """

    dn: NDArray[np.uint16] | F32
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    qa: NDArray[np.uint16]
    saturated: NDArray[np.bool_]
    qa_layout: str
    dates: tuple[date, ...]
    bands: tuple[str, ...]
    grid: Grid
    halo_px: int
    is_chip: bool = False

    def __post_init__(self) -> None:
        """Check that the shapes agree and the dates ascend."""
        n_dates, n_bands = len(self.dates), len(self.bands)
        expected = {
            "dn": (n_dates, n_bands, *self.grid.shape),
            "scale": (n_dates, n_bands),
            "offset": (n_dates, n_bands),
            "qa": (n_dates, *self.grid.shape),
            "saturated": (n_dates, *self.grid.shape),
        }
        found = {name: getattr(self, name).shape for name in expected}
        if found != expected:
            raise ValueError(
                f"the axes of a Cube must agree: expected {expected}, found {found}."
            )
        if list(self.dates) != sorted(set(self.dates)):
            raise ValueError(
                f"the dates of a Cube must ascend without repetition, found {self.dates}."
            )

    def values(self, *bands: str) -> F32:
        """Return reflectance or brightness temperature of the named bands.

        Parameters
        ----------
        *bands : str
            Names of the bands; all bands of the cube if none is named.

        Returns
        -------
        (time, band, row, col) float32
            Reflectance [1] or temperature [K]; NaN where there is no data.

        Raises
        ------
        SceneError
            If the cube lacks a named band.
        """
        index = self.band_index(bands or self.bands)
        # Stored band by band, because features are computed band by band.
        values = np.empty((len(index), len(self.dates), *self.grid.shape), np.float32)
        for plane, i in zip(values, index, strict=True):
            scale, offset = (c[:, i].astype(np.float32) for c in (self.scale, self.offset))
            plane[:] = _physics(self.dn[:, i], scale, offset)
        return values.swapaxes(0, 1)

    def band_index(self, bands: Sequence[str]) -> list[int]:
        """Return the positions of the named bands on the band axis.

        Raises
        ------
        SceneError
            If the cube lacks a named band.
        """
        missing = [band for band in bands if band not in self.bands]
        if missing:
            raise SceneError(
                f"the scenes have no band {', '.join(missing)} "
                f"(found: {', '.join(self.bands)}). "
                "Choose a source with this band, or features without it."
            )
        return [self.bands.index(band) for band in bands]

    def core(self, planes: NDArray[Plane], *, halo_px: int = 0) -> NDArray[Plane]:
        """Return planes (..., row, col) with all but `halo_px` pixels of the halo removed."""
        h = self.halo_px - halo_px
        rows, cols = self.grid.shape
        return planes[..., h : rows - h, h : cols - h]

    def within(self, halo_px: int) -> Cube:
        """Return the cube with only `halo_px` of the halo left, as views."""
        end = self.halo_px - halo_px
        rows, cols = (slice(end, n - end) for n in self.grid.shape)
        return self.cut(rows, cols, halo_px=halo_px)

    def cut(self, rows: slice, cols: slice, *, halo_px: int) -> Cube:
        """Return a part of the cube, with `halo_px` as its halo, as views."""
        part = self.grid.cut(rows.start, cols.start, rows.stop, cols.stop)
        return replace(
            self,
            dn=self.dn[..., rows, cols],
            qa=self.qa[..., rows, cols],
            saturated=self.saturated[..., rows, cols],
            grid=part,
            halo_px=halo_px,
        )

    def on(self, indices: Sequence[int]) -> Cube:
        """Return the cube with only the dates at the given positions."""
        keep = list(indices)
        return replace(
            self,
            dn=self.dn[keep],
            scale=self.scale[keep],
            offset=self.offset[keep],
            qa=self.qa[keep],
            saturated=self.saturated[keep],
            dates=tuple(self.dates[i] for i in keep),
        )


def _physics(dn: NDArray[np.uint16] | F32, scale: F32, offset: F32) -> F32:
    """Return scaled digital numbers (time, row, col); fill, 0 in integers, becomes NaN."""
    if np.issubdtype(dn.dtype, np.unsignedinteger):
        from minecover.core.kernels import pixels  # numba takes a second to import

        return pixels.physics(dn.astype(np.uint16, copy=False), scale, offset)
    values: F32 = dn.astype(np.float32) * scale[:, None, None] + offset[:, None, None]
    return values
