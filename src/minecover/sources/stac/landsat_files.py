"""Files of Landsat Collection 2 Level 2 in a STAC catalogue, of any satellite from 4 to 9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core.errors import ConfigError
from minecover.core.sensors import BY_PLATFORM, THERMAL
from minecover.sources.product import QA_FILL, Scene
from minecover.sources.stac.client import Reading
from minecover.sources.stac.collection_files import Window


@dataclass(frozen=True, slots=True)
class LandsatFiles:
    """Files with digital numbers, and with the bits of QA_PIXEL and QA_RADSAT.

    Parameters
    ----------
    bits : (str, str)
        Names of the assets with QA_PIXEL and QA_RADSAT.
    reflectance, kelvin : (scale, offset)
        Scaling of digital numbers to reflectance [1] and temperature [K].
    nodata : int
        Digital number that means "no data".
    """

    bits: Sequence[str]
    reflectance: Sequence[float]
    kelvin: Sequence[float]
    nodata: int

    def __post_init__(self) -> None:
        """Check that pairs are pairs."""
        for name in ("bits", "reflectance", "kelvin"):
            pair: Sequence[object] = getattr(self, name)
            if len(pair) != 2:
                raise ConfigError(
                    f"{name} must be a pair, found {list(pair)}. "
                    f"Fix source.scenes.files.{name}."
                )

    @property
    def quality(self) -> Sequence[str]:
        """Names of the assets that are read beside the bands."""
        return self.bits

    @property
    def checked(self) -> Sequence[str]:
        """No band: the scaling is the same for every scene."""
        return ()

    def read(self, window: Window, bands: Sequence[str]) -> Scene:
        """Return bands and quality of a scene, see `Files`."""
        smooth = Reading("bilinear", fill=self.nodata)
        dn = np.stack([window.band(band, smooth) for band in bands])
        dn[dn == self.nodata] = 0
        qa = window.file(self.bits[0], Reading("nearest", fill=QA_FILL))
        radsat = window.file(self.bits[1], Reading("nearest"))
        is_seen = dn.any(axis=0)
        scaling = np.array(
            [self.kelvin if band in THERMAL else self.reflectance for band in bands]
        )
        return Scene(
            name=window.item.name,
            day=window.item.day,
            dn=dn,
            scale=scaling[:, 0],
            offset=scaling[:, 1],
            qa=np.where(is_seen, qa, np.uint16(QA_FILL)),
            saturated=is_seen & (radsat & BY_PLATFORM[window.item.platform].saturated != 0),
            qa_layout="c2",
        )
