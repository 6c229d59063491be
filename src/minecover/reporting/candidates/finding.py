"""Objects of high probability: found once each however the sites overlap, named and ranked."""

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
from minecover.core.errors import ConfigError, SiteError
from minecover.core.grid import LATTICE_OFFSET_M, LON_LAT, Grid
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
#: Side of the squares that candidates are named after [pixels]: a model trained anew moves the
#: outline of an object by a pixel, and its best pixel by several.
CELL_PX = 10
#: Decimals of the degrees in a name on a grid in longitude and latitude: a little less.
CELL_DECIMALS = 3
#: Decimals of a degree that are kept: 11 cm on the ground, beside pixels of 30 m.
DEGREE_DECIMALS = 6
#: Decimals of a probability that are kept, as everywhere on disk.
PROBABILITY_DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class SiteMap:
    """What the model says of one site.

    Parameters
    ----------
    site_id : str
        The site.
    grid : Grid
        Its pixels, without halo: on the Landsat lattice, or in longitude and latitude.
    probability : (row, col) float32
        Probability of a mine, over all dates; NaN where never observed.
    """

    site_id: str
    grid: Grid
    probability: F32

    def __post_init__(self) -> None:
        """Refuse what is in metres and has no place on the lattice that all sites share."""
        if self.grid.crs != LON_LAT and not self.grid.is_on_lattice:
            raise SiteError(
                f"candidates are found on the Landsat lattice, and the grid of site "
                f"{self.site_id} does not lie on it: {tuple(self.grid.transform)[:6]}. "
                "Lay the site anew with a layout of minecover.core.layouts."
            )

    @property
    def zone(self) -> str:
        """Name the lattice: one a UTM zone, and each lon/lat site has its own."""
        crs = self.grid.crs
        return f"{crs}/{self.site_id}" if crs == LON_LAT else crs

    @property
    def lattice(self) -> Grid:
        """Give the ground that rows and columns of the zone are counted from."""
        if self.grid.crs == LON_LAT:
            return self.grid
        return Grid.from_corner(self.grid.crs, -LATTICE_OFFSET_M, LATTICE_OFFSET_M, 1, 1)


def find(
    maps: Iterable[SiteMap], labels: gpd.GeoDataFrame, *, threshold: float, min_px: int
) -> gpd.GeoDataFrame:
    """Find and rank the objects of high probability, once each however the sites overlap.

    An object is a set of 8-connected pixels on the lattice, whichever sites they are from:
    it does not end where a site ends. A pixel that several sites hold counts once, with
    the highest probability it got. (Sites in longitude and latitude share no lattice: there an
    object ends with its site, and of objects that overlap the better one is kept.)

    Parameters
    ----------
    maps : iterable of SiteMap
        The sites, in any order.
    labels : GeoDataFrame
        The label table (`minecover.labels`): a candidate that meets a mine in it is known.
    threshold : float
        Least probability of a candidate's pixels, 0 ... 1.
    min_px : int
        Least number of its pixels.

    Returns
    -------
    GeoDataFrame
        `COLUMNS`, in WGS 84, by rank: most mined ground to expect first, which is the sum of
        its pixels' probabilities. `lon` and `lat` are the centroid. The id names the square of
        `CELL_PX` lattice pixels that holds the centroid, so that it outlives a change of
        sites, of order, and most changes of the model; of two in a square the more southern
        one, or else the more eastern, is called b.
    """
    if not (0 < threshold <= 1 and min_px >= 1):
        raise ConfigError(
            f"candidates.threshold lies in 0..1 and candidates.min_px is at least 1, "
            f"found {threshold} and {min_px}."
        )
    sites = list(maps)
    lattices = {site.zone: site.lattice for site in sites}
    by_zone = _pixels(sites, threshold).groupby("zone")
    zones = [_zone(str(zone), lattices[str(zone)], rows, min_px) for zone, rows in by_zone]
    zones = [zone for zone in zones if len(zone)]
    if not zones:
        return _empty()
    found = _ranked(pd.concat(zones, ignore_index=True))
    found["known"] = meets(found, labels[labels["kind"].isin(MINES)])
    return found[list(COLUMNS)]


def meets(candidates: gpd.GeoDataFrame, mines: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which candidates touch a mine, both in WGS 84: (n,) bool."""
    touching = np.zeros(len(candidates), np.bool_)
    touching[candidates.sindex.query(mines.geometry, predicate="intersects")[1]] = True
    return touching


def _pixels(maps: Iterable[SiteMap], threshold: float) -> pd.DataFrame:
    """List the pixels at or above the threshold, once each, by lattice row and column."""
    tables = []
    for site in maps:
        row, col = np.nonzero(site.probability >= threshold)
        # Rows grow southwards, as in every raster; north of the equator they are negative.
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


def _zone(zone: str, lattice: Grid, pixels: pd.DataFrame, min_px: int) -> gpd.GeoDataFrame:
    """Describe every object of one lattice that has enough pixels."""
    row, col = pixels["row"].to_numpy(), pixels["col"].to_numpy()
    objects = [part for _, part in pixels.groupby(connected(row, col)) if len(part) >= min_px]
    if not objects:
        return _empty()
    best = pd.DataFrame([part.loc[part["probability"].idxmax()] for part in objects])
    shapes = gpd.GeoSeries([_outline(part, lattice) for part in objects], crs=lattice.crs)
    middles = [shapely.centroid(shape) for shape in shapes]
    points = gpd.GeoSeries(middles, crs=lattice.crs).to_crs("EPSG:4326")
    width_m, height_m = lattice.pixel_m
    means = np.array([part["probability"].mean() for part in objects])
    return gpd.GeoDataFrame(
        {
            "zone": zone,
            "candidate_id": _names(lattice, middles),
            "site_id": best["site_id"].to_numpy(),
            "lon": points.x.round(DEGREE_DECIMALS).to_numpy(),
            "lat": points.y.round(DEGREE_DECIMALS).to_numpy(),
            "area_ha": np.array([len(part) for part in objects])
            * (width_m * height_m / 10_000),
            "max_probability": best["probability"].to_numpy().round(PROBABILITY_DECIMALS),
            "mean_probability": means.round(PROBABILITY_DECIMALS),
        },
        geometry=_rounded(shapes.to_crs("EPSG:4326").to_numpy()),
        crs="EPSG:4326",
    ).round({"area_ha": 2})


def _outline(part: pd.DataFrame, lattice: Grid) -> shapely.Geometry:
    """Trace one object on a grid just large enough for it."""
    row, col = part["row"].to_numpy(), part["col"].to_numpy()
    top, left, bottom, right = row.min(), col.min(), row.max() + 1, col.max() + 1
    mask = np.zeros((bottom - top, right - left), np.bool_)
    mask[row - top, col - left] = True
    polygons = trace(mask, lattice.cut(top, left, bottom, right))
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _rounded(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Round degrees and turn outer rings counter-clockwise."""
    near = shapely.transform(shapes, lambda degrees: degrees.round(DEGREE_DECIMALS))
    turned: NDArray[np.object_] = shapely.orient_polygons(near, exterior_cw=False)
    return turned


def _ranked(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Sort and number; of objects that two zones show of one place, keep the better."""
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


def _names(lattice: Grid, middles: Sequence[shapely.Point]) -> list[str]:
    """Name objects after the squares that their middles lie in, each name once."""
    places = pd.DataFrame(
        {
            "name": [_name(lattice, point.x, point.y) for point in middles],
            "x": [point.x for point in middles],
            "south": [-point.y for point in middles],
        }
    ).sort_values(["south", "x"])
    before = places.groupby("name").cumcount()
    marks = before.map(lambda n: chr(ord("a") + n) if n else "")
    return [str(name) for name in (places["name"] + marks).sort_index()]


def _name(lattice: Grid, x: float, y: float) -> str:
    """Name a square: "N35-E2485-S14" begins 140 pixels south of the equator."""
    if lattice.crs == LON_LAT:
        east, north = "W" if x < 0 else "E", "S" if y < 0 else "N"
        return f"LL-{east}{abs(x):.{CELL_DECIMALS}f}-{north}{abs(y):.{CELL_DECIMALS}f}"
    row, col = (at // CELL_PX for at in lattice.rowcol(x, y))
    code = lattice.crs.removeprefix("EPSG:")
    zone = f"N{code[3:]}" if code.startswith("326") else code
    return f"{zone}-E{col}-{'N' if row < 0 else 'S'}{abs(row)}"


def _empty() -> gpd.GeoDataFrame:
    """Make a candidate table without rows, its columns typed as always."""
    whole, text, real = np.int64, np.object_, np.float64
    kinds: tuple[type[np.generic], ...] = (whole, text, text, *[real] * 5, np.bool_)
    columns = {name: np.empty(0, kind) for name, kind in zip(COLUMNS, kinds, strict=False)}
    return gpd.GeoDataFrame(columns, geometry=[], crs="EPSG:4326")
