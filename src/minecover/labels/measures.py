"""Measurements on labels: areas, overlaps, dates, nearest distances, unmatched points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial import cKDTree

from minecover.core.antimeridian import bounding_box
from minecover.labels.dates import VISIT_DATE, VISIT_FORMATS, read_day
from minecover.labels.ipis import latest_visits, mineral
from minecover.labels.plausibility import area_ha
from minecover.labels.reading import PROVINCE

#: Columns that are used where they exist: the key of a site (which may have several visits),
#: dates, minerals (the prefix of their names).
SITE, DATES, MINERAL = "pcode", (VISIT_DATE, "seen_from", "seen_to"), "mineral"
#: A point belongs to a polygon within this distance, half the side of a site [m].
MATCH_M = 1500.0


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
    days = [_day(value, VISIT_FORMATS) or "" for value in dates]
    known = features[SITE].notna()
    latest = latest_visits(
        features[known], SITE, [d for d, k in zip(days, known, strict=True) if k]
    )
    return (
        gpd.GeoDataFrame(pd.concat([latest, features[~known]]), crs=features.crs),
        int(features[SITE].value_counts().max()),
    )


def _day(value: object, formats: Sequence[str]) -> str | None:
    """Return the ISO day of a value, "" where there is none, None if it cannot be read."""
    try:
        return read_day(value, formats)
    except ValueError:
        return None


def summarise_dates(column: pd.Series, formats: Sequence[str]) -> DateSummary:
    """Return first and last date of a column, and what is missing or unreadable.

    Parameters
    ----------
    column : Series
        Dates, or text.
    formats : sequence of str
        Formats of text, see `minecover.labels.dates.read_day`.
    """
    read = [_day(value, formats) for value in column]
    days = [day for day in read if day]
    bad = [str(value) for value, day in zip(column, read, strict=True) if day is None]
    return DateSummary(
        first=min(days, default=""),
        last=max(days, default=""),
        missing=len(column) - len(days) - len(bad),
        unreadable=len(bad),
        example=bad[0] if bad else "",
    )


def date_formats(date_format: str | None) -> dict[str, tuple[str, ...]]:
    """Return the formats of text in each column of dates; () is ISO 8601."""
    visit, *seen = DATES
    return {visit: VISIT_FORMATS, **dict.fromkeys(seen, (date_format,) if date_format else ())}


def extent_degrees(shapes: gpd.GeoSeries) -> list[float]:
    """Return west, south, east, north [degrees], see `bounding_box`; [] for no shape."""
    if shapes.empty:
        return []
    everything = shapely.GeometryCollection(shapes.tolist())
    return [round(edge, 4) for edge in bounding_box(everything)]


def count_values(values: Sequence[str]) -> dict[str, int]:
    """Return the number of each value, most frequent first."""
    counts = pd.Series(values, dtype=object).value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {str(name): int(n) for name, n in ordered}


def invalid_reason(shape: shapely.Geometry) -> str:
    """Return why a geometry is invalid, without the coordinates."""
    return str(shapely.is_valid_reason(shape)).partition("[")[0]


def area_statistics(polygons: gpd.GeoSeries) -> dict[str, float]:
    """Return smallest, median, largest and total area on the ellipsoid [ha]; {} for none."""
    if polygons.empty:
        return {}
    ha = np.array([area_ha(shape) for shape in polygons])
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
    return [ha for ha in map(area_ha, shared) if ha > 0]


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
