"""Find candidates on the tiles of a map: each one once, also across tile borders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from minecover.core.components import connected
from minecover.core.grid import Grid
from minecover.core.mine_pixels import MinePixels, TileMap, joined
from minecover.reporting.candidates.describing import (
    SITE_COLUMNS,
    TABLE,
    describe_objects,
    with_known_mines,
)
from minecover.reporting.candidates.objects import (
    PROBABILITY_DECIMALS,
    ObjectPixels,
    no_objects,
    objects_of,
    ranked,
    round_degrees,
)
from minecover.reporting.candidates.place_names import MAP_PREFIX, lattice_name, lattice_of

#: Returns the province of each of some points (in WGS 84); empty where it is unknown.
ProvinceNames = Callable[[gpd.GeoSeries], Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Pixels of one tile, counted from the corner of their lattice."""

    tile_id: str
    pixels: MinePixels
    at_edge: NDArray[np.bool_]

    def take(self, kept: NDArray[np.bool_]) -> _Part:
        return _Part(self.tile_id, self.pixels.take(kept), self.at_edge[kept])


@dataclass(slots=True, eq=False)
class _Zone:
    """What was found on one lattice so far.

    Objects that touch the border of their tile may continue on the next one, so their pixels
    are held until the last tile was seen. Of all others only the description is.
    """

    name: str
    lattice: Grid
    min_px: int
    whole: list[gpd.GeoDataFrame] = field(default_factory=list)
    cut: list[_Part] = field(default_factory=list)

    def add(self, tile: TileMap) -> None:
        """Add a tile."""
        row, col = tile.pixels.row, tile.pixels.col
        if not len(row):
            return
        number = connected(row, col)
        rows, cols = tile.grid.shape
        on_border = (row == 0) | (row == rows - 1) | (col == 0) | (col == cols - 1)
        is_cut = (np.bincount(number, weights=on_border) > 0)[number]
        top, left = self.lattice.rowcol(*tile.grid.xy(0, 0))
        at_edge = _at_edge(tile.observed, row, col)
        part = _Part(tile.tile_id, tile.pixels.moved(top, left), at_edge)
        if is_cut.any():
            self.cut.append(part.take(is_cut))
        large = ~is_cut & (np.bincount(number)[number] >= self.min_px)
        if large.any():
            self.whole.append(_objects(self, [part.take(large)]))

    def objects(self) -> gpd.GeoDataFrame:
        """Return all objects, once the last tile was added."""
        found = list(self.whole)
        if self.cut:
            found.append(_objects(self, self.cut))
        found = [some for some in found if len(some)]
        return pd.concat(found, ignore_index=True) if found else no_objects()


def find_on_tiles(
    tiles: Iterable[TileMap],
    mines: gpd.GeoSeries,
    *,
    min_px: int,
    provinces: ProvinceNames | None,
) -> gpd.GeoDataFrame:
    """Return the candidates of a map, described and ranked as those of sites are.

    Memory is bounded by one tile, the candidates themselves, and the pixels of objects that
    touch the border of a tile.

    Parameters
    ----------
    tiles : iterable of TileMap
        The tiles of all zones, in any order.
    mines : GeoSeries
        Outlines of known mines, in WGS 84; may be empty.
    min_px : int
        Minimum number of pixels of a candidate.
    provinces : callable or None
        See `ProvinceNames`; None leaves the provinces empty.

    Returns
    -------
    GeoDataFrame
        The columns `TABLE`. `site_id` is the tile of the most probable pixel, `candidate_id`
        begins with `MAP_PREFIX`. Parts of one object in two UTM zones are one candidate, which
        is described by its larger part.
    """
    zones: dict[str, _Zone] = {}
    for tile in tiles:
        name = lattice_name(tile.grid, tile.tile_id)
        if name not in zones:
            zones[name] = _Zone(name, lattice_of(tile.grid), min_px)
        zones[name].add(tile)
    parts = [zones[name].objects() for name in sorted(zones)]
    parts = [part for part in parts if len(part)]
    if not parts:
        return _no_candidates()
    found = ranked(_across_zones(pd.concat(parts, ignore_index=True)))
    found["candidate_id"] = MAP_PREFIX + found["candidate_id"]
    if provinces:
        points = gpd.GeoSeries.from_xy(found["lon"], found["lat"], crs="EPSG:4326")
        found["province"] = list(provinces(points))
    return with_known_mines(found.assign(known=False), mines)[list(TABLE)]


def _objects(zone: _Zone, parts: Sequence[_Part]) -> gpd.GeoDataFrame:
    """Return the objects of some parts that have enough pixels."""
    pixels, order = joined([part.pixels for part in parts])
    number = connected(pixels.row, pixels.col)
    kept = np.bincount(number)[number] >= zone.min_px
    if not kept.any():
        return no_objects()
    sizes = [len(part.pixels) for part in parts]
    site = np.repeat(np.arange(len(parts)), sizes)[order][kept]
    at_edge = np.concatenate([part.at_edge for part in parts])[order][kept]
    pixels = pixels.take(kept)
    objects = ObjectPixels(
        zone=zone.name,
        lattice=zone.lattice,
        row=pixels.row,
        col=pixels.col,
        number=np.unique(number[kept], return_inverse=True)[1],
        probability=pixels.probability.astype(np.float64),
        site=site,
        site_ids=[part.tile_id for part in parts],
        at_edge=at_edge,
    )
    described = describe_objects(pixels, objects.number)
    return gpd.GeoDataFrame(pd.concat([objects_of(objects), described], axis=1))


def _at_edge(
    observed: NDArray[np.bool_], row: NDArray[np.int64], col: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which pixels have a neighbour that was not observed."""
    rows, cols = row[:, None] + np.repeat(range(3), 3), col[:, None] + np.tile(range(3), 3)
    at_edge: NDArray[np.bool_] = ~observed[rows, cols].all(axis=1)
    return at_edge


def _across_zones(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make parts of one object that meet where two UTM zones do one object."""
    first, second = found.sindex.query(found.geometry, predicate="intersects")
    zone = found["zone"].to_numpy()
    meets = (first < second) & (zone[first] != zone[second])
    if not meets.any():
        return found
    for _, group in found.groupby(_linked(first[meets], second[meets], len(found))):
        if len(group) > 1:
            found = _united(found, group)
    return found.reset_index(drop=True)


def _linked(first: NDArray[np.int64], second: NDArray[np.int64], n: int) -> NDArray[np.int32]:
    """Return the number of the group of each of n things, some of which are linked."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(first), np.bool_), (first, second)), shape=(n, n))
    numbers: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return numbers


def _united(found: gpd.GeoDataFrame, group: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Replace the rows of a group by one, which keeps the description of the largest."""
    main = group["area_ha"].idxmax()
    outline = shapely.union_all(group.geometry.to_numpy())
    # Pixels of two zones overlap a little where these meet.
    once = outline.area / shapely.area(group.geometry.to_numpy()).sum()
    area_ha = group["area_ha"]
    found = found.drop(index=group.index.drop(main))
    found.loc[main, "area_ha"] = round(float(area_ha.sum() * once), 2)
    found.loc[main, "max_probability"] = group["max_probability"].max()
    mean = float((group["mean_probability"] * area_ha).sum() / area_ha.sum())
    found.loc[main, "mean_probability"] = round(mean, PROBABILITY_DECIMALS)
    found.loc[main, "at_edge"] = bool(group["at_edge"].any())
    found.loc[[main], "geometry"] = gpd.GeoSeries(
        round_degrees(np.array([outline])), index=[main], crs=found.crs
    )
    return found


def _no_candidates() -> gpd.GeoDataFrame:
    """Return a described table without rows, with the usual dtypes."""
    columns = {name: pd.Series(dtype=kind) for name, kind in SITE_COLUMNS.items()}
    return with_known_mines(no_objects().assign(**columns), gpd.GeoSeries([], crs="EPSG:4326"))[
        list(TABLE)
    ]
