"""Sensors of free optical satellites: bands by common name, native pixels, quality bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from minecover.core.errors import SceneError


@dataclass(frozen=True, slots=True)
class Band:
    """A band of a sensor.

    Parameters
    ----------
    native : str
        Name in the files of the agency: ``"B4"``, ``"B8A"``, ``"B6_VCID_1"``.
    pixel_m : float
        Side of a pixel as delivered [m].
    """

    native: str
    pixel_m: float


@dataclass(frozen=True, slots=True)
class Sensor:
    """What satellites of one kind deliver.

    Parameters
    ----------
    name : str
        ``"OLI/TIRS"``, ``"ETM+"``, ``"TM"`` or ``"MSI"``.
    platforms : tuple of str
        Satellites that carry it, by their names in STAC: ``"landsat-8"``.
    bands : mapping of str to Band
        By common name, in the order of the agency's numbers.
    surface : tuple of str
        Common names of the bands of Level 2 (surface reflectance and temperature).
    saturated : int
        Bits of Landsat's QA_RADSAT that reject a pixel: saturation of a reflective band, and
        pixels that the sensor dropped; 0 for sensors without this band.

    References
    ----------
    Common names: STAC extension ``eo``. QA_RADSAT: USGS, Landsat 8-9 Collection 2 (C2) Level 2
    Science Product Guide (LSDS-1619), and Landsat 4-7 (LSDS-1618).
    """

    name: str
    platforms: tuple[str, ...]
    bands: Mapping[str, Band]
    surface: tuple[str, ...]
    saturated: int

    @property
    def family(self) -> str:
        """Family of satellites, as `minecover.core.lattice.Lattice` names it."""
        return "landsat" if self.platforms[0].startswith("landsat") else "sentinel_2"

    def native(self, name: str) -> str:
        """Return the agency's name of a band.

        Parameters
        ----------
        name : str
            Common name.

        Raises
        ------
        SceneError
            If the sensor has no such band.
        """
        if name not in self.bands:
            raise SceneError(
                f"{self.platforms[0]} ({self.name}) has no band {name} "
                f"(it has: {', '.join(self.bands)}). Remove it from source.bands."
            )
        return self.bands[name].native

    def common(self, native: str) -> str:
        """Return the common name of a band, given the agency's.

        Raises
        ------
        SceneError
            If the sensor has no such band.
        """
        for name, band in self.bands.items():
            if band.native == native:
                return name
        natives = ", ".join(band.native for band in self.bands.values())
        raise SceneError(
            f"{self.platforms[0]} ({self.name}) has no band {native} (it has: {natives})."
        )


def _bands(pixel_m: float, **natives: str) -> dict[str, Band]:
    return {name: Band(native, pixel_m) for name, native in natives.items()}


#: Common names of temperatures [K]; all other bands are reflectance [1].
THERMAL = ("lwir", "lwir11", "lwir12")

#: Landsat 8 and 9. Thermal bands are delivered resampled from 100 m.
OLI = Sensor(
    "OLI/TIRS",
    ("landsat-8", "landsat-9"),
    MappingProxyType(
        {
            **_bands(
                30.0,
                coastal="B1",
                blue="B2",
                green="B3",
                red="B4",
                nir08="B5",
                swir16="B6",
                swir22="B7",
            ),
            "pan": Band("B8", 15.0),
            **_bands(30.0, cirrus="B9", lwir11="B10", lwir12="B11"),
        }
    ),
    ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "lwir11"),
    # Bands 1-7 and 9; 8, 10 and 11 have no bit.
    0b1_0111_1111,
)

#: Landsat 7. The low-gain thermal band is used, because hot ground saturates the other one.
ETM = Sensor(
    "ETM+",
    ("landsat-7",),
    MappingProxyType(
        {
            **_bands(
                30.0,
                blue="B1",
                green="B2",
                red="B3",
                nir08="B4",
                swir16="B5",
                lwir="B6_VCID_1",
                swir22="B7",
            ),
            "pan": Band("B8", 15.0),
        }
    ),
    ("blue", "green", "red", "nir08", "swir16", "lwir", "swir22"),
    # Bands 1-5 and 7, and dropped pixels; bit 5 is B6 in low gain, bit 8 in high gain.
    0b10_0101_1111,
)

#: Landsat 4 and 5.
TM = Sensor(
    "TM",
    ("landsat-4", "landsat-5"),
    MappingProxyType(
        _bands(
            30.0,
            blue="B1",
            green="B2",
            red="B3",
            nir08="B4",
            swir16="B5",
            lwir="B6",
            swir22="B7",
        )
    ),
    ("blue", "green", "red", "nir08", "swir16", "lwir", "swir22"),
    0b10_0101_1111,
)

#: Sentinel-2. Landsat's near infrared is nearer to B8A (``nir08``) than to B8 (``nir``).
MSI = Sensor(
    "MSI",
    ("sentinel-2a", "sentinel-2b", "sentinel-2c"),
    MappingProxyType(
        {
            "coastal": Band("B01", 60.0),
            **_bands(10.0, blue="B02", green="B03", red="B04"),
            **_bands(20.0, rededge071="B05", rededge075="B06", rededge078="B07"),
            "nir": Band("B08", 10.0),
            "nir08": Band("B8A", 20.0),
            "nir09": Band("B09", 60.0),
            "cirrus": Band("B10", 60.0),
            **_bands(20.0, swir16="B11", swir22="B12"),
        }
    ),
    (
        "coastal",
        "blue",
        "green",
        "red",
        "rededge071",
        "rededge075",
        "rededge078",
        "nir",
        "nir08",
        "nir09",
        "swir16",
        "swir22",
    ),
    0,
)

SENSORS = (TM, ETM, OLI, MSI)
#: Sensors by platform, ``"landsat-4"`` ... ``"sentinel-2c"``.
BY_PLATFORM: Mapping[str, Sensor] = MappingProxyType(
    {platform: sensor for sensor in SENSORS for platform in sensor.platforms}
)
#: Every common name, in the order of the table.
COMMON_NAMES = tuple(dict.fromkeys(name for sensor in SENSORS for name in sensor.bands))


def common_names(platforms: Sequence[str], bands: Sequence[str]) -> tuple[str, ...]:
    """Return bands by common name, of which some may be named as the agency does.

    Parameters
    ----------
    platforms : sequence of str
        Keys of `BY_PLATFORM`. An agency's name is replaced where it means one band on all.
    bands : sequence of str
        Names such as ``"red"`` or, of Landsat 8, ``"B4"``.

    Returns
    -------
    tuple of str
        In the order of `bands`; names that no platform has are left as they are.
    """
    sensors = [BY_PLATFORM[name] for name in platforms if name in BY_PLATFORM]
    found = []
    for name in bands:
        meant = {
            common
            for sensor in sensors
            for common, band in sensor.bands.items()
            if band.native == name
        }
        found.append(meant.pop() if len(meant) == 1 and name not in COMMON_NAMES else name)
    return tuple(found)


def offered(platforms: Sequence[str], level: int) -> tuple[str, ...]:
    """Return the bands that all of some platforms have.

    Parameters
    ----------
    platforms : sequence of str
        Keys of `BY_PLATFORM`, at least one.
    level : int
        1, top of the atmosphere, or 2, surface.

    Returns
    -------
    tuple of str
        Common names, in the order of the first platform.
    """
    sensors = [BY_PLATFORM[platform] for platform in platforms]
    names = [sensor.surface if level == 2 else tuple(sensor.bands) for sensor in sensors]
    return tuple(name for name in names[0] if all(name in other for other in names))
