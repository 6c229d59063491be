"""Tables of mines that were followed: a row a mine, and a row a mine and period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from minecover.core.grid import Grid
from minecover.core.periods import Period
from minecover.core.raster import trace
from minecover.evaluation.change import Tracks, area_noise, areas, growth_of
from minecover.reporting.candidates.objects import DEGREE_DECIMALS, point_inside, round_degrees
from minecover.reporting.candidates.place_names import MAP_PREFIX, square_name, unique_names
from minecover.reporting.changes.states import HIDDEN, Words, overall, states_of

I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: Square metres of a hectare.
HA_M2 = 10_000
#: Share of a mine's ground from which the model counts as applicable to it.
MIN_APPLICABLE = 0.5
#: Least time between the middles of the first and the last period for growth a year [a].
LEAST_YEARS = 0.5
#: Type of columns of days.
DAY = pd.ArrowDtype(pa.date32())
#: Beginnings of the columns that hold an area and a state of each period.
AREA, STATE = "area_ha_", "state_"


@dataclass(frozen=True, slots=True, eq=False)
class FollowedPixels:
    """n pixels of one lattice that are mined in some period, and their tracks.

    Parameters
    ----------
    lattice : Grid
        Grid from whose corner rows and columns are counted.
    row, col : (n,) int64
        The pixels, sorted by row and then by column.
    mined : (period, n) bool
        Whether each is mined, after smoothing over periods.
    on_map : (period, n) bool
        Whether the map of a period alone calls it a mine; as `mined` where not observed.
    certainty : (n,) float32
        Mean over periods of the probability of the state that it has, 0.5 ... 1.
    applicable : (n,) float64
        Share of the maps that call a pixel a mine on which the model is applicable there.
    tracks : Tracks
        The mines that they belong to.
    edge_share : float
        See `minecover.evaluation.change.areas`.
    """

    lattice: Grid
    row: I64
    col: I64
    mined: Bools
    on_map: Bools
    certainty: F32
    applicable: F64
    tracks: Tracks
    edge_share: float = 1.0

    @property
    def pixel_ha(self) -> float:
        """Area of a pixel [ha]."""
        width_m, height_m = self.lattice.pixel_m
        return width_m * height_m / HA_M2

    def map_area_px(self) -> F64:
        """Return the area of each mine on the map of each period alone, (period, track)."""
        return areas(
            self.row,
            self.col,
            self.tracks.number,
            self.on_map,
            len(self.tracks),
            edge_share=self.edge_share,
        )


def change_table(
    zones: Sequence[FollowedPixels],
    periods: Sequence[Period],
    *,
    level: float,
    mapped: Sequence[bool] | None = None,
) -> gpd.GeoDataFrame:
    """Return a row for each mine that was followed, the one that grew most first.

    Parameters
    ----------
    zones : sequence of FollowedPixels
        One for each lattice; at least one.
    periods : sequence of Period
        In the order of time.
    level : float
        Level of the intervals of growth, 0 ... 1.
    mapped : sequence of bool or None
        Whether each period has a map, one at least; None: all have.

    Returns
    -------
    GeoDataFrame
        In WGS 84: the outline of all ground that was ever mined. For the columns see
        docs/guides/change.md; `zone` and `track` say where the pixels are.
    """
    with_map = np.flatnonzero([True] * len(periods) if mapped is None else mapped)
    found = [_zone_table(zone, periods, level, last=int(with_map[-1])) for zone in zones]
    table = pd.concat([one.assign(zone=at) for at, one in enumerate(found)], ignore_index=True)
    order = ["grown_ha", "area_ha", "change_id"]
    table = table.sort_values(order, ascending=[False, False, True], ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def by_period(
    zones: Sequence[FollowedPixels], table: gpd.GeoDataFrame, periods: Sequence[Period]
) -> gpd.GeoDataFrame:
    """Return a row for each mine and period in which it is there, with its outline then.

    In a period that did not observe it, it is there as the other periods say, without an area:
    on a time slider it would else be gone for that time.

    Parameters
    ----------
    zones, periods
        As `change_table` was given.
    table : GeoDataFrame
        From `change_table`.

    Returns
    -------
    GeoDataFrame
        In WGS 84, with the columns `begin` and `end`: the first day of its period, and the day
        before the next one begins, so that a time slider shows it until then.
    """
    parts = []
    for at, period in enumerate(periods):
        later = periods[at + 1 : at + 2]
        until = later[0].first_day - timedelta(days=1) if later else period.last_day
        shapes = np.full(len(table), None, np.object_)
        for number, pixels in enumerate(zones):
            here = (table["zone"] == number).to_numpy()
            outlines = _outlines(pixels, pixels.mined[at])
            shapes[here] = outlines[table["track"].to_numpy()[here]]
        is_there = shapes != np.array(None)
        there = table[is_there]
        parts.append(
            gpd.GeoDataFrame(
                {
                    "change_id": there["change_id"].to_numpy(),
                    "rank": there["rank"].to_numpy(),
                    "period": period.name,
                    # Days and not times, which would be those of a time zone.
                    "begin": pd.array([period.first_day] * len(there), dtype=DAY),
                    "end": pd.array([until] * len(there), dtype=DAY),
                    "state": there[f"{STATE}{period.name}"].to_numpy(),
                    "area_ha": there[f"{AREA}{period.name}"].to_numpy(),
                    "overall": there["state"].to_numpy(),
                    "growth_ha_a": there["growth_ha_a"].to_numpy(),
                    "confidence": there["confidence"].to_numpy(),
                    "applicable": there["applicable"].to_numpy(np.bool_),
                },
                geometry=gpd.GeoSeries(shapes[is_there], crs="EPSG:4326"),
                crs="EPSG:4326",
            )
        )
    return pd.concat(parts, ignore_index=True)


def _zone_table(
    pixels: FollowedPixels, periods: Sequence[Period], level: float, *, last: int
) -> gpd.GeoDataFrame:
    """Return the rows of one lattice, in the order of its tracks."""
    tracks, ha = pixels.tracks, pixels.pixel_ha
    area = tracks.area_px
    noise = area_noise(pixels.map_area_px(), area, tracks.observed)
    years = np.array([period.middle for period in periods])
    growth = growth_of(area, tracks.observed, years, noise=noise, level=level)
    words = states_of(tracks, noise)
    there = tracks.observed & (area > 0)
    names = np.array([period.name for period in periods])
    newest = len(periods) - 1 - tracks.observed[::-1].argmax(axis=0)
    first = tracks.observed.argmax(axis=0)
    at = np.arange(len(tracks))
    table = _places(pixels, _outlines(pixels, tracks.number >= 0))
    table["state"] = overall(tracks, growth, last=last)
    table["first_seen"] = _period_names(names, there, there.argmax(axis=0))
    table["last_seen"] = _period_names(
        names, there, len(periods) - 1 - there[::-1].argmax(axis=0)
    )
    table["area_ha"] = (area[newest, at] * ha).round(2)
    table["grown_ha"] = ((area[newest, at] - area[first, at]) * ha).round(2)
    # Over a few weeks, growth a year would be an extrapolation.
    known = 1.0 if np.ptp(years) >= LEAST_YEARS else np.nan
    for column, slope in (
        ("growth_ha_a", growth.per_year),
        ("growth_low", growth.low),
        ("growth_high", growth.high),
    ):
        # Adding zero makes -0.0 the number that people write.
        table[column] = (slope * ha * known).round(3) + 0.0
    table["confidence"] = _means(pixels.certainty, tracks).round(3)
    table["applicable"] = _means(pixels.applicable, tracks) >= MIN_APPLICABLE
    table["events"] = _events(words, names)
    for number, name in enumerate(names):
        seen = tracks.observed[number]
        table[f"{AREA}{name}"] = np.where(seen, area[number] * ha, np.nan).round(2)
        table[f"{STATE}{name}"] = words[number]
    table["track"] = at
    return table


def _places(pixels: FollowedPixels, ever: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Return outlines, a point inside each, and its name.

    The name is that of the ground of the first period, so that a mine keeps it while it grows.
    """
    lattice = pixels.lattice
    shapes = gpd.GeoSeries(ever, crs="EPSG:4326")
    local = shapes.to_crs(lattice.crs)
    points = gpd.GeoSeries([point_inside(s, lattice) for s in local], crs=lattice.crs)
    number, n = pixels.tracks.number, len(pixels.row)
    begun = (pixels.tracks.area_px > 0).argmax(axis=0)
    # The -1 of pixels without a track picks any: they have no outline.
    first = pixels.mined[begun[number], np.arange(n)] if len(begun) else number >= 0
    begin = gpd.GeoSeries(_outlines(pixels, first), crs="EPSG:4326").to_crs(lattice.crs)
    middles = shapely.centroid(begin.to_numpy())
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    squares = [square_name(lattice, *at) for at in zip(x, y, strict=True)]
    places = points.to_crs("EPSG:4326")
    return gpd.GeoDataFrame(
        {
            "change_id": [MAP_PREFIX + name for name in unique_names(squares, x, y)],
            "lon": places.x.round(DEGREE_DECIMALS).to_numpy(),
            "lat": places.y.round(DEGREE_DECIMALS).to_numpy(),
        },
        geometry=shapes,
        crs="EPSG:4326",
    )


def _outlines(pixels: FollowedPixels, which: Bools) -> NDArray[np.object_]:
    """Return the outline of some pixels of each track, in WGS 84; None without any."""
    kept = np.flatnonzero(which & (pixels.tracks.number >= 0))
    kept = kept[np.argsort(pixels.tracks.number[kept], kind="stable")]
    tracks, starts = np.unique(pixels.tracks.number[kept], return_index=True)
    shapes = [
        _outline(pixels.row[some], pixels.col[some], pixels.lattice)
        for some in np.split(kept, starts[1:])
        if len(some)
    ]
    outlines = gpd.GeoSeries(shapes, crs=pixels.lattice.crs).to_crs("EPSG:4326")
    found = np.full(len(pixels.tracks), None, np.object_)
    found[tracks] = round_degrees(outlines.to_numpy())
    return found


def _outline(row: I64, col: I64, lattice: Grid) -> shapely.MultiPolygon:
    """Return the outline of some pixels, in the CRS of their lattice."""
    top, left = int(row.min()), int(col.min())
    mask = np.zeros((int(row.max()) + 1 - top, int(col.max()) + 1 - left), np.bool_)
    mask[row - top, col - left] = True
    grid = lattice.cut(top, left, top + mask.shape[0], left + mask.shape[1])
    return shapely.MultiPolygon(trace(mask, grid))


def _means(values: F32 | F64, tracks: Tracks) -> F64:
    """Return the mean of some values of pixels over each track."""
    inside = tracks.number >= 0
    number = tracks.number[inside]
    total = np.bincount(number, weights=values[inside], minlength=len(tracks))
    return total / np.maximum(np.bincount(number, minlength=len(tracks)), 1)


def _period_names(names: Words, there: Bools, at: I64) -> list[str]:
    """Return the names of periods by their number; empty for mines that are never there."""
    found = zip(names[at], np.atleast_1d(there.any(axis=0)), strict=True)
    return [str(name) if is_there else "" for name, is_there in found]


def _events(words: Words, names: Words) -> list[str]:
    """Return what happened to each mine in words: ``appeared 2016; grew 2018``."""
    quiet = ("absent", "stable", HIDDEN)
    return [
        "; ".join(
            f"{word} {name}"
            for word, name in zip(of_mine, names, strict=True)
            if word not in quiet
        )
        for of_mine in words.T
    ]
