"""Differences between sensors: published lines that turn one's reflectance into another's."""

from __future__ import annotations

from dataclasses import dataclass

from minecover.core.sensors import BY_PLATFORM, ETM, MSI, OLI, TM

#: Bands of the tables, by common name.
BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
ROY = "Roy et al. (2016), Remote Sensing of Environment 185, 57-70, table 2, least squares"


@dataclass(frozen=True, slots=True)
class Harmonisation:
    """A line for each of `BANDS`: ``like = slope * sensor + offset``.

    Parameters
    ----------
    sensor, like : str
        Names of the sensor that is turned, and of the one that it is turned into.
    level : int
        Processing level that it holds for: 1 (top of the atmosphere) or 2 (surface).
    slope, offset : tuple of float
        Of `BANDS`; the offset is a reflectance.
    source : str
        Where the numbers are from.
    """

    sensor: str
    like: str
    level: int
    slope: tuple[float, ...]
    offset: tuple[float, ...]
    source: str


#: Of surface reflectance alone. Roy et al. compared Landsat 7 with 8 over the United States;
#: Landsat 4 and 5 are taken for Landsat 7, as is usual: their bands are nearly the same. A line
#: by least squares draws extremes, such as bright tailings, towards the mean.
PUBLISHED = (
    *(
        Harmonisation(
            name,
            OLI.name,
            2,
            (0.8474, 0.8483, 0.9047, 0.8462, 0.8937, 0.9071),
            (0.0003, 0.0088, 0.0061, 0.0412, 0.0254, 0.0172),
            ROY if name == ETM.name else f"{ROY}, found for Landsat 7",
        )
        for name in (ETM.name, TM.name)
    ),
    Harmonisation(
        MSI.name,
        OLI.name,
        2,
        (0.9778, 1.0053, 0.9765, 0.9983, 0.9987, 1.0030),
        (-0.0040, -0.0009, 0.0009, -0.0001, -0.0011, -0.0012),
        "NASA, Harmonized Landsat Sentinel-2 user guide 2.0, bandpass of Sentinel-2A",
    ),
)


def published(platform: str, like: str, level: int) -> Harmonisation | None:
    """Return the published line that turns a satellite's reflectance into another's.

    Parameters
    ----------
    platform, like : str
        Satellites, see `minecover.core.sensors.BY_PLATFORM`.
    level : int
        Processing level of both.

    Returns
    -------
    Harmonisation or None
        None where nothing is published for this level.
    """
    sensors = BY_PLATFORM[platform].name, BY_PLATFORM[like].name
    for one in PUBLISHED:
        if (one.sensor, one.like, one.level) == (*sensors, level):
            return one
    return None
