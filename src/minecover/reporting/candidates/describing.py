"""What an investigator asks of a candidate: since when, how far from a road, where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.grid import Grid, utm_crs
from minecover.core.raster import burn
from minecover.features.indices import normalised_difference

#: Columns that `described` adds, and the dtype of each.
DESCRIBED = {
    "province": "object",
    "dates_valid": "int64",
    "dates_seen": "int64",
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
    "to_water_m",
    "to_road_m",
    "to_known_mine_m",
    "known",
    "geometry",
)
#: Which planes of the surroundings a distance is the least of.
DISTANCES = {
    "to_water_m": ("distance_to_water", "distance_to_river"),
    "to_road_m": ("distance_to_road",),
}
#: Share of an object's valid pixels that makes it seen on a date, or inside of what is known.
MOST = 0.5


#: Vegetation index below which less than half of a pixel is green: half way between bare ground
#: (0.2) and full cover (0.5), Sobrino & Raissouni (2000), Int. J. Remote Sens. 21, 353-366.
BARE_NDVI = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What is known of a site beside its probability; all planes without the halo.

    Parameters
    ----------
    grid : Grid
        Its pixels.
    province : str
        Empty where nobody knows.
    dates : tuple of date
        Of its scenes.
    valid : (time, row, col) bool
        Usable by the mask profile.
    looks_mined : (time, row, col) bool
        Whether the pixel looks like a mine on that date: by the probability of the date, or
        where locations are scored once, because nothing grows on it.
    applicable : (row, col) float32
        1 where the model may speak, 0 where it extrapolates; NaN where never observed.
    planes : mapping of (row, col) float32
        Distances by name [m]; what is not configured is not there.
    """

    grid: Grid
    province: str
    dates: tuple[date, ...]
    valid: NDArray[np.bool_]
    looks_mined: NDArray[np.bool_]
    applicable: F32
    planes: Mapping[str, F32]


def described(
    candidates: gpd.GeoDataFrame,
    around: Callable[[str], Surroundings],
    mines: gpd.GeoSeries,
) -> gpd.GeoDataFrame:
    """Describe candidates by what lies round them and by their dates.

    Parameters
    ----------
    candidates : GeoDataFrame
        As `minecover.reporting.candidates.find` gives them.
    around : callable
        Gives the surroundings of a site by its id; asked once a site. Of an object that goes
        on in the next site, the part in the site of its best pixel is described.
    mines : GeoSeries
        The labelled mines, in WGS 84.

    Returns
    -------
    GeoDataFrame
        `TABLE`. `dates_valid` and `dates_seen` count dates on which the object was observed,
        and on which at least half of its observed pixels looked mined; `first_seen` is the
        first of those, as ISO text, or empty; `applicable` says whether the model may speak of
        most of it. Distances are from its nearest pixel, to a mine from its outline, and
        missing where no layer is configured.
    """
    rows: dict[int, dict[str, object]] = {}
    for site_id, some in candidates.groupby("site_id"):
        site = around(str(site_id))
        shapes = some.geometry.to_crs(site.grid.crs)
        for index, shape in shapes.items():
            rows[int(index)] = _row(site, burn([shape], site.grid, all_touched=False))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(DESCRIBED))
    table = table.reindex(candidates.index).astype(DESCRIBED)
    table["to_known_mine_m"] = nearest_mine(candidates, mines)
    return gpd.GeoDataFrame(
        pd.concat([candidates, table], axis=1), geometry="geometry", crs=candidates.crs
    )[list(TABLE)]


def shown_dates(site: Surroundings, inside: NDArray[np.bool_]) -> list[tuple[date, bool]]:
    """List the dates on which an object was observed, and whether it was seen on them.

    Parameters
    ----------
    site : Surroundings
    inside : (row, col) bool
        The object's pixels.
    """
    observed = site.valid[:, inside]
    looks = (site.looks_mined[:, inside] & observed).sum(axis=1)
    return [
        (day, bool(mined >= MOST * n))
        for day, n, mined in zip(site.dates, observed.sum(axis=1), looks, strict=True)
        if n
    ]


def bare(cube: Cube) -> NDArray[np.bool_]:
    """Find where nothing grows, (time, row, col) without the halo: mines are bare, or ponds."""
    red, infrared = (cube.core(cube.values(band)[:, 0]) for band in ("B4", "B5"))
    return np.asarray(normalised_difference(infrared, red) < BARE_NDVI)


def nearest_mine(candidates: gpd.GeoDataFrame, mines: gpd.GeoSeries) -> NDArray[np.float64]:
    """Measure how far the nearest labelled mine is from each candidate.

    Parameters
    ----------
    candidates : GeoDataFrame
        In WGS 84, with `lon` and `lat`.
    mines : GeoSeries
        In WGS 84.

    Returns
    -------
    (n,) float64
        Metres between the outlines, in the UTM zone of the candidate: 0 where they touch, NaN
        where there is no mine.
    """
    away = np.full(len(candidates), np.nan)
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
        away[here[which]] = metres
    return away.round(0)


def _row(site: Surroundings, inside: NDArray[np.bool_]) -> dict[str, object]:
    """Describe one object."""
    dates = shown_dates(site, inside)
    seen = [day.isoformat() for day, is_seen in dates if is_seen]
    return {
        "province": site.province,
        "dates_valid": len(dates),
        "dates_seen": len(seen),
        "first_seen": seen[0] if seen else "",
        "applicable": bool(np.nanmean(site.applicable[inside]) >= MOST),
        **{column: _least(site, names, inside) for column, names in DISTANCES.items()},
    }


def _least(site: Surroundings, names: Sequence[str], inside: NDArray[np.bool_]) -> float:
    """Give the least distance from an object in any of the planes that are there [m]."""
    metres = [site.planes[name][inside] for name in names if name in site.planes]
    # Unlike nanmin it gives NaN of nothing but NaN, without a warning.
    return float(np.fmin.reduce(np.concatenate([*metres, [np.nan]])).round())
