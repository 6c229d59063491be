"""Find candidates: connected objects of high probability, named and ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from minecover.core.components import connected
from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import LON_LAT, Grid
from minecover.core.raster import trace
from minecover.labels import MINES

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
    "known",
    "geometry",
)
#: Side of the squares that candidates are named after [m]. A retrained model moves the outline
#: of an object by about one pixel, so most names stay the same.
CELL_M = 300.0
#: Decimals of the degrees in a name on a longitude/latitude grid: 0.001 degree, about 110 m.
CELL_DECIMALS = 3
#: Decimals of coordinates in degrees: 11 cm on the ground.
DEGREE_DECIMALS = 6
#: Least distance of a candidate's coordinates from its outline [px].
MARGIN_PX = 0.1
#: Decimals of a probability, as in all files.
PROBABILITY_DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class SiteMap:
    """The probability map of one site.

    Parameters
    ----------
    site_id : str
        Id of the site.
    grid : Grid
        Grid of the site, without halo.
    probability : (row, col) float32
        Probability of a mine, aggregated over dates; NaN where never observed.
    """

    site_id: str
    grid: Grid
    probability: F32

    @property
    def zone(self) -> str:
        """Name of the lattice: CRS, side and edges; in longitude and latitude the site."""
        crs, t = self.grid.crs, self.grid.transform
        if crs == LON_LAT:
            return f"{crs}/{self.site_id}"
        return f"{crs}/{t.a:g}/{t.c % t.a:g}/{t.f % t.a:g}"

    @property
    def lattice(self) -> Grid:
        """Grid whose corner is the origin of the zone's rows and columns."""
        t = self.grid.transform
        if self.grid.crs == LON_LAT:
            return self.grid
        side_m, (left, top) = t.a, (t.c % t.a, t.f % t.a)
        left -= side_m if left > 0 else 0
        return Grid.from_corner(self.grid.crs, left, top, 1, 1, pixel_m=side_m)


def find_candidates(
    maps: Iterable[SiteMap], labels: gpd.GeoDataFrame, *, threshold: float, min_px: int
) -> gpd.GeoDataFrame:
    """Return the connected objects of high probability, ranked; each one once.

    An object is a set of 8-connected pixels of the lattice and may span several sites. A pixel
    that lies in several sites counts once, with its highest probability. Sites in longitude
    and latitude share no lattice: there an object ends at the border of its site, and of
    overlapping objects the one with the better rank is returned.

    Parameters
    ----------
    maps : iterable of SiteMap
        Probability maps of the sites, in any order.
    labels : GeoDataFrame
        The label table (see `minecover.labels`), in WGS 84. A candidate that touches a mine of
        it is known.
    threshold : float
        Minimum probability of a candidate's pixels, 0 ... 1.
    min_px : int
        Minimum number of pixels of a candidate.

    Returns
    -------
    GeoDataFrame
        Columns `COLUMNS`, in WGS 84, ordered by rank: largest expected mined area first, which
        is the sum of the pixels' probabilities times the pixel area. `lon` and `lat` are a
        `point_inside`. `candidate_id` names the square of `CELL_M` that holds
        the centroid, so that it does not depend on the sites, and rarely on the model. Further
        objects in one square get the letters b, c, ... from north to south, then west to east.

    Raises
    ------
    ConfigError
        If `threshold` is not in 0 ... 1 or `min_px` is below 1.
    """
    if not (0 < threshold <= 1 and min_px >= 1):
        raise ConfigError(
            f"the threshold of candidates must lie in 0..1, found {threshold}, and "
            f"metrics.objects.min_area_m2 must give at least one pixel, found {min_px}. "
            "Fix conf/config.yaml; a wrong threshold comes from models/model.json: train again."
        )
    sites = list(maps)
    lattices = {site.zone: site.lattice for site in sites}
    by_zone = _pixels(sites, threshold).groupby("zone")
    zones = [
        _zone_objects(str(zone), lattices[str(zone)], rows, min_px) for zone, rows in by_zone
    ]
    zones = [zone for zone in zones if len(zone)]
    if not zones:
        return _empty()
    found = _rank(pd.concat(zones, ignore_index=True))
    found["known"] = touches(found, labels[labels["kind"].isin(MINES)])
    return found[list(COLUMNS)]


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


def touches(candidates: gpd.GeoDataFrame, mines: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return which candidates touch or overlap a mine.

    Parameters
    ----------
    candidates, mines : GeoDataFrame
        n candidates, and mines, in WGS 84.

    Returns
    -------
    (n,) bool
    """
    touching = np.zeros(len(candidates), np.bool_)
    touching[candidates.sindex.query(mines.geometry, predicate="intersects")[1]] = True
    return touching


def _pixels(maps: Iterable[SiteMap], threshold: float) -> pd.DataFrame:
    """Return the pixels at or above the threshold by lattice row and column, each one once."""
    tables = []
    for site in maps:
        row, col = np.nonzero(site.probability >= threshold)
        # Rows count southwards, so they are negative north of the equator.
        top, left = site.lattice.rowcol(*site.grid.xy(0, 0))
        table = {
            "zone": site.zone,
            "row": row + top,
            "col": col + left,
            "probability": site.probability[row, col].astype(np.float64),
            "site_id": site.site_id,
        }
        tables.append(pd.DataFrame(table))
    if not tables:
        return pd.DataFrame(columns=["zone"])
    every = pd.concat(tables, ignore_index=True).sort_values(
        ["zone", "row", "col", "probability", "site_id"], ascending=[True] * 3 + [False, True]
    )
    return every.drop_duplicates(["zone", "row", "col"], ignore_index=True)


def _zone_objects(
    zone: str, lattice: Grid, pixels: pd.DataFrame, min_px: int
) -> gpd.GeoDataFrame:
    """Return the objects of one lattice that have enough pixels."""
    row, col = pixels["row"].to_numpy(), pixels["col"].to_numpy()
    objects = [part for _, part in pixels.groupby(connected(row, col)) if len(part) >= min_px]
    if not objects:
        return _empty()
    best = pd.DataFrame([part.loc[part["probability"].idxmax()] for part in objects])
    shapes = gpd.GeoSeries([_outline(part, lattice) for part in objects], crs=lattice.crs)
    middles = [shapely.centroid(shape) for shape in shapes]
    places = [point_inside(shape, lattice) for shape in shapes]
    points = gpd.GeoSeries(places, crs=lattice.crs).to_crs("EPSG:4326")
    width_m, height_m = lattice.pixel_m
    means = np.array([part["probability"].mean() for part in objects])
    return gpd.GeoDataFrame(
        {
            "zone": zone,
            "candidate_id": _unique_names(lattice, middles),
            "site_id": best["site_id"].to_numpy(),
            "lon": points.x.round(DEGREE_DECIMALS).to_numpy(),
            "lat": points.y.round(DEGREE_DECIMALS).to_numpy(),
            "area_ha": np.array([len(part) for part in objects])
            * (width_m * height_m / 10_000),
            "max_probability": best["probability"].to_numpy().round(PROBABILITY_DECIMALS),
            "mean_probability": means.round(PROBABILITY_DECIMALS),
        },
        geometry=_round_degrees(shapes.to_crs("EPSG:4326").to_numpy()),
        crs="EPSG:4326",
    ).round({"area_ha": 2})


def _outline(part: pd.DataFrame, lattice: Grid) -> shapely.Geometry:
    """Return the outline of one object."""
    row, col = part["row"].to_numpy(), part["col"].to_numpy()
    top, left, bottom, right = row.min(), col.min(), row.max() + 1, col.max() + 1
    mask = np.zeros((bottom - top, right - left), np.bool_)
    mask[row - top, col - left] = True
    polygons = trace(mask, lattice.cut(top, left, bottom, right))
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _round_degrees(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Round coordinates in degrees and orient outer rings counter-clockwise."""
    near = shapely.transform(shapes, lambda degrees: degrees.round(DEGREE_DECIMALS))
    turned: NDArray[np.object_] = shapely.orient_polygons(near, exterior_cw=False)
    return turned


def _rank(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Sort and number candidates; of two that overlap across zones, drop the lower one."""
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


def _unique_names(lattice: Grid, middles: Sequence[shapely.Point]) -> list[str]:
    """Return a unique name for each centroid, after the square that it lies in."""
    places = pd.DataFrame(
        {
            "name": [_square_name(lattice, point.x, point.y) for point in middles],
            "x": [point.x for point in middles],
            "south": [-point.y for point in middles],
        }
    ).sort_values(["south", "x"])
    before = places.groupby("name").cumcount()
    marks = before.map(lambda n: chr(ord("a") + n) if n else "")
    return [str(name) for name in (places["name"] + marks).sort_index()]


def _square_name(lattice: Grid, x: float, y: float) -> str:
    """Return the name of a square: "N35-E2485-S14" starts 140 pixels south of the equator."""
    if lattice.crs == LON_LAT:
        east, north = "W" if x < 0 else "E", "S" if y < 0 else "N"
        return f"LL-{east}{abs(x):.{CELL_DECIMALS}f}-{north}{abs(y):.{CELL_DECIMALS}f}"
    row, col = (int(at * lattice.transform.a // CELL_M) for at in lattice.rowcol(x, y))
    code = lattice.crs.removeprefix("EPSG:")
    zone = f"N{code[3:]}" if code.startswith("326") else code
    return f"{zone}-E{col}-{'N' if row < 0 else 'S'}{abs(row)}"


def _empty() -> gpd.GeoDataFrame:
    """Return a candidate table without rows, with the usual dtypes."""
    whole, text, real = np.int64, np.object_, np.float64
    kinds: tuple[type[np.generic], ...] = (whole, text, text, *[real] * 5, np.bool_)
    columns = {name: np.empty(0, kind) for name, kind in zip(COLUMNS, kinds, strict=False)}
    return gpd.GeoDataFrame(columns, geometry=[], crs="EPSG:4326")
