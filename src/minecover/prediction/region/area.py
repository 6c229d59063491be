"""Read the area of a map from a vector file or a bounding box, and divide it by UTM zone."""

from __future__ import annotations

import math
from pathlib import Path

import shapely

from minecover.core.errors import SiteError
from minecover.core.grid import utm_crs
from minecover.core.sites import projected
from minecover.core.vector_checks import VectorFileKind
from minecover.core.vectors import read_polygons

AREA_FILE = VectorFileKind(
    SiteError,
    "area",
    "Name a GeoJSON or GeoPackage file, or a bounding box: west,south,east,north in degrees.",
    "a file with that layer alone",
)

#: Straight edges in degrees are curves in metres: vertices are added at most this far apart
#: [degrees].
CORNER_EVERY_DEG = 0.25
#: Width of a UTM zone, and the latitudes at which zones end [degrees].
ZONE_DEG, SOUTH, NORTH = 6.0, -80.0, 84.0


def read_area(area: str) -> shapely.Geometry:
    """Read the area of a map.

    Parameters
    ----------
    area : str
        Path of a vector file of polygons (GeoJSON, GeoPackage ...), or
        ``west,south,east,north`` in degrees. A box with west > east crosses the antimeridian.

    Returns
    -------
    Polygon or MultiPolygon
        In WGS 84 longitude and latitude.

    Raises
    ------
    SiteError
        If the file is missing, holds no polygon or an invalid one, or if the area leaves the
        longitudes -180 ... 180 or the latitudes of UTM zones.
    """
    numbers = _numbers(area)
    geometry = _box(*numbers) if numbers else read_polygons(Path(area), AREA_FILE)
    west, south, east, north = geometry.bounds
    if west < -180 or east > 180 or south < SOUTH or north > NORTH:
        raise SiteError(
            f"{area} reaches from longitude {west:g} to {east:g} and latitude {south:g} to "
            f"{north:g}; UTM zones lie in -180 ... 180 and {SOUTH:g} ... {NORTH:g}. Cut an "
            "area that crosses the antimeridian in two there (RFC 7946, section 3.1.9), and "
            "leave the poles out."
        )
    return geometry


def by_zone(area: shapely.Geometry) -> dict[str, shapely.Geometry]:
    """Divide an area by UTM zone, in the northern CRS in which Landsat is delivered.

    Parameters
    ----------
    area : geometry
        Polygon or MultiPolygon in WGS 84 longitude and latitude.

    Returns
    -------
    dict of geometry
        The part of the area in each zone, in its metres, by CRS (``EPSG:32635``), from west to
        east.
    """
    dense = shapely.segmentize(area, CORNER_EVERY_DEG)
    west, _, east, _ = area.bounds
    parts = {}
    for zone in range(
        int((west + 180) // ZONE_DEG), min(int((east + 180) // ZONE_DEG), 59) + 1
    ):
        left = zone * ZONE_DEG - 180
        strip = shapely.box(left, SOUTH, left + ZONE_DEG, NORTH)
        part = shapely.intersection(dense, shapely.segmentize(strip, CORNER_EVERY_DEG))
        if part.area > 0:
            crs = utm_crs(left + ZONE_DEG / 2, 0)
            parts[crs] = projected(part, crs)
    return parts


def _numbers(area: str) -> tuple[float, ...]:
    """Read four numbers; return () for anything else."""
    try:
        numbers = tuple(float(part) for part in area.split(","))
    except ValueError:
        return ()
    return numbers if len(numbers) == 4 else ()


def _box(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    are_numbers = all(map(math.isfinite, (west, south, east, north)))
    if not are_numbers or west == east or not south < north:
        what = "is empty" if are_numbers else "holds a value that is no number"
        raise SiteError(
            "a bounding box is west,south,east,north in degrees, found "
            f"{west:g},{south:g},{east:g},{north:g}, which {what}. West should differ "
            "from east, and south be less than north."
        )
    if west < east:
        return shapely.box(west, south, east, north)
    return shapely.union_all(
        [shapely.box(west, south, 180.0, north), shapely.box(-180.0, south, east, north)]
    )
