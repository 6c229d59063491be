"""What is measured on labels: areas, overlaps, dates, neighbours, partners."""

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

from minecover.labels.ipis import latest, mineral
from minecover.labels.reading import PROVINCE, day

#: Columns that are looked at where they exist: the key of a site that was visited more than
#: once, dates, minerals (the beginning of their names).
SITE, DATES, MINERAL = "pcode", ("visit_date", "seen_from", "seen_to"), "mineral"
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y")
#: A point belongs to a polygon within half the side of a site [m].
MATCH_M = 1500.0
EARTH = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of a column: first, last, how many are missing or unreadable, an example."""

    first: str
    last: str
    missing: int
    unreadable: int
    example: str


@dataclass(frozen=True, slots=True)
class Matching:
    """Points and polygons that have no partner within `MATCH_M`."""

    points: int
    points_without_polygon: int
    polygons_without_point: int


def sites(features: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """Keep the latest visit of each site, and count those to the site with most."""
    if SITE not in features or features.empty:
        return features, 1
    dates = features[DATES[0]] if DATES[0] in features else [None] * len(features)
    days = [_readable(value) for value in dates]
    known = features[SITE].notna()
    kept = latest(features[known], SITE, [d for d, k in zip(days, known, strict=True) if k])
    return (
        gpd.GeoDataFrame(pd.concat([kept, features[~known]]), crs=features.crs),
        int(features[SITE].value_counts().max()),
    )


def _readable(value: object) -> str:
    """Give the ISO date of a value, empty where there is none."""
    try:
        found = day(value, DATE_FORMATS)
    except ValueError:
        return ""
    return found.isoformat() if found else ""


def dates(column: pd.Series) -> Dates:
    """Look over a column of dates."""
    days: list[date] = []
    bad: list[str] = []
    for value in column.dropna():
        try:
            found = day(value, DATE_FORMATS)
        except ValueError:
            bad.append(str(value))
            continue
        days += [found] if found else []
    return Dates(
        first=min(days).isoformat() if days else "",
        last=max(days).isoformat() if days else "",
        missing=len(column) - len(days) - len(bad),
        unreadable=len(bad),
        example=bad[0] if bad else "",
    )


def counts(values: Sequence[str]) -> dict[str, int]:
    """Count values, most frequent first."""
    counts = pd.Series(values, dtype=object).value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {str(name): int(n) for name, n in ordered}


def reason(shape: shapely.Geometry) -> str:
    """Say what is wrong with a geometry, without where."""
    return str(shapely.is_valid_reason(shape)).partition("[")[0]


def _ha(shape: shapely.Geometry) -> float:
    """Area on the ellipsoid; holes are taken off if they run the other way round."""
    area_m2, _ = EARTH.geometry_area_perimeter(shapely.orient_polygons(shape))
    return abs(float(area_m2)) / 1e4


def areas(polygons: gpd.GeoSeries) -> dict[str, float]:
    """Smallest, median, largest and total area on the ellipsoid [ha]; empty without any."""
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


def overlaps(polygons: gpd.GeoSeries) -> list[float]:
    """Ground that each overlapping pair shares [ha]."""
    a, b = polygons.sindex.query(polygons.to_numpy(), predicate="intersects")
    first = a < b
    shapes = polygons.to_numpy()
    shared = shapely.intersection(shapes[a[first]], shapes[b[first]])
    return [ha for ha in map(_ha, shared) if ha > 0]


def minerals(sites: gpd.GeoDataFrame) -> dict[str, int]:
    """Count sites by mineral; one site can have several."""
    columns = [
        c for c in sites if str(c).startswith(MINERAL) and str(c)[len(MINERAL) :].isdigit()
    ]
    named = [mineral(str(v)) for c in columns for v in sites[c].dropna() if str(v).strip()]
    return counts(named)


def provinces(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None) -> dict[str, int]:
    """Count sites by the area they lie in, or by what they say themselves."""
    if areas is None:
        names = sites[PROVINCE].fillna("").astype(str).tolist() if PROVINCE in sites else []
        return counts(names)
    local = areas.to_crs("EPSG:4326")
    points = shapely.point_on_surface(sites.geometry.to_numpy())
    which, area = local.sindex.query(points, predicate="intersects")
    of = dict(zip(which[::-1], local[PROVINCE].astype(str).to_numpy()[area][::-1], strict=True))
    return counts([str(of.get(i, "")) for i in range(len(points))])


def neighbours_m(shapes: gpd.GeoSeries) -> NDArray[np.float64]:
    """Distance from each centre to the nearest other one [m], straight through the earth.

    That is within a metre of the distance on the ground up to 60 km.
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


def matching(polygons: gpd.GeoSeries, points: gpd.GeoDataFrame) -> Matching:
    """Look for partners, in a plane that keeps distances from the middle of the polygons."""
    if polygons.empty:
        return Matching(len(points), len(points), 0)
    there = points.geometry[~(points.geometry.isna() | points.geometry.is_empty)]
    west, south, east, north = polygons.total_bounds
    middle = f"+lon_0={(west + east) / 2:.4f} +lat_0={(south + north) / 2:.4f}"
    local = f"+proj=aeqd {middle} +units=m"
    here, other = polygons.to_crs(local), there.to_crs(local)
    a, b = here.sindex.query(other.to_numpy(), predicate="dwithin", distance=MATCH_M)
    return Matching(len(there), len(there) - len(set(a)), len(here) - len(set(b)))
