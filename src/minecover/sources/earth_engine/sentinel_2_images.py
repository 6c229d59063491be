"""Sentinel-2 Level 2A in Earth Engine, whose offset is taken out of all digital numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.quality_bits import sentinel_2_quality
from minecover.core.sensors import BY_PLATFORM, MSI
from minecover.sources import check_sensors
from minecover.sources.earth_engine.images import (
    NO_VALUE,
    ImageRequest,
    Linked,
    Reading,
    reading,
)
from minecover.sources.earth_engine.kinds import ListedImage
from minecover.sources.product import Scene

#: Reflectance = digital number / 10,000, for every image.
QUANTIFICATION = 10_000
#: Least digital number of saturated pixels, 65535 without the offset of 1,000.
SATURATED = 64_535
#: Corners of tiles, and so edges of all pixels, lie at multiples of 60 m in the northern zone.
EDGE_M = 0.0
CLASSES = "SCL"
PROPERTIES = (
    "system:index",
    "SPACECRAFT_NAME",
    "DATATAKE_IDENTIFIER",
    "GRANULE_ID",
    "MGRS_TILE",
    "PROCESSING_BASELINE",
    "GENERATION_TIME",
    "CLOUDY_PIXEL_PERCENTAGE",
)
#: ``GS2A_20170115T081241_008200_N02.04``: a pass of the satellite, by its begin.
_DATATAKE = re.compile(r"GS2[A-Z]_(\d{8})T\d{6}_.*")
#: ``35MQU``: zone, band of latitude (from N on in the north), square of 100 km.
_TILE = re.compile(r"(\d\d?)([C-HJ-NP-X])[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Sentinel2Images:
    """Images of Sentinel-2, with the classes of the scene classification.

    Parameters
    ----------
    clear_score : mapping or None
        ``collection`` and ``band`` of Cloud Score+; None does not read it.
    """

    clear_score: Mapping[str, str] | None

    @property
    def margin_days(self) -> tuple[int, int]:
        """Days around a period: a pass that begins before midnight may arrive after it."""
        return 0, 1

    def check(
        self, platforms: Sequence[str], collections: Sequence[str], bands: Sequence[str]
    ) -> None:
        """Check satellites and bands."""
        check_sensors(platforms, bands, level=2)

    def properties(self, platforms: Sequence[str], bands: Sequence[str]) -> Sequence[str]:
        """Return the names of the properties to list."""
        return PROPERTIES

    def listed(self, name: str, properties: Mapping[str, str]) -> ListedImage:
        """Return what a listing says of a tile; the day is that on which the pass began."""
        taken = _DATATAKE.fullmatch(properties["DATATAKE_IDENTIFIER"])
        tile = _TILE.fullmatch(properties["MGRS_TILE"])
        if not taken or not tile:
            raise SceneError(
                f"{name} must tell its pass and its tile, found DATATAKE_IDENTIFIER="
                f"{properties['DATATAKE_IDENTIFIER']}, MGRS_TILE={properties['MGRS_TILE']}. "
                "Leave its collection out of source.collections."
            )
        hemisphere = 6 if tile[2] >= "N" else 7
        return ListedImage(
            name=name,
            platform=properties["SPACECRAFT_NAME"].lower(),
            day=date.fromisoformat(taken[1]),
            cloud_cover=float(properties["CLOUDY_PIXEL_PERCENTAGE"]),
            own_crs=f"EPSG:32{hemisphere}{int(tile[1]):02d}",
            # Orbit, begin of the recorded strip and tile: the same in every processing.
            identity=(taken[0][:20], properties["GRANULE_ID"]),
            version=(
                properties["PROCESSING_BASELINE"],
                int(float(properties["GENERATION_TIME"])),
            ),
            properties=properties,
        )

    def request(self, image: ListedImage, bands: Sequence[str], grid: Grid) -> ImageRequest:
        """Return the request for a tile; classes are those of the nearest pixel."""
        sensor = BY_PLATFORM[image.platform]

        def how(pixel_m: float) -> Reading:
            return reading(pixel_m, EDGE_M, image.own_crs, grid)

        score = self.clear_score
        return ImageRequest(
            asset=image.name,
            crs=image.own_crs,
            # The service writes B4 for B04.
            bands={
                sensor.native(band).replace("B0", "B"): how(sensor.bands[band].pixel_m)
                for band in bands
            },
            bits={CLASSES: 0},
            is_count=True,
            linked=None
            if score is None
            else Linked(score["collection"], score["band"], how(MSI.bands["red"].pixel_m)),
        )

    def scene(self, image: ListedImage, bands: Sequence[str], planes: F32) -> Scene:
        """Return the planes as a scene with the quality layout ``"s2"``."""
        n = len(bands)
        dn, classes = planes[:n].astype(np.uint16), planes[n].astype(np.uint16)
        has_data = dn.any(axis=0)
        score = None
        if self.clear_score is not None:
            score = np.where(has_data & (planes[-1] != NO_VALUE), planes[-1], np.nan)
        return Scene(
            name=image.name,
            day=image.day,
            dn=dn,
            scale=np.full(n, 1 / QUANTIFICATION),
            offset=np.zeros(n),
            qa=sentinel_2_quality(np.where(has_data, classes, 0), score),
            saturated=np.asarray((dn >= SATURATED).any(axis=0)),
            qa_layout="s2",
        )
