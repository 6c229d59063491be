"""Files of Sentinel-2 Level 2A in a STAC catalogue, with the offset that it states."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.errors import SceneError
from minecover.core.quality_bits import sentinel_2_quality
from minecover.sources.product import Scene
from minecover.sources.safe import FIRST_WITH_OFFSET
from minecover.sources.sentinel_2_product import SATURATED
from minecover.sources.stac.client import Reading
from minecover.sources.stac.collection_files import Window
from minecover.sources.stac.item import Item
from minecover.sources.stac.offset_check import QUANTIFICATION, contradiction

#: Offset of digital numbers from processing baseline 04.00 on.
OFFSET = -1000
_BASELINE = "s2:processing_baseline"


@dataclass(frozen=True, slots=True)
class Sentinel2Files:
    """Files with digital numbers, and with the classes of the scene classification (SCL).

    Catalogues differ in whether the offset that ESA introduced with processing baseline 04.00
    is still in the digital numbers. What they state for each file (``raster:bands``) is not
    read: it names an offset for files without it, too.

    Parameters
    ----------
    classes : str
        Name of the asset with the classes.
    offset_applied : str or None
        Property of an item that says whether the catalogue has taken the offset out of the
        files; None if it never does.
    """

    classes: str
    offset_applied: str | None

    @property
    def quality(self) -> Sequence[str]:
        """Names of the assets that are read beside the bands."""
        return (self.classes,)

    @property
    def checked(self) -> Sequence[str]:
        """Bands by which the offset of every scene is checked."""
        return ("red", "nir08")

    def read(self, window: Window, bands: Sequence[str]) -> Scene:
        """Return bands and quality of a scene, see `Files`."""
        how = Reading("adaptive", saturated=SATURATED)
        names = [*bands, *(band for band in self.checked if band not in bands)]
        planes = {band: window.band(band, how) for band in names}
        classes = window.file(self.classes, Reading("nearest"))
        offset = self._offset(window.item)
        found = contradiction(planes["red"], planes["nir08"], classes, offset)
        if found is not None:
            raise SceneError(
                f"{window.item.name}: clear vegetation has a median red reflectance of "
                f"{found:.3f} with the offset {offset}, which follows from what the catalogue "
                f"says ({self._said(window.item)}): this cannot be right. Leave it out "
                "(source.scenes.leave_out), or choose another catalogue (source.service)."
            )
        dn = np.stack([planes[band] for band in bands])
        return Scene(
            name=window.item.name,
            day=window.item.day,
            dn=dn,
            scale=np.full(len(bands), 1 / QUANTIFICATION),
            offset=np.full(len(bands), offset / QUANTIFICATION),
            qa=sentinel_2_quality(np.where(dn.any(axis=0), classes, 0), None),
            saturated=(dn == SATURATED).any(axis=0),
            qa_layout="s2",
        )

    def _offset(self, item: Item) -> int:
        """Return the offset of the digital numbers of a scene."""
        found = re.fullmatch(r"(\d+)\.(\d+)", str(item.properties.get(_BASELINE)))
        is_applied = self._is_applied(item)
        if not found or (self.offset_applied is not None and is_applied is None):
            raise SceneError(
                f"{item.name} does not say which offset its digital numbers have "
                f"({self._said(item)}). Leave it out (source.scenes.leave_out), or choose "
                "another catalogue (source.service)."
            )
        has_offset = (int(found[1]), int(found[2])) >= FIRST_WITH_OFFSET
        return OFFSET if has_offset and not is_applied else 0

    def _is_applied(self, item: Item) -> object:
        return item.properties.get(self.offset_applied) if self.offset_applied else None

    def _said(self, item: Item) -> str:
        """Return what an item says of its offset, for messages."""
        keys = [_BASELINE, *([self.offset_applied] if self.offset_applied else [])]
        return ", ".join(f"{key}={item.properties.get(key)}" for key in keys)
