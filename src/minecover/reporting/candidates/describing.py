"""Describe candidates: province, dates on which they were seen, distances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core.grid import utm_crs
from minecover.core.mine_pixels import MinePixels
from minecover.core.raster import burn
from minecover.core.surroundings import Surroundings

#: Columns that `describe` takes from the surroundings, and the dtype of each.
SITE_COLUMNS = {
    "province": "object",
    "dates_valid": "int64",
    "dates_seen": "Int64",
    "first_seen": "object",
    "applicable": "bool",
    "to_water_m": "float64",
    "to_road_m": "float64",
}
#: Columns of the candidates as they are written, in order.
TABLE = (
    "rank",
    "candidate_id",
    "site_id",
    "province",
    "lon",
    "lat",
    "area_ha",
    "max_probability",
    "mean_probability",
    "dates_valid",
    "dates_seen",
    "first_seen",
    "applicable",
    "at_edge",
    "to_water_m",
    "to_road_m",
    "to_known_mine_m",
    "known",
    "geometry",
)
#: Planes of the surroundings from which each distance is taken: the smallest counts.
DISTANCES = {
    "to_water_m": ("distance_to_water", "distance_to_river"),
    "to_road_m": ("distance_to_road",),
}
#: Share of an object's valid pixels from which it counts as seen on a date, and share of all
#: its pixels from which the model counts as applicable to it.
MIN_SHARE = 0.5

#: Distance within which outlines touch: their coordinates are rounded to 0.1 m [m].
TOUCHING_M = 0.5


def describe(
    candidates: gpd.GeoDataFrame,
    surroundings: Callable[[str], Surroundings],
    mines: gpd.GeoSeries,
) -> gpd.GeoDataFrame:
    """Add province, dates and distances to a table of candidates.

    Parameters
    ----------
    candidates : GeoDataFrame
        Candidates as `find_candidates` returns them.
    surroundings : callable
        Function that takes a site id and returns the `Surroundings` of that site; called once
        for each site. An object that crosses the border of a site is described by its part in
        the site of its most probable pixel.
    mines : GeoSeries
        Outlines of the labelled mines, in WGS 84.

    Returns
    -------
    GeoDataFrame
        Columns `TABLE`, one row for each candidate. `dates_valid` counts the dates on which
        the object was observed, `dates_seen` those on which at least half of its observed
        pixels looked mined; `first_seen` is the first of the latter in ISO format, or empty.
        `applicable` is True if at least half of the object lies inside the model's area of
        applicability. `to_water_m` and `to_road_m` are measured from the nearest pixel,
        `to_known_mine_m` from the outline [m]; NaN where no layer is configured. A candidate
        that touches a mine within `TOUCHING_M` is known and 0 m away, and no other.
    """
    rows: dict[int, dict[str, object]] = {}
    for site_id, some in candidates.groupby("site_id"):
        site = surroundings(str(site_id))
        shapes = some.geometry.to_crs(site.grid.crs)
        for index, shape in shapes.items():
            rows[int(index)] = _row(site, burn([shape], site.grid, all_touched=False))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(SITE_COLUMNS))
    table = table.reindex(candidates.index).astype(SITE_COLUMNS)
    return with_known_mines(pd.concat([candidates, table], axis=1), mines)[list(TABLE)]


def with_known_mines(candidates: gpd.GeoDataFrame, mines: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Add the distance to the nearest known mine, and whether a candidate touches one.

    Parameters
    ----------
    candidates : GeoDataFrame
        With `known`, `lon` and `lat`, in WGS 84.
    mines : GeoSeries
        See `describe`.
    """
    distance_m = distance_to_mine_m(candidates, mines)
    known = candidates["known"].to_numpy(np.bool_) | (distance_m < TOUCHING_M)
    to_mine_m = np.where(known, 0.0, np.maximum(distance_m.round(0), 1.0))
    return candidates.assign(known=known, to_known_mine_m=to_mine_m)


def describe_objects(pixels: MinePixels, number: NDArray[np.int64]) -> pd.DataFrame:
    """Describe objects from their pixels on a map, as `describe` does on sites.

    Parameters
    ----------
    pixels : MinePixels
        n pixels.
    number : (n,) int64
        The object of each: 0, 1, 2, ... without a gap.

    Returns
    -------
    DataFrame
        The columns `SITE_COLUMNS`, one row for each object; provinces are empty. `dates_seen`
        is missing where the scenes cannot tell.
    """
    count = np.bincount(number)
    n_valid = _counts(pixels.observed, number)
    can_tell, is_seen = pixels.looks_mined is not None, np.zeros(n_valid.shape, np.bool_)
    if pixels.looks_mined is not None:
        n_mined = _counts(pixels.looks_mined & pixels.observed, number)
        is_seen = (n_valid > 0) & (n_mined >= MIN_SHARE * n_valid)
    # One more date, so that the first of none is its empty name.
    days = np.array([*(day.isoformat() for day in pixels.dates), ""], np.object_)
    ever = np.vstack([is_seen, np.ones(len(count), np.bool_)])
    columns: dict[str, object] = {
        "province": "",
        "dates_valid": (n_valid > 0).sum(axis=0),
        "dates_seen": is_seen.sum(axis=0) if can_tell else pd.NA,
        "first_seen": days[ever.argmax(axis=0)],
        "applicable": np.bincount(number, weights=pixels.applicable) >= MIN_SHARE * count,
    }
    order = np.argsort(number, kind="stable")
    begins = np.cumsum(count) - count
    for column, names in DISTANCES.items():
        metres = [pixels.distances[name] for name in names if name in pixels.distances]
        nearest = np.fmin.reduce([*metres, np.full(len(number), np.nan)])
        columns[column] = np.fmin.reduceat(nearest[order], begins).round()
    return pd.DataFrame(columns, index=range(len(count))).astype(SITE_COLUMNS)


def _counts(planes: NDArray[np.bool_], number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (time, object): how many pixels of each object are True on each date."""
    n = int(number.max()) + 1
    counts = [np.bincount(number[plane], minlength=n) for plane in planes]
    return np.array(counts, np.int64).reshape(len(planes), n)


def dates_seen(site: Surroundings, inside: NDArray[np.bool_]) -> list[tuple[date, bool]]:
    """Return the dates on which an object was observed, and whether it was seen on each.

    Parameters
    ----------
    site : Surroundings
        Surroundings of the site that holds the object.
    inside : (row, col) bool
        Pixels of the object on the site's grid, without halo.

    Returns
    -------
    list of (date, bool)
        In the order of the dates: True if at least half of the object's valid pixels looked
        mined. Dates without a valid pixel are left out.
    """
    observed = site.valid[:, inside]
    looks_mined = np.zeros_like(site.valid) if site.looks_mined is None else site.looks_mined
    looks = (looks_mined[:, inside] & observed).sum(axis=1)
    return [
        (day, bool(mined >= MIN_SHARE * n))
        for day, n, mined in zip(site.dates, observed.sum(axis=1), looks, strict=True)
        if n
    ]


def distance_to_mine_m(
    candidates: gpd.GeoDataFrame, mines: gpd.GeoSeries
) -> NDArray[np.float64]:
    """Return the distance from each candidate to the nearest labelled mine.

    Parameters
    ----------
    candidates : GeoDataFrame
        n candidates in WGS 84, with `lon` and `lat`.
    mines : GeoSeries
        Outlines of the labelled mines, in WGS 84.

    Returns
    -------
    (n,) float64
        Distance between the outlines [m], measured in the UTM zone of the candidate: 0 where
        they touch, NaN if there are no mines.
    """
    distance_m = np.full(len(candidates), np.nan)
    zones = np.array(
        [
            utm_crs(lon, lat)
            for lon, lat in zip(candidates["lon"], candidates["lat"], strict=True)
        ],
        np.object_,
    )
    for zone in sorted(set(zones)) if len(mines) else ():
        here = np.flatnonzero(zones == zone)
        local = mines.to_crs(zone)
        shapes = candidates.geometry.iloc[here].to_crs(zone)
        (which, _), metres = local.sindex.nearest(
            shapes.to_numpy(), return_all=False, return_distance=True
        )
        distance_m[here[which]] = metres
    return distance_m


def _row(site: Surroundings, inside: NDArray[np.bool_]) -> dict[str, object]:
    """Return the columns that come from the surroundings, for one object."""
    dates = dates_seen(site, inside)
    seen = [day.isoformat() for day, is_seen in dates if is_seen]
    return {
        "province": site.province,
        "dates_valid": len(dates),
        "dates_seen": pd.NA if site.looks_mined is None else len(seen),
        "first_seen": seen[0] if seen else "",
        "applicable": bool(np.nanmean(site.applicable[inside]) >= MIN_SHARE),
        **{column: _nearest_m(site, names, inside) for column, names in DISTANCES.items()},
    }


def _nearest_m(site: Surroundings, names: Sequence[str], inside: NDArray[np.bool_]) -> float:
    """Return the smallest distance of an object in the named planes [m]; NaN without planes."""
    metres = [site.planes[name][inside] for name in names if name in site.planes]
    # Unlike nanmin, fmin does not warn where all values are NaN.
    return float(np.fmin.reduce(np.concatenate([*metres, [np.nan]])).round())
