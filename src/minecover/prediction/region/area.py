"""Which ground a map is wanted of: a file or a bounding box, divided among UTM zones."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import shapely
from pyogrio.errors import DataSourceError

from minecover.core.errors import SiteError
from minecover.core.grid import utm_crs

#: Edges in degrees are bent in metres: a corner is put in at least this often [degrees].
CORNER_EVERY_DEG = 0.25
#: Width of a UTM zone, and where zones end in the south and in the north [degrees].
ZONE_DEG, SOUTH, NORTH = 6.0, -80.0, 84.0


def read_area(area: str) -> shapely.Geometry:
    """Read an area.

    Parameters
    ----------
    area : str
        A vector file (GeoJSON, GeoPackage ...), or ``west,south,east,north`` in degrees. A box
        whose west is east of its east crosses the antimeridian.

    Returns
    -------
    Polygon or MultiPolygon
        In WGS 84 longitude and latitude.

    Raises
    ------
    SiteError
        If there is no such file, it holds no polygon, or one that crosses itself or leaves the
        range of longitudes and latitudes.
    """
    numbers = _numbers(area)
    geometry = _box(*numbers) if numbers else _polygons(Path(area))
    west, south, east, north = geometry.bounds
    if west < -180 or east > 180 or south < SOUTH or north > NORTH:
        raise SiteError(
            f"{area} reaches from longitude {west:g} to {east:g} and latitude {south:g} to "
            f"{north:g}; UTM zones lie in -180 ... 180 and {SOUTH:g} ... {NORTH:g}. Cut an "
            "area that crosses the antimeridian there in two (RFC 7946, section 3.1.9), and "
            "leave the poles out."
        )
    return geometry


def by_zone(area: shapely.Geometry) -> dict[str, shapely.Geometry]:
    """Divide an area among the UTM zones that Landsat is delivered in.

    Returns
    -------
    dict of geometry
        By CRS, from west to east, each in the metres of its zone.
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
            parts[crs] = gpd.GeoSeries([part], crs="EPSG:4326").to_crs(crs).iloc[0]
    return parts


def _numbers(area: str) -> tuple[float, ...]:
    """Read four numbers; nothing if it is anything else."""
    try:
        numbers = tuple(float(part) for part in area.split(","))
    except ValueError:
        return ()
    return numbers if len(numbers) == 4 else ()


def _box(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    if west == east or not south < north:
        raise SiteError(
            "a bounding box is west,south,east,north in degrees, found "
            f"{west:g},{south:g},{east:g},{north:g}, which holds no ground."
        )
    if west < east:
        return shapely.box(west, south, east, north)
    return shapely.union_all(
        [shapely.box(west, south, 180.0, north), shapely.box(-180.0, south, east, north)]
    )


def _polygons(path: Path) -> shapely.Geometry:
    if not path.is_file():
        raise SiteError(
            f"no area at {path}. Name a GeoJSON or GeoPackage file, or a box: "
            "west,south,east,north in degrees."
        )
    try:
        shapes = gpd.read_file(path)
    except DataSourceError as error:
        raise SiteError(f"{path} cannot be read as an area: {error}.") from error
    if shapes.crs is None:
        raise SiteError(f"{path} has no coordinate system. Save it with one.")
    solid = shapes.geometry[shapes.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    if solid.empty:
        found = ", ".join(sorted(set(shapes.geometry.geom_type.dropna()))) or "nothing"
        raise SiteError(f"{path} must hold polygons, found {found}.")
    for number, shape in zip(solid.index, solid, strict=True):
        if not shape.is_valid:
            raise SiteError(
                f"{path}: polygon {number} is no area: {shapely.is_valid_reason(shape)}. Mend "
                "it, for instance with `Fix geometries` in QGIS: what lies inside of an "
                "outline that crosses itself is a guess."
            )
    return shapely.union_all(solid.to_crs("EPSG:4326").to_numpy())
