"""Measurements on labels: areas, overlaps, dates, nearest distances, unmatched points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from scipy.spatial import cKDTree

from minecover.labels.ipis import latest_visits, mineral
from minecover.labels.reading import PROVINCE, parse_date

#: Columns that are used where they exist: the key of a site (which may have several visits),
#: dates, minerals (the prefix of their names).
SITE, DATES, MINERAL = "pcode", ("visit_date", "seen_from", "seen_to"), "mineral"
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y")
#: A point belongs to a polygon within this distance, half the side of a site [m].
MATCH_M = 1500.0
EARTH = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class DateSummary:
    """Dates of a column.

    Parameters
    ----------
    first, last : str
        ISO dates; "" if there is none.
    missing, unreadable : int
        Number of empty values, and of values in no known format.
    example : str
        The first unreadable value; "" if there is none.
    """

    first: str
    last: str
    missing: int
    unreadable: int
    example: str


@dataclass(frozen=True, slots=True)
class Matching:
    """Points and polygons without each other within `MATCH_M`.

    Parameters
    ----------
    points : int
        Number of points.
    points_without_polygon, polygons_without_point : int
        Number of those that have none of the other kind within `MATCH_M`.
    """

    points: int
    points_without_polygon: int
    polygons_without_point: int


def latest_sites(features: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """Return the latest visit of each site, and the number of visits to the most visited."""
    if SITE not in features or features.empty:
        return features, 1
    dates = features[DATES[0]] if DATES[0] in features else [None] * len(features)
    days = [_iso_date(value) for value in dates]
    known = features[SITE].notna()
    latest = latest_visits(
        features[known], SITE, [d for d, k in zip(days, known, strict=True) if k]
    )
    return (
        gpd.GeoDataFrame(pd.concat([latest, features[~known]]), crs=features.crs),
        int(features[SITE].value_counts().max()),
    )


def _iso_date(value: object) -> str:
    """Return the ISO date of a value, "" where there is none."""
    try:
        found = parse_date(value, DATE_FORMATS)
    except ValueError:
        return ""
    return found.isoformat() if found else ""


def summarise_dates(column: pd.Series) -> DateSummary:
    """Return first and last date of a column, and what is missing or unreadable."""
    days: list[date] = []
    bad: list[str] = []
    for value in column.dropna():
        try:
            found = parse_date(value, DATE_FORMATS)
        except ValueError:
            bad.append(str(value))
            continue
        days += [found] if found else []
    return DateSummary(
        first=min(days).isoformat() if days else "",
        last=max(days).isoformat() if days else "",
        missing=len(column) - len(days) - len(bad),
        unreadable=len(bad),
        example=bad[0] if bad else "",
    )


def count_values(values: Sequence[str]) -> dict[str, int]:
    """Return the number of each value, most frequent first."""
    counts = pd.Series(values, dtype=object).value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {str(name): int(n) for name, n in ordered}


def invalid_reason(shape: shapely.Geometry) -> str:
    """Return why a geometry is invalid, without the coordinates."""
    return str(shapely.is_valid_reason(shape)).partition("[")[0]


def _ha(shape: shapely.Geometry) -> float:
    """Return the area on the ellipsoid [ha]; orientation makes holes count as negative."""
    area_m2, _ = EARTH.geometry_area_perimeter(shapely.orient_polygons(shape))
    return abs(float(area_m2)) / 1e4


def area_statistics(polygons: gpd.GeoSeries) -> dict[str, float]:
    """Return smallest, median, largest and total area on the ellipsoid [ha]; {} for none."""
    if polygons.empty:
        return {}
    ha = np.array([_ha(shape) for shape in polygons])
    measures: dict[str, Callable[[NDArray[np.float64]], float]] = {
        "min": np.min,
        "median": np.median,
        "max": np.max,
        "total": np.sum,
    }
    return {name: round(float(measure(ha)), 2) for name, measure in measures.items()}


def overlap_areas_ha(polygons: gpd.GeoSeries) -> list[float]:
    """Return the area that each overlapping pair of polygons shares [ha]."""
    a, b = polygons.sindex.query(polygons.to_numpy(), predicate="intersects")
    first = a < b
    shapes = polygons.to_numpy()
    shared = shapely.intersection(shapes[a[first]], shapes[b[first]])
    return [ha for ha in map(_ha, shared) if ha > 0]


def count_minerals(sites: gpd.GeoDataFrame) -> dict[str, int]:
    """Return the number of sites by mineral; one site can have several."""
    columns = [
        c for c in sites if str(c).startswith(MINERAL) and str(c)[len(MINERAL) :].isdigit()
    ]
    named = [mineral(str(v)) for c in columns for v in sites[c].dropna() if str(v).strip()]
    return count_values(named)


def count_provinces(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None) -> dict[str, int]:
    """Return the number of sites by the area they lie in, or by their own province column."""
    if areas is None:
        names = sites[PROVINCE].fillna("").astype(str).tolist() if PROVINCE in sites else []
        return count_values(names)
    local = areas.to_crs("EPSG:4326")
    points = shapely.point_on_surface(sites.geometry.to_numpy())
    which, area = local.sindex.query(points, predicate="intersects")
    of = dict(zip(which[::-1], local[PROVINCE].astype(str).to_numpy()[area][::-1], strict=True))
    return count_values([str(of.get(i, "")) for i in range(len(points))])


def nearest_distances_m(shapes: gpd.GeoSeries) -> NDArray[np.float64]:
    """Return the distance from each centre to the nearest other one, (n,) float64 [m].

    It is the straight line through the earth, within a metre of the distance on the ground up
    to 60 km. Empty for fewer than two shapes.
    """
    if len(shapes) < 2:
        return np.empty(0)
    centres = shapely.centroid(shapes.to_numpy())
    to_space = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    xyz = to_space.transform(
        shapely.get_x(centres), shapely.get_y(centres), np.zeros(len(shapes))
    )
    away, _ = cKDTree(np.column_stack(xyz)).query(np.column_stack(xyz), k=2)
    return np.asarray(away[:, 1], np.float64)


def match_points(polygons: gpd.GeoSeries, points: gpd.GeoDataFrame) -> Matching:
    """Count points and polygons without each other, in an equidistant plane of the polygons."""
    if polygons.empty:
        return Matching(len(points), len(points), 0)
    there = points.geometry[~(points.geometry.isna() | points.geometry.is_empty)]
    west, south, east, north = polygons.total_bounds
    middle = f"+lon_0={(west + east) / 2:.4f} +lat_0={(south + north) / 2:.4f}"
    local = f"+proj=aeqd {middle} +units=m"
    here, other = polygons.to_crs(local), there.to_crs(local)
    a, b = here.sindex.query(other.to_numpy(), predicate="dwithin", distance=MATCH_M)
    return Matching(len(there), len(there) - len(set(a)), len(here) - len(set(b)))
