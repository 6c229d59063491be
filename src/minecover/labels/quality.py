"""How good a file of labels is: counts, areas, overlaps, dates, distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from minecover.labels import measures
from minecover.labels.measures import MATCH_M, Dates, Matching

#: Sites of this side share ground if their centres are nearer [m].
NEAR_M = 3000.0
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Quality:
    """What there is to know of a file of labels before it is used.

    Parameters
    ----------
    features, sites : int
        Rows of the file, and what is left when the latest visit of each site is kept; all that
        follows but `empty`, `invalid` and `dates` is about these.
    most_visits : int
        Visits to the site with most of them.
    types : mapping of int
        Features by type of geometry.
    empty : int
        Features without geometry, or with coordinates that are none.
    invalid : mapping of int
        Invalid geometries by reason, e.g. ``"Self-intersection"``.
    area_ha : mapping of float
        ``min``, ``median``, ``max`` and ``total`` of the polygons on the ellipsoid [ha]; empty
        if there is none.
    duplicates : int
        Features whose geometry an earlier one has as well.
    overlaps : int
        Pairs of polygons that share ground.
    overlap_ha : float
        Ground that is shared, summed over the pairs [ha].
    dates : mapping of Dates
        By column.
    minerals, provinces : mapping of int
        Sites by mineral (one site can have several) and by province, most first.
    neighbour_m : mapping of float
        Quantiles of the distance from a feature's centre to the nearest other one [m].
    near_share : float or None
        Share of features that have another within `NEAR_M`; None for fewer than two.
    matching : Matching or None
        Against the points; None if there are none.
    """

    features: int
    sites: int
    most_visits: int
    types: Mapping[str, int]
    empty: int
    invalid: Mapping[str, int]
    area_ha: Mapping[str, float]
    duplicates: int
    overlaps: int
    overlap_ha: float
    dates: Mapping[str, Dates]
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
) -> Quality:
    """Look a file of labels over.

    Parameters
    ----------
    features : GeoDataFrame
        As it was read; `SITE`, `DATES`, `PROVINCE` and columns of minerals are used where they
        exist.
    points : GeoDataFrame or None
        Mine points that the polygons among the features should belong to.
    provinces : GeoDataFrame or None
        Areas with a column `PROVINCE`; without them a column of the features tells.
    """
    geometry = features.geometry
    empty = geometry.isna() | geometry.is_empty
    whole = features[~empty].to_crs("EPSG:4326")
    broken = whole.geometry[~whole.is_valid]
    sites, most_visits = measures.sites(whole)
    polygons = sites.geometry[sites.geom_type.isin(["Polygon", "MultiPolygon"])].make_valid()
    overlaps = measures.overlaps(polygons)
    away = measures.neighbours_m(sites.geometry)
    return Quality(
        features=len(features),
        sites=len(sites),
        most_visits=most_visits,
        types=measures.counts(whole.geom_type.tolist()),
        empty=int(empty.sum()),
        invalid=measures.counts([measures.reason(shape) for shape in broken]),
        area_ha=measures.areas(polygons),
        duplicates=int(sites.normalize().duplicated().sum()),
        overlaps=len(overlaps),
        overlap_ha=round(sum(overlaps), 2),
        dates={
            name: measures.dates(features[name]) for name in measures.DATES if name in features
        },
        minerals=measures.minerals(sites),
        provinces=measures.provinces(sites, provinces),
        neighbour_m={
            f"{quantile:.0%}": round(float(np.quantile(away, quantile)), 1)
            for quantile in (QUANTILES if away.size else ())
        },
        near_share=round(float((away <= NEAR_M).mean()), 4) if away.size else None,
        matching=None if points is None else measures.matching(polygons, points),
    )


def lines(found: Quality) -> list[str]:
    """Say it in lines that a person reads."""
    said = [
        f"features    {found.features}: {_listed(found.types)}",
        f"sites       {found.sites}, the most visited {found.most_visits} times",
        f"geometry    {found.empty} empty, {sum(found.invalid.values())} invalid"
        + (f" ({_listed(found.invalid)})" if found.invalid else "")
        + f", {found.duplicates} duplicates",
    ]
    if found.area_ha:
        sizes = ", ".join(f"{name} {ha:g}" for name, ha in found.area_ha.items())
        said.append(f"area [ha]   {sizes}")
        said.append(f"overlaps    {found.overlaps} pairs, {found.overlap_ha:g} ha")
    said += [
        f"{name:<11} {d.first or 'none'} ... {d.last or 'none'}, {d.missing} missing, "
        f"{d.unreadable} unreadable" + (f" (such as {d.example!r})" if d.unreadable else "")
        for name, d in found.dates.items()
    ]
    if found.minerals:
        said.append(f"minerals    {_listed(found.minerals)}")
    if found.provinces:
        said.append(f"provinces   {_listed(found.provinces)}")
    if found.near_share is not None:
        away = ", ".join(f"{name} {metres:.0f}" for name, metres in found.neighbour_m.items())
        said.append(f"nearest [m] {away}; {found.near_share:.0%} within {NEAR_M:.0f}")
    if found.matching:
        m = found.matching
        said.append(
            f"points      {m.points}: {m.points_without_polygon} without a polygon within "
            f"{MATCH_M:.0f} m, {m.polygons_without_point} polygons without a point"
        )
    return said


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name or 'unknown'}" for name, n in counts.items())
