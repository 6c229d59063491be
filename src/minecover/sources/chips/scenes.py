"""Scenes of a label set: the pixels of its images as they are, never resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.errors import NotCoveredError, SceneError
from minecover.core.raster.stacks import Stack, read_stack
from minecover.core.sites import Site
from minecover.sources.chips.chip_set import Chip, ChipSet

F64 = NDArray[np.float64]
#: Reflectance above it in most pixels means that the scale is wrong.
MOST_REFLECTANCE = 2.0


@dataclass(frozen=True, slots=True)
class ChipScenes:
    """Source of the images of a label set.

    Parameters
    ----------
    chips : ChipSet
        The label set.
    bands : sequence of str
        Common names of the bands to read.
    names : sequence of str or None
        Common names of the bands in the order of the files; null for those not used. None reads
        the descriptions of the files' bands.
    reflectance : (float, float) or None
        ``value * scale + offset`` is the reflectance. None takes both from the files.
    nodata : float
        Value of a band that means "no data", besides the files' own.
    """

    chips: ChipSet
    bands: Sequence[str]
    names: Sequence[str | None] | None
    reflectance: tuple[float, float] | None
    nodata: float

    def scenes(self, site: Site) -> Cube:
        """Return the images of the chip that a site is, without those that hold no data.

        Raises
        ------
        NotCoveredError
            If the label set has no such chip, or its images hold no data.
        SceneError
            If an image has another grid, or lacks a band, or its values are no reflectance.
        """
        chip = _listed(self.chips, _changed(self.chips)).get(site.site_id)
        if chip is None:
            raise NotCoveredError(
                f"{self.chips.folder} has no chip {site.site_id}. Choose sites=chips."
            )
        dates, planes, scales, offsets = [], [], [], []
        for day, file in chip.images.items():
            stack = read_stack(file)
            if stack.grid != site.read_grid:
                raise SceneError(
                    f"{file} does not lie on the grid of its site. Choose sites=chips, which "
                    "takes the grids of the images."
                )
            values, scale, offset = self._bands(file, stack)
            if np.isfinite(values).any():
                dates.append(day)
                planes.append(values)
                scales.append(scale)
                offsets.append(offset)
        if not dates:
            raise NotCoveredError(f"the images of the chip {chip.name} hold no data.")
        shape = (len(dates), *site.read_grid.shape)
        return Cube(
            dn=np.stack(planes),
            scale=np.stack(scales),
            offset=np.stack(offsets),
            qa=np.zeros(shape, np.uint16),
            saturated=np.zeros(shape, np.bool_),
            qa_layout="none",
            dates=tuple(dates),
            bands=tuple(self.bands),
            grid=site.read_grid,
            halo_px=site.halo_px,
            is_chip=True,
        )

    def _bands(self, file: Path, stack: Stack) -> tuple[F32, F64, F64]:
        """Return the wanted bands, NaN where there is no data, with scale and offset."""
        names = list(stack.names if self.names is None else self.names)
        if len(names) != len(stack.values):
            raise SceneError(
                f"{file} has {len(stack.values)} bands, but source.scenes.names has "
                f"{len(names)}: {names}."
            )
        if missing := [band for band in self.bands if band not in names]:
            raise SceneError(
                f"{file} has no band {', '.join(missing)} (found: "
                f"{', '.join(name or 'one without a name' for name in names)}). Name the bands "
                "in source.scenes.names, in the order of the file, or fix source.bands."
            )
        index = [names.index(band) for band in self.bands]
        raw = stack.values[index]
        lacks = raw == self.nodata
        if stack.nodata is not None:
            lacks |= raw == stack.nodata
        values = np.where(lacks, np.float32(np.nan), raw.astype(np.float32))
        scale, offset = stack.scale[index], stack.offset[index]
        if self.reflectance is not None:
            scale, offset = (np.full(len(index), one) for one in self.reflectance)
        seen = np.isfinite(values)
        if seen.any():
            middle = float(
                np.median((values * scale[:, None, None] + offset[:, None, None])[seen])
            )
            if middle > MOST_REFLECTANCE:
                raise SceneError(
                    f"the values of {file} are no reflectance: half of them are above "
                    f"{middle:g}. Set source.scenes.reflectance to [scale, offset], such as "
                    "[0.0001, 0]."
                )
        return values, scale, offset


@lru_cache(maxsize=1)
def _listed(chips: ChipSet, changed: tuple[int, ...]) -> dict[str, Chip]:
    """Return the chips of a folder; each worker process lists them once, not for each site."""
    return chips.chips()


def _changed(chips: ChipSet) -> tuple[int, ...]:
    """Return when files were last added to the folder of the images, and the table changed."""
    folder = Path(chips.folder)
    images = folder / chips.images.partition("{")[0].partition("*")[0].rpartition("/")[0]
    table = [] if chips.table is None else [folder / chips.table.file]
    return tuple(path.stat().st_mtime_ns for path in (images, *table) if path.exists())
