"""Quality of a label file: counts, areas, overlaps, dates, distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from minecover.core.valid_shapes import made_valid
from minecover.core.vectors import find_column
from minecover.labels import measures
from minecover.labels.measures import MATCH_M, DateSummary, Matching

#: Sites of this side share ground if their centres are nearer [m].
NEAR_M = 3000.0
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality of a label file, to check before it is used.

    Parameters
    ----------
    features, sites : int
        Rows of the file, and rows with only the latest visit of each site. All other fields
        describe the latter, except `types`, `empty`, `invalid` and `dates`.
    most_visits : int
        Number of visits to the most visited site.
    extent : list of float
        West, south, east, north of the features [degrees]; empty if there are none.
    types : mapping of str to int
        Number of features by type of geometry.
    empty : int
        Number of features without geometry or usable coordinates.
    invalid : mapping of str to int
        Number of invalid geometries by reason, e.g. ``"Self-intersection"``.
    area_ha : mapping of str to float
        ``min``, ``median``, ``max`` and ``total`` of the polygons on the ellipsoid [ha]; empty
        if there are none.
    duplicates : int
        Number of features with the geometry of an earlier one.
    overlaps : int
        Number of overlapping pairs of polygons.
    overlap_ha : float
        Shared area, summed over the pairs [ha].
    dates : mapping of str to DateSummary
        By column.
    minerals, provinces : mapping of str to int
        Number of sites by mineral (one site can have several) and by province, descending.
    neighbour_m : mapping of str to float
        Quantiles of the distance from a feature's centre to the nearest other one [m].
    near_share : float or None
        Share of features that have another within `NEAR_M`; None for fewer than two.
    matching : Matching or None
        Comparison with mine points; None without points.
    """

    features: int
    sites: int
    most_visits: int
    extent: list[float]
    types: Mapping[str, int]
    empty: int
    invalid: Mapping[str, int]
    area_ha: Mapping[str, float]
    duplicates: int
    overlaps: int
    overlap_ha: float
    dates: Mapping[str, DateSummary]
    minerals: Mapping[str, int]
    provinces: Mapping[str, int]
    neighbour_m: Mapping[str, float]
    near_share: float | None
    matching: Matching | None


def quality(
    features: gpd.GeoDataFrame,
    *,
    points: gpd.GeoDataFrame | None,
    provinces: gpd.GeoDataFrame | None,
    date_format: str | None = None,
) -> Quality:
    """Measure the quality of a label file.

    Parameters
    ----------
    features : GeoDataFrame
        As read, in any CRS. Columns of sites (``pcode``), dates, provinces and minerals are
        used where they exist, see `minecover.labels.measures`.
    points : GeoDataFrame or None
        Mine points that the polygons among the features should belong to.
    provinces : GeoDataFrame or None
        Areas with a column ``province``; without them that column of the features is used.
    date_format : str or None
        Format of `seen_from` and `seen_to`, see `minecover.labels.LabelFiles`.

    Returns
    -------
    Quality
        All counts and measures.
    """
    geometry = features.geometry
    empty = geometry.isna() | geometry.is_empty
    whole = features[~empty].to_crs("EPSG:4326")
    broken = whole.geometry[~whole.is_valid]
    sites, most_visits = measures.latest_sites(whole)
    polygons = sites.geometry[sites.geom_type.isin(["Polygon", "MultiPolygon"])]
    polygons = gpd.GeoSeries(
        made_valid(polygons.to_numpy()), index=polygons.index, crs=polygons.crs
    )
    overlaps = measures.overlap_areas_ha(polygons)
    away = measures.nearest_distances_m(sites.geometry)
    return Quality(
        features=len(features),
        sites=len(sites),
        most_visits=most_visits,
        extent=measures.extent_degrees(whole.geometry),
        types=measures.count_values(whole.geom_type.tolist()),
        empty=int(empty.sum()),
        invalid=measures.count_values([measures.invalid_reason(shape) for shape in broken]),
        area_ha=measures.area_statistics(polygons),
        duplicates=int(sites.normalize().duplicated().sum()),
        overlaps=len(overlaps),
        overlap_ha=round(sum(overlaps), 2),
        dates={
            name: measures.summarise_dates(features[column], formats)
            for name, formats in measures.date_formats(date_format).items()
            if (column := find_column(features, name))
        },
        minerals=measures.count_minerals(sites),
        provinces=measures.count_provinces(sites, provinces),
        neighbour_m={
            f"{quantile:.0%}": round(float(np.quantile(away, quantile)), 1)
            for quantile in (QUANTILES if away.size else ())
        },
        near_share=round(float((away <= NEAR_M).mean()), 4) if away.size else None,
        matching=None if points is None else measures.match_points(polygons, points),
    )


def quality_lines(found: Quality) -> list[str]:
    """Return the quality as lines of text for people, one measure per line."""
    lines = [
        f"features    {found.features}: {_listed(found.types)}",
        f"sites       {found.sites}, the most visited {found.most_visits} times",
        f"geometry    {found.empty} empty, {sum(found.invalid.values())} invalid"
        + (f" ({_listed(found.invalid)})" if found.invalid else "")
        + f", {found.duplicates} duplicates",
    ]
    if found.extent:
        west, south, east, north = found.extent
        lines.append(
            f"extent      longitude {west:g} ... {east:g}, latitude {south:g} ... {north:g}"
        )
    if found.area_ha:
        sizes = ", ".join(f"{name} {ha:g}" for name, ha in found.area_ha.items())
        lines.append(f"area [ha]   {sizes}")
        lines.append(f"overlaps    {found.overlaps} pairs, {found.overlap_ha:g} ha")
    lines += [
        f"{name:<11} {d.first or 'none'} ... {d.last or 'none'}, {d.missing} missing, "
        f"{d.unreadable} unreadable" + (f" (such as {d.example!r})" if d.unreadable else "")
        for name, d in found.dates.items()
    ]
    if found.minerals:
        lines.append(f"minerals    {_listed(found.minerals)}")
    if found.provinces:
        lines.append(f"provinces   {_listed(found.provinces)}")
    if found.near_share is not None:
        away = ", ".join(f"{name} {metres:.0f}" for name, metres in found.neighbour_m.items())
        lines.append(f"nearest [m] {away}; {found.near_share:.0%} within {NEAR_M:.0f}")
    if found.matching:
        m = found.matching
        lines.append(
            f"points      {m.points}: {m.points_without_polygon} without a polygon within "
            f"{MATCH_M:.0f} m, {m.polygons_without_point} polygons without a point"
        )
    return lines


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name or 'unknown'}" for name, n in counts.items())
