"""Landsat 4 to 9 (Collection 2, Level 1) in Earth Engine, as reflectance or digital numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minecover.core import landsat
from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT
from minecover.core.sensors import BY_PLATFORM, THERMAL
from minecover.sources import check_sensors
from minecover.sources.earth_engine.images import NO_VALUE, ImageRequest, Reading, reading
from minecover.sources.earth_engine.kinds import ListedImage
from minecover.sources.mtl import Mtl
from minecover.sources.product import QA_FILL, Scene

#: Values of the quality bands where there is no data.
BITS = {"QA_PIXEL": QA_FILL, "QA_RADSAT": 0}
PAN = "pan"
#: Properties that identify a scene.
IDENTITY = (
    "system:index",
    "SPACECRAFT_ID",
    "SENSOR_ID",
    "DATE_ACQUIRED",
    "WRS_PATH",
    "WRS_ROW",
    "UTM_ZONE",
    "CLOUD_COVER",
    "SUN_ELEVATION",
)
GROUPS = ("IMAGE_ATTRIBUTES", "LEVEL1_RADIOMETRIC_RESCALING", "LEVEL1_THERMAL_CONSTANTS")
RADIOMETRY = ("toa", "dn")


@dataclass(frozen=True, slots=True)
class LandsatImages:
    """Images of Landsat.

    Parameters
    ----------
    radiometry : {"toa", "dn"}
        Fetch reflectance and brightness temperature as float32 (collections ``.../T1_TOA``),
        or digital numbers of half the size (``.../T1``).
    """

    radiometry: str

    def __post_init__(self) -> None:
        """Check the radiometry."""
        if self.radiometry not in RADIOMETRY:
            raise ConfigError(
                f"radiometry must be toa or dn, found {self.radiometry!r}. "
                "Fix source.radiometry."
            )

    @property
    def margin_days(self) -> tuple[int, int]:
        """0: the day of acquisition is that of the image's time."""
        return 0, 0

    def check(
        self, platforms: Sequence[str], collections: Sequence[str], bands: Sequence[str]
    ) -> None:
        """Check that collections hold what the radiometry says, and the bands exist."""
        check_sensors(platforms, bands, level=1)
        is_toa = self.radiometry == "toa"
        if any(name.endswith("_TOA") != is_toa for name in collections):
            raise ConfigError(
                f"radiometry {self.radiometry} goes with collections that end "
                f"{'in' if is_toa else 'otherwise than in'} _TOA, "
                f"found {', '.join(collections)}. Fix source.collections."
            )

    def properties(self, platforms: Sequence[str], bands: Sequence[str]) -> Sequence[str]:
        """Return the names of the properties to list, with those of the bands' scaling."""
        if self.radiometry == "toa":
            return IDENTITY
        sensor = BY_PLATFORM[platforms[0]]
        numbers = {band: sensor.native(band).removeprefix("B") for band in bands}
        reflective = [n for band, n in numbers.items() if band not in THERMAL]
        thermal = [n for band, n in numbers.items() if band in THERMAL]
        return [
            *IDENTITY,
            *(f"REFLECTANCE_{key}_BAND_{n}" for n in reflective for key in ("MULT", "ADD")),
            *(f"RADIANCE_{key}_BAND_{n}" for n in thermal for key in ("MULT", "ADD")),
            *(f"{key}_CONSTANT_BAND_{n}" for n in thermal for key in ("K1", "K2")),
        ]

    def listed(self, name: str, properties: Mapping[str, str]) -> ListedImage | None:
        """Return what a listing says of a scene; None of one that was taken at night."""
        mtl = _mtl(name, properties)
        if mtl.number("SUN_ELEVATION", GROUPS[0]) <= 0:
            return None
        zone = int(mtl.number("UTM_ZONE", GROUPS[0]))
        return ListedImage(
            name=name,
            platform=mtl.platform,
            day=mtl.day,
            cloud_cover=mtl.number("CLOUD_COVER", GROUPS[0]),
            own_crs=f"EPSG:326{zone:02d}",
            identity=name,
            version=(),
            properties=properties,
        )

    def request(self, image: ListedImage, bands: Sequence[str], grid: Grid) -> ImageRequest:
        """Return the request for a scene; bits are those of the nearest pixel."""
        sensor = BY_PLATFORM[image.platform]
        smaller = Reading(sensor.bands[PAN].pixel_m, "averaged") if PAN in bands else None
        return ImageRequest(
            asset=image.name,
            crs=image.own_crs,
            bands={
                sensor.native(band): smaller
                if band == PAN and smaller
                else reading(LANDSAT.pixel_m, LANDSAT.edge_m, image.own_crs, grid)
                for band in bands
            },
            bits=BITS,
            is_count=self.radiometry == "dn",
            linked=None,
        )

    def scene(self, image: ListedImage, bands: Sequence[str], planes: F32) -> Scene:
        """Return the planes as a scene; temperatures of digital numbers are encoded."""
        values, (qa, radsat) = planes[:-2], planes[-2:].astype(np.uint16)
        saturated = np.asarray(radsat & BY_PLATFORM[image.platform].saturated != 0)
        if self.radiometry == "toa":
            physical = np.where(values == NO_VALUE, np.nan, values).astype(np.float32)
            one = np.ones(len(bands))
            return Scene(image.name, image.day, physical, one, 0 * one, qa, saturated, "c2")
        mtl, dn, scaling = _mtl(image.name, image.properties), values.astype(np.uint16), []
        for i, band in enumerate(bands):
            if band in THERMAL:
                kelvin = landsat.brightness_temperature(dn[i], **mtl.thermal(band))
                dn[i] = landsat.kelvin_dn(kelvin)
                scaling.append((landsat.KELVIN_SCALE, landsat.KELVIN_OFFSET))
            else:
                scaling.append(mtl.reflectance(band))
        scale, offset = np.array(scaling).T
        return Scene(image.name, image.day, dn, scale, offset, qa, saturated, "c2")


def _mtl(name: str, properties: Mapping[str, str]) -> Mtl:
    return Mtl(name, dict.fromkeys(GROUPS, properties))
