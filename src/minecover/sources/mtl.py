"""Read MTL metadata files of Landsat products: identity, and scaling of digital numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from minecover.core import landsat
from minecover.core.errors import SceneError
from minecover.core.raster.archives import read_bytes
from minecover.core.sensors import BY_PLATFORM, ETM, OLI, THERMAL, TM, Sensor
from minecover.sources.product_day import product_day

Groups = Mapping[str, Mapping[str, str]]

#: Names of the sensors in SENSOR_ID; the multispectral scanner (MSS) has none of their bands.
SENSOR_IDS = {"OLI_TIRS": OLI, "OLI": OLI, "TIRS": OLI, "ETM": ETM, "TM": TM}


@dataclass(frozen=True, slots=True)
class Mtl:
    """Metadata of one product, by group.

    Groups are not flattened: a Level-2 file contains REFLECTANCE_MULT_BAND_4 twice, as 2.75e-05
    (surface reflectance) and as 2e-05 (the Level-1 product it was made from).

    Parameters
    ----------
    name : str
        Name of the file, for error messages.
    groups : mapping
        Values as text, by group and key.
    """

    name: str
    groups: Groups

    def __post_init__(self) -> None:
        """Check that the satellite carries a sensor whose bands are known."""
        if self.platform not in self.sensor.platforms:
            raise SceneError(
                f"{self.name} is of {self.platform} with the sensor {self.sensor.name}, which "
                f"it does not carry. {_REPLACE}"
            )

    @property
    def platform(self) -> str:
        """Satellite, by its name in `minecover.core.sensors`: ``"landsat-5"``."""
        text = self.text("SPACECRAFT_ID", *_ABOUT).lower()
        return f"landsat-{text.removeprefix('landsat').strip('_- ')}"

    @property
    def sensor(self) -> Sensor:
        """The sensor that made the scene; without SENSOR_ID, the satellite's only one."""
        is_named = any("SENSOR_ID" in self.groups.get(group, {}) for group in _ABOUT)
        if not is_named and self.platform in _ONE_SENSOR:
            return BY_PLATFORM[self.platform]
        text = self.text("SENSOR_ID", *_ABOUT).upper().rstrip("+")
        if text not in SENSOR_IDS:
            raise SceneError(
                f"{self.name} is of {self.platform} (sensor {text}), whose bands are not read. "
                "Leave only products of Landsat 4 to 9 (TM, ETM+, OLI) in the folder of "
                "products (source.input), and move this one out of it."
            )
        return SENSOR_IDS[text]

    @property
    def collection(self) -> str:
        """Collection, by the name of its quality layout: ``"c2"``, ``"c1"`` or ``"pre"``."""
        numbers = [
            keys["COLLECTION_NUMBER"]
            for keys in self.groups.values()
            if "COLLECTION_NUMBER" in keys
        ]
        number = numbers[0] if numbers else "0"
        if number not in _COLLECTIONS:
            raise SceneError(
                f"{self.name} is of Collection {number}, which is unknown. "
                "Use products of Collection 1 or 2."
            )
        return _COLLECTIONS[number]

    @property
    def level(self) -> int:
        """Processing level: 1 (top of atmosphere) or 2 (surface)."""
        groups = self.groups.get("PRODUCT_CONTENTS", {})
        return 2 if groups.get("PROCESSING_LEVEL", "L1").startswith("L2") else 1

    @property
    def day(self) -> date:
        """Day of acquisition."""
        key = "DATE_ACQUIRED"
        text = self.text(key, *_ABOUT)
        return product_day(text, key, name=self.name, product=self.name, platform=self.platform)

    @property
    def path_row(self) -> tuple[int, int]:
        """Path and row of the scene in the Worldwide Reference System."""
        path, row = (self.number(f"WRS_{axis}", *_ABOUT) for axis in ("PATH", "ROW"))
        return int(path), int(row)

    def cell_size_m(self, band: str) -> float | None:
        """Return the side of a band's pixels [m]; None if the file does not say it."""
        kind = (
            "THERMAL" if band in THERMAL else "PANCHROMATIC" if band == "pan" else "REFLECTIVE"
        )
        key = f"GRID_CELL_SIZE_{kind}"
        is_said = any(key in self.groups.get(group, {}) for group in _PROJECTION)
        return self.number(key, *_PROJECTION) if is_said else None

    def reflectance(self, band: str) -> tuple[float, float]:
        """Return scale and offset from digital numbers to reflectance, at the product's level.

        Top-of-atmosphere coefficients are divided by the sine of the scene's sun elevation, as
        in Earth Engine; they already account for the distance to the sun.

        Parameters
        ----------
        band : str
            Common name of a reflective band, e.g. ``"red"``.

        References
        ----------
        USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5.2. From radiance, where a
        file of Landsat 4 or 5 holds nothing else: Chander et al. (2009), Remote Sens. Environ.
        113, 893-903, equation 4.
        """
        n = self._number_of(band)
        is_surface = self.level == 2
        groups = _SURFACE if is_surface else _RESCALING
        sun = 1.0 if is_surface else self._sun_sine()
        keys = [f"REFLECTANCE_{kind}_BAND_{n}" for kind in ("MULT", "ADD")]
        is_given = any(keys[0] in self.groups.get(group, {}) for group in groups)
        if not is_given and not is_surface and self.platform in landsat.SOLAR_IRRADIANCE:
            return self._reflectance_of_radiance(band, n, sun)
        mult, add = self._positive(keys[0], *groups), self.number(keys[1], *groups)
        if mult > 1 or abs(add) > 1:  # of one count; a reflectance is hardly more than 1
            raise SceneError(f"{self.name}: {keys} are {mult:g}, {add:g}. {_REPLACE}")
        return mult / sun, add / sun

    def _reflectance_of_radiance(self, band: str, n: str, sun: float) -> tuple[float, float]:
        """Return scale and offset to reflectance, from those to radiance [W m-2 sr-1 um-1]."""
        irradiance = landsat.SOLAR_IRRADIANCE[self.platform][band]
        factor = math.pi * landsat.sun_distance_au(self.day) ** 2 / (irradiance * sun)
        mult = self._positive(f"RADIANCE_MULT_BAND_{n}", *_RESCALING)
        return mult * factor, self.number(f"RADIANCE_ADD_BAND_{n}", *_RESCALING) * factor

    def surface_temperature(self, band: str) -> tuple[float, float]:
        """Return scale and offset from Level-2 digital numbers to surface temperature [K]."""
        group = "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS"
        # One temperature, whatever the gain of the sensor: ST_B6, ST_B10.
        name = self.sensor.native(band).split("_")[0]
        mult = self._positive(f"TEMPERATURE_MULT_BAND_ST_{name}", group)
        return mult, self.number(f"TEMPERATURE_ADD_BAND_ST_{name}", group)

    def thermal(self, band: str) -> dict[str, float]:
        """Return the arguments of `brightness_temperature` for a Level-1 thermal band."""
        if band not in THERMAL:
            raise ValueError(f"the band must be thermal ({', '.join(THERMAL)}), found {band}.")
        n = self._number_of(band)
        found = {
            "mult": self._positive(f"RADIANCE_MULT_BAND_{n}", *_RESCALING),
            "add": self.number(f"RADIANCE_ADD_BAND_{n}", *_RESCALING),
        }
        k1_key = f"K1_CONSTANT_BAND_{n}"
        is_given = any(k1_key in self.groups.get(group, {}) for group in _THERMAL)
        if not is_given and self.platform in landsat.THERMAL_CONSTANTS:
            k1, k2 = landsat.THERMAL_CONSTANTS[self.platform]
            return found | {"k1": k1, "k2": k2}
        return found | {
            "k1": self._positive(k1_key, *_THERMAL),
            "k2": self._positive(f"K2_CONSTANT_BAND_{n}", *_THERMAL),
        }

    def _number_of(self, band: str) -> str:
        """Return what follows BAND_ in the keys of a band: ``"4"``, ``"6_VCID_1"``."""
        return self.sensor.native(band).removeprefix("B")

    def number(self, key: str, *groups: str) -> float:
        """Return a number from the first of `groups` that has the key."""
        text = self.text(key, *groups)
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise SceneError(f"{self.name}: {key} must be a number, found {text!r}. {_REPLACE}")
        return number

    def _positive(self, key: str, *groups: str) -> float:
        number = self.number(key, *groups)
        if number <= 0:
            raise SceneError(
                f"{self.name}: {key} must be greater than 0, found {number:g}. {_REPLACE}"
            )
        return number

    def text(self, key: str, *groups: str) -> str:
        """Return a value from the first of `groups` that has the key."""
        for group in groups:
            if key in self.groups.get(group, {}):
                return self.groups[group][key]
        raise SceneError(
            f"{self.name} has no {key} in {' or '.join(groups)} "
            f"(its groups: {', '.join(self.groups) or 'none'}). {_REPLACE}"
        )

    def _sun_sine(self) -> float:
        elevation_deg = self.number("SUN_ELEVATION", "IMAGE_ATTRIBUTES")
        if elevation_deg > 90:
            raise SceneError(
                f"{self.name}: SUN_ELEVATION must lie in 0..90 degrees, found "
                f"{elevation_deg:g}. {_REPLACE}"
            )
        if elevation_deg <= 0:
            raise SceneError(
                f"{self.name}: the sun must stand above the horizon, found an elevation of "
                f"{elevation_deg} degrees. Remove night scenes from the folder."
            )
        return math.sin(math.radians(elevation_deg))


#: Groups by content: names in Collection 2, then in Collection 1 and before.
_ABOUT = ("IMAGE_ATTRIBUTES", "PRODUCT_METADATA")
_RESCALING = ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING")
_SURFACE = ("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS",)
_THERMAL = ("LEVEL1_THERMAL_CONSTANTS", "TIRS_THERMAL_CONSTANTS", "THERMAL_CONSTANTS")
_PROJECTION = ("PROJECTION_ATTRIBUTES", "PROJECTION_PARAMETERS", "LEVEL1_PROJECTION_PARAMETERS")
#: Quality layouts by COLLECTION_NUMBER; "0" for files without this key.
_COLLECTIONS = {"0": "pre", "1": "c1", "01": "c1", "2": "c2", "02": "c2"}
#: Satellites with one sensor; Landsat 4 and 5 carried the multispectral scanner as well.
_ONE_SENSOR = ("landsat-7", "landsat-8", "landsat-9")
_REPLACE = "Replace it by the MTL file delivered with the product."


def read_mtl(path: Path) -> Mtl:
    """Return the metadata of a file ``*_MTL.txt`` (ODL) or ``*_MTL.json``.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    SceneError
        If it is truncated, or not an MTL file of Landsat 4 to 9.
    """
    text = read_bytes(path).decode("utf-8-sig", errors="replace")
    parse = _json_groups if path.suffix.lower() == ".json" else _odl_groups
    try:
        return Mtl(path.name, parse(text))
    except (ValueError, RecursionError) as error:
        raise SceneError(
            f"{path} cannot be read as metadata: {error}, "
            f"found {len(text)} characters. {_REPLACE}"
        ) from error


def _odl_groups(text: str) -> Groups:
    """Parse ``GROUP = X / KEY = value / END_GROUP = X / END``; values lose their quotes."""
    groups: dict[str, dict[str, str]] = {}
    open_groups: list[str] = []
    # Old files are padded with NUL bytes at the end.
    for line in text.replace("\0", "").splitlines():
        key, _, value = (part.strip().strip('"') for part in line.partition("="))
        if key == "END":
            return {name: keys for name, keys in groups.items() if keys}
        if key == "GROUP":
            open_groups.append(value)
            groups[value] = {}
        elif key == "END_GROUP":
            if not open_groups or open_groups.pop() != value:
                raise ValueError(f"END_GROUP = {value} does not match a GROUP")
        elif key and open_groups and groups[open_groups[-1]].setdefault(key, value) != value:
            raise ValueError(f"{key} is there twice, with different values")
    raise ValueError("the line END is missing")


def _json_groups(text: str) -> Groups:
    """Parse ``{"LANDSAT_METADATA_FILE": {group: {key: "value"}}}``."""
    content = json.loads(text)
    root = next(iter(content.values()), None) if isinstance(content, dict) else None
    if not isinstance(root, dict):
        raise ValueError("it contains no groups")
    return {
        str(name): {str(key): str(value) for key, value in keys.items()}
        for name, keys in root.items()
        if isinstance(keys, dict)
    }
