"""Objects of pixels: outlines, areas, probabilities, names and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from minecover.core.antimeridian import cut
from minecover.core.grid import Grid
from minecover.core.raster import trace
from minecover.reporting.candidates.place_names import square_name, unique_names

#: Columns of a candidate table, in order.
COLUMNS = (
    "rank",
    "candidate_id",
    "site_id",
    "lon",
    "lat",
    "area_ha",
    "max_probability",
    "mean_probability",
    "at_edge",
    "known",
    "geometry",
)
#: Decimals of coordinates in degrees: 11 cm on the ground.
DEGREE_DECIMALS = 6
#: Least distance of a candidate's coordinates from its outline [px].
MARGIN_PX = 0.1
#: Decimals of a probability, as in all files.
PROBABILITY_DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class ObjectPixels:
    """n pixels of one lattice, and the object that each belongs to.

    Parameters
    ----------
    zone : str
        Name of the lattice.
    lattice : Grid
        Grid from whose corner rows and columns are counted.
    row, col : (n,) int64
        The pixels, sorted by row and then by column.
    number : (n,) int64
        Number of the object of each pixel: 0, 1, 2, ... without a gap.
    probability : (n,) float64
        Probability of a mine.
    site : (n,) int64
        Index into `site_ids`: the site or tile that each pixel lies in.
    site_ids : sequence of str
        Names of the sites or tiles.
    at_edge : (n,) bool
        Whether a neighbour of the pixel was not observed.
    """

    zone: str
    lattice: Grid
    row: NDArray[np.int64]
    col: NDArray[np.int64]
    number: NDArray[np.int64]
    probability: NDArray[np.float64]
    site: NDArray[np.int64]
    site_ids: Sequence[str]
    at_edge: NDArray[np.bool_]

    @property
    def by_object(self) -> NDArray[np.int64]:
        """Positions of the pixels sorted by object, otherwise in their order."""
        return np.argsort(self.number, kind="stable")


def objects_of(pixels: ObjectPixels) -> gpd.GeoDataFrame:
    """Return one row for each object, in the order of their numbers, in WGS 84.

    Parameters
    ----------
    pixels : ObjectPixels
        At least one pixel.

    Returns
    -------
    GeoDataFrame
        `COLUMNS` without rank, candidate_id and known; and what `ranked` needs.
    """
    lattice = pixels.lattice
    count = np.bincount(pixels.number)
    mean = np.bincount(pixels.number, weights=pixels.probability) / count
    # The most probable pixel of each object; of several the first.
    best_first = np.lexsort((-pixels.probability, pixels.number))
    best = best_first[np.cumsum(count) - count]
    shapes = gpd.GeoSeries(_outlines(pixels, count), crs=lattice.crs)
    middles = shapely.centroid(shapes.to_numpy())
    places = [point_inside(shape, lattice) for shape in shapes]
    points = gpd.GeoSeries(places, crs=lattice.crs).to_crs("EPSG:4326")
    width_m, height_m = lattice.pixel_m
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    return gpd.GeoDataFrame(
        {
            "lon": points.x.round(DEGREE_DECIMALS).to_numpy(),
            "lat": points.y.round(DEGREE_DECIMALS).to_numpy(),
            "site_id": np.array(pixels.site_ids, np.object_)[pixels.site[best]],
            "area_ha": count * (width_m * height_m / 10_000),
            "max_probability": pixels.probability[best].round(PROBABILITY_DECIMALS),
            "mean_probability": mean.round(PROBABILITY_DECIMALS),
            "at_edge": np.bincount(pixels.number, weights=pixels.at_edge) > 0,
            "zone": pixels.zone,
            "square": [square_name(lattice, *at) for at in zip(x, y, strict=True)],
            "x": x,
            "y": y,
        },
        geometry=round_degrees(_in_degrees(shapes)),
        crs="EPSG:4326",
    ).round({"area_ha": 2})


def ranked(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name, sort and number objects; of two that overlap across lattices drop the lower one.

    Parameters
    ----------
    found : GeoDataFrame
        From `objects_of`, of any number of lattices.

    Returns
    -------
    GeoDataFrame
        The largest expected mined area first, with `rank` and `candidate_id`.
    """
    names = [
        pd.Series(unique_names(some["square"], some["x"], some["y"]), some.index)
        for _, some in found.reset_index(drop=True).groupby("zone")
    ]
    found = found.reset_index(drop=True).assign(candidate_id=pd.concat(names))
    mined_ha = (found["mean_probability"] * found["area_ha"]).round(PROBABILITY_DECIMALS)
    found = found.assign(mined_ha=mined_ha).sort_values(
        ["mined_ha", "candidate_id"], ascending=[False, True], ignore_index=True
    )
    first, second = found.sindex.query(found.geometry, predicate="intersects")
    zone = found["zone"].to_numpy()
    twice = (first < second) & (zone[first] != zone[second])
    found = found.drop(index=np.unique(second[twice])).reset_index(drop=True)
    found["rank"] = np.arange(1, len(found) + 1)
    return found


def no_objects() -> gpd.GeoDataFrame:
    """Return a candidate table without rows, with the usual dtypes."""
    whole, text, real, flag = np.int64, np.object_, np.float64, np.bool_
    kinds: tuple[type[np.generic], ...] = (
        whole, text, text, *[real] * 5, flag, flag,
    )  # fmt: skip
    columns = {name: np.empty(0, kind) for name, kind in zip(COLUMNS, kinds, strict=False)}
    return gpd.GeoDataFrame(columns, geometry=[], crs="EPSG:4326")


def point_inside(shape: shapely.Geometry, grid: Grid) -> shapely.Point:
    """Return a point inside an outline: its centroid, where that lies inside.

    The centroid of a bent object lies beside it.

    Parameters
    ----------
    shape : geometry
        Outline of whole pixels, in the CRS of the grid.
    grid : Grid
        Lattice of the pixels.

    Returns
    -------
    Point
        At least `MARGIN_PX` from the outline, so that it lies inside after rounding as well.
    """
    middle = shapely.centroid(shape)
    deep = shapely.buffer(shape, -MARGIN_PX * abs(grid.transform.a), join_style="mitre")
    return middle if deep.covers(middle) else shapely.point_on_surface(shape)


def _in_degrees(shapes: gpd.GeoSeries) -> NDArray[np.object_]:
    """Return outlines in WGS 84; those across the antimeridian are cut in two there."""
    return np.array([cut(shape) for shape in shapes.to_crs("EPSG:4326")], np.object_)


def _outlines(pixels: ObjectPixels, count: NDArray[np.int64]) -> list[shapely.Geometry]:
    """Return the outline of every object, in the CRS of the lattice."""
    order = pixels.by_object
    ends = np.cumsum(count)[:-1]
    return [
        _outline(pixels.row[some], pixels.col[some], pixels.lattice)
        for some in np.split(order, ends)
    ]


def _outline(row: NDArray[np.int64], col: NDArray[np.int64], lattice: Grid) -> shapely.Geometry:
    """Return the outline of one object."""
    top, left, bottom, right = (
        int(edge) for edge in (row.min(), col.min(), row.max() + 1, col.max() + 1)
    )
    mask = np.zeros((bottom - top, right - left), np.bool_)
    mask[row - top, col - left] = True
    polygons = trace(mask, lattice.cut(top, left, bottom, right))
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def round_degrees(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Round coordinates in degrees and orient outer rings counter-clockwise."""
    near = shapely.transform(shapes, lambda degrees: degrees.round(DEGREE_DECIMALS))
    turned: NDArray[np.object_] = shapely.orient_polygons(near, exterior_cw=False)
    return turned
