"""Read the metadata of Sentinel-2 products: identity, names of images, scaling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from minecover.core.errors import SceneError
from minecover.core.raster.archives import read_bytes
from minecover.core.sensors import BY_PLATFORM, MSI, Sensor
from minecover.sources.product_day import product_day

#: Names of the metadata of a product, by its processing level.
MTD = {1: "MTD_MSIL1C.xml", 2: "MTD_MSIL2A.xml"}
#: Elements with the quantification value, and with the offset of a band, by level.
_QUANTIFICATION = {1: "QUANTIFICATION_VALUE", 2: "BOA_QUANTIFICATION_VALUE"}
_OFFSET = {1: "RADIO_ADD_OFFSET", 2: "BOA_ADD_OFFSET"}
_LEVELS = {"Level-1C": 1, "Level-2A": 2}
#: The first processing baseline whose digital numbers have an offset.
FIRST_WITH_OFFSET = (4, 0)
#: End of an image's name: its band, and in Level 2 the side of its pixels [m].
_IMAGE = re.compile(r"T\w{5}_\d{8}T\d{6}_(?P<band>[A-Z0-9]{3})(?:_(?P<pixel_m>\d+)m)?")
#: Start of a datastrip in its identifier.
_DATASTRIP = re.compile(r"_S(\d{8}T\d{6})_")
REPLACE = "Replace it by the file delivered with the product."


@dataclass(frozen=True)
class Safe:
    """Metadata of one product, ``MTD_MSIL1C.xml`` or ``MTD_MSIL2A.xml``.

    Parameters
    ----------
    path : Path
        The file; its folder is that of the product.
    root : Element
        Its content.
    """

    path: Path
    root: ElementTree.Element

    @property
    def name(self) -> str:
        """Name of the file with that of its product, for error messages."""
        return f"{self.path.parent.name}/{self.path.name}"

    @cached_property
    def product_id(self) -> str:
        """Name of the product without ``.SAFE``, whatever its folder is called now."""
        return self._text("PRODUCT_URI").removesuffix(".SAFE")

    @cached_property
    def level(self) -> int:
        """Processing level: 1 (L1C, top of atmosphere) or 2 (L2A, surface)."""
        text = self._text("PROCESSING_LEVEL")
        if text not in _LEVELS:
            raise SceneError(
                f"{self.name}: PROCESSING_LEVEL must be {' or '.join(_LEVELS)}, found "
                f"{text!r}. Move the product out of the folder."
            )
        return _LEVELS[text]

    @cached_property
    def platform(self) -> str:
        """Satellite, by its name in `minecover.core.sensors`: ``"sentinel-2a"``."""
        name = self._text("SPACECRAFT_NAME").lower()
        if name not in MSI.platforms:
            raise SceneError(
                f"{self.name}: SPACECRAFT_NAME must be one of {', '.join(MSI.platforms)}, "
                f"found {name!r}. Move the product out of the folder."
            )
        return name

    @property
    def sensor(self) -> Sensor:
        """The sensor that made the scene."""
        return BY_PLATFORM[self.platform]

    @cached_property
    def day(self) -> date:
        """Day on which the pass began, of which all tiles of a pass are parts."""
        key = "DATATAKE_SENSING_START"
        text = self._text(key)[:10]
        return product_day(
            text, key, name=self.name, product=self.product_id, platform=self.platform
        )

    @cached_property
    def datatake(self) -> str:
        """When the pass began, to the second: ``"2019-02-12T19:26:51"``."""
        return self._text("DATATAKE_SENSING_START")[:19]

    @cached_property
    def datastrip(self) -> str:
        """When the part of the pass began that one station received: ``"20190212T192646"``.

        A tile may lie in two parts, which are two products. Empty where the metadata name none.
        """
        for element in self.root.iter("Granule"):
            found = _DATASTRIP.search(element.get("datastripIdentifier", ""))
            if found:
                return found[1]
        return ""

    @cached_property
    def baseline(self) -> tuple[int, int]:
        """Processing baseline: ``(5, 9)`` for 05.09."""
        text = self._text("PROCESSING_BASELINE")
        found = re.fullmatch(r"(\d+)\.(\d+)", text)
        if not found:
            raise SceneError(
                f"{self.name}: PROCESSING_BASELINE must be like 05.09, found {text!r}. "
                f"{REPLACE}"
            )
        return int(found[1]), int(found[2])

    @cached_property
    def generated(self) -> str:
        """When the product was made, ``"2020-10-07T16:08:57.135Z"``."""
        return self._text("GENERATION_TIME")

    @cached_property
    def scaling(self) -> Mapping[str, tuple[float, float]]:
        """Scale and offset from digital numbers to reflectance, by the agency's name of a band.

        ``reflectance = (DN + offset) / quantification value``. The offsets are read, because
        neither the day nor the year of the processing decides them.
        """
        whole = self._number(self._text(_QUANTIFICATION[self.level]))
        if whole <= 0:
            raise SceneError(
                f"{self.name}: {_QUANTIFICATION[self.level]} must be greater than 0, found "
                f"{whole:g}. {REPLACE}"
            )
        offsets = self._offsets()
        return {band: (1 / whole, offset / whole) for band, offset in offsets.items()}

    def _offsets(self) -> dict[str, float]:
        """Return the offset of each band [digital numbers]."""
        key = _OFFSET[self.level]
        bands = {
            one.get("bandId", ""): _native(one.get("physicalBand", ""))
            for one in self.root.iter("Spectral_Information")
        }
        found = {
            bands.get(one.get("band_id", "")): self._number(one.text or "")
            for one in self.root.iter(key)
        }
        missing = [band for band in bands.values() if band not in found]
        if not bands or (found and missing) or (missing and self.baseline >= FIRST_WITH_OFFSET):
            baseline = "{:02d}.{:02d}".format(*self.baseline)
            raise SceneError(
                f"{self.name} has no {key} for {', '.join(missing) or 'any band'}, which "
                f"processing baseline {baseline} needs: reflectance would be wrong by 0.1. "
                f"{REPLACE}"
            )
        return {band: found.get(band, 0.0) for band in bands.values()}

    @cached_property
    def images(self) -> Mapping[tuple[str, float | None], PurePosixPath]:
        """Paths of the images in the product, without suffix.

        By the agency's name of a band (``"B04"``, ``"SCL"``) and the side of a pixel [m], which
        names of Level 1 do not contain.
        """
        found: dict[tuple[str, float | None], PurePosixPath] = {}
        for one in self.root.iter("IMAGE_FILE"):
            path = PurePosixPath((one.text or "").strip())
            if match := _IMAGE.fullmatch(path.name):
                side = match["pixel_m"]
                found[match["band"], float(side) if side else None] = path
        if not found:
            raise SceneError(
                f"{self.name} names no images (IMAGE_FILE). Products of the format before "
                "December 2016 are not read: download it again, reprocessed."
            )
        return found

    def image(self, native: str) -> PurePosixPath | None:
        """Return the path of a band's image of the smallest pixels; None if it has none."""
        sides = {side: path for (band, side), path in self.images.items() if band == native}
        return sides[min(sides, key=lambda side: side or 0.0)] if sides else None

    def _number(self, text: str) -> float:
        try:
            return float(text)
        except ValueError as error:
            raise SceneError(
                f"{self.name}: scale and offsets must be numbers, found {text!r}. {REPLACE}"
            ) from error

    def _text(self, tag: str) -> str:
        """Return the text of the first element of a name."""
        for element in self.root.iter(tag):
            return (element.text or "").strip()
        raise SceneError(f"{self.name} has no {tag}. {REPLACE}")


def read_safe(path: Path) -> Safe:
    """Return the metadata of a product.

    Parameters
    ----------
    path : Path
        ``MTD_MSIL1C.xml`` or ``MTD_MSIL2A.xml``, which may lie in an archive.

    Raises
    ------
    SceneError
        If it cannot be read, or is not XML.
    """
    return Safe(path, parsed_xml(path))


def _native(physical: str) -> str:
    """Return the name of a band in names of files: ``"B04"`` for ``"B4"``."""
    return f"B{int(physical[1:]):02d}" if physical[1:].isdigit() else physical


def parsed_xml(path: Path) -> ElementTree.Element:
    """Return the content of an XML file, which may lie in an archive.

    Raises
    ------
    SceneError
        If it cannot be read, or is not XML.
    """
    try:
        return ElementTree.fromstring(read_bytes(path))
    except ElementTree.ParseError as error:
        raise SceneError(f"{path} cannot be read as XML: {error}. {REPLACE}") from error
