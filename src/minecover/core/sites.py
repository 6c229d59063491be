"""Sites, and the groups of sites that are never split over folds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from minecover.core.antimeridian import centre, cut
from minecover.core.damaged import reading_parquet
from minecover.core.errors import SiteError
from minecover.core.files import replacing
from minecover.core.grid import Grid

#: Decimals of a coarse place in degrees: about 100 m.
COARSE_DECIMALS = 3
#: What `place_id` adds to a name.
PLACE = re.compile(r"(?<=.)-[we]\d{6}[sn]\d{5}$")


@dataclass(frozen=True, slots=True)
class Site:
    """A square of the ground on a fixed grid.

    Parameters
    ----------
    site_id : str
        Unique name.
    group : str
        Name of the site group; sites of one group are never split over folds. Empty if the
        site has not been grouped yet.
    grid : Grid
        The scored square.
    halo_px : int
        Width of the margin that is read on every side but not scored [pixels].
    is_background : bool
        Whether the layout placed the site on ground without a mine, to count false objects.
    chip_label : int
        Of a chip, an image of a label set, whether it is known to hold a mine: 1 or 0. -1 for
        every other site.
    """

    site_id: str
    group: str
    grid: Grid
    halo_px: int
    is_background: bool = False
    chip_label: int = -1

    @property
    def read_grid(self) -> Grid:
        """The grid with its halo, on which a source delivers scenes."""
        return self.grid.grown(self.halo_px)


def grouped(sites: Sequence[Site], *, within_m: float) -> list[Site]:
    """Return the sites, with those that overlap or lie near each other in one group.

    Parameters
    ----------
    sites : sequence of Site
        Sites with an empty `group` are assigned one; the others are not changed. Those that
        lie near a site with a group are assigned that of the nearest.
    within_m : float
        Squares nearer to each other than this share a group, and so do chains of them [m].

    Returns
    -------
    list of Site
        Sorted by id. A group has the name of its first site.

    Raises
    ------
    SiteError
        If there is no site, or an id is used twice.
    """
    ordered = sorted(sites, key=lambda site: site.site_id)
    if not ordered:
        raise SiteError("the layouts placed no site. Check sites.layouts and the labels.")
    ids = [site.site_id for site in ordered]
    if len(set(ids)) < len(ids):
        twice = next(a for a, b in zip(ids, ids[1:], strict=False) if a == b)
        raise SiteError(
            f"two layouts placed a site {twice!r}. Of two that use the same labels remove one "
            "from sites.layouts; two areas that share ground (sites.layouts.*.area) separate, "
            "or join to one; two labels of one id rename."
        )
    local = local_squares(ordered)
    a, b = local.sindex.query(local.to_numpy(), predicate="dwithin", distance=within_m)
    # Imported here because it takes half a second and most callers only read sites.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    is_free = np.array([not site.group for site in ordered])
    free = is_free[a] & is_free[b]
    links = coo_array((np.ones(free.sum(), np.int8), (a[free], b[free])), shape=(len(ids),) * 2)
    _, component = connected_components(links, directed=False)
    names = {int(c): ids[i] for i, c in reversed(list(enumerate(component)))}
    # Sites of a layout that groups its own are never moved; what lies near them joins them.
    shapes = local.to_numpy()
    joins = np.flatnonzero(is_free[a] & ~is_free[b])
    away = shapely.distance(shapes[a[joins]], shapes[b[joins]])
    for pair in joins[np.lexsort((b[joins], away))][::-1]:
        names[int(component[a[pair]])] = ordered[b[pair]].group
    return [
        site if site.group else replace(site, group=names[int(component[i])])
        for i, site in enumerate(ordered)
    ]


def write_sites(path: Path, sites: list[Site]) -> None:
    """Write sites as GeoParquet, sorted by id, with their outlines in WGS 84.

    Parameters
    ----------
    path : Path
        The file.
    sites : list of Site
        Sites with a group.
    """
    ordered = sorted(sites, key=lambda site: site.site_id)
    frame = gpd.GeoDataFrame(
        {
            "site_id": [s.site_id for s in ordered],
            "group": [s.group for s in ordered],
            "crs": [s.grid.crs for s in ordered],
            "left_m": [s.grid.transform.c for s in ordered],
            "top_m": [s.grid.transform.f for s in ordered],
            "pixel_m": [s.grid.transform.a for s in ordered],
            "rows": np.array([s.grid.shape[0] for s in ordered], np.int32),
            "cols": np.array([s.grid.shape[1] for s in ordered], np.int32),
            "halo_px": np.array([s.halo_px for s in ordered], np.int32),
            "is_background": np.array([s.is_background for s in ordered], np.bool_),
            "chip_label": np.array([s.chip_label for s in ordered], np.int8),
        },
        geometry=[square(s.grid) for s in ordered],
        crs="EPSG:4326",
    )
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False)


def read_sites(path: Path) -> list[Site]:
    """Return the sites of a file written by `write_sites`, sorted by id.

    Raises
    ------
    SiteError
        If the file was written without the column `is_background`.
    """
    with reading_parquet(path):
        frame = gpd.read_parquet(path)
    if "is_background" not in frame:
        raise SiteError(
            f"{path} has no column is_background: an earlier minecover wrote it. Run "
            "`dvc repro sites` to lay out the sites again."
        )
    return [
        Site(
            str(r.site_id),
            str(r.group),
            Grid(
                str(r.crs),
                Affine(r.pixel_m, 0.0, r.left_m, 0.0, -r.pixel_m, r.top_m),
                (int(r.rows), int(r.cols)),
            ),
            int(r.halo_px),
            bool(r.is_background),
            int(getattr(r, "chip_label", -1)),
        )
        for r in frame.itertuples()
    ]


def projected(geometry: shapely.Geometry, crs: str) -> shapely.Geometry:
    """Return a geometry in WGS 84 [degrees] in another CRS, of a UTM zone [m]."""
    return gpd.GeoSeries([geometry], crs="EPSG:4326").to_crs(crs).iloc[0]


def square(grid: Grid) -> shapely.Polygon | shapely.MultiPolygon:
    """Return the outline of a grid in WGS 84 longitude and latitude [degrees].

    A grid across the antimeridian has two parts, on either side of 180 degrees.
    """
    outline = gpd.GeoSeries([shapely.box(*grid.bounds)], crs=grid.crs)
    return cut(outline.to_crs("EPSG:4326").iloc[0])


def local_squares(sites: Sequence[Site]) -> gpd.GeoSeries:
    """Return the outlines of sites in one projection around the middle of them [m]."""
    outlines = gpd.GeoSeries([square(site.grid) for site in sites], crs="EPSG:4326")
    lon, lat = centre(outlines.union_all())
    return outlines.to_crs(f"+proj=aeqd +lon_0={lon:.4f} +lat_0={lat:.4f} +units=m")


def near(features: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.intp]:
    """Return the rows of features in WGS 84 whose bounding box meets a grid's, ascending."""
    _, row = features.sindex.query(shapely.get_parts(square(grid)))
    return np.unique(row)


def coarse_centre(shape: shapely.Geometry) -> tuple[float, float]:
    """Return longitude and latitude of a centroid [degrees], rounded to about 100 m.

    What is placed by it stays where it is when a vertex of the shape is moved a little.
    """
    lon, lat = centre(shape)
    return round(lon, COARSE_DECIMALS), round(lat, COARSE_DECIMALS)


def place_id(shape: shapely.Geometry) -> str:
    """Return the place of a shape as part of a name.

    Returns
    -------
    str
        Its coarse centre in thousandths of a degree, some 100 m: ``e028800s02500``.
    """
    lon, lat = (round(degrees * 10**COARSE_DECIMALS) for degrees in coarse_centre(shape))
    return f"{'we'[lon >= 0]}{abs(lon):06d}{'sn'[lat >= 0]}{abs(lat):05d}"


def without_place(label_id: str) -> str:
    """Return the own name in a label's id: what it is called where no other has its name."""
    return PLACE.sub("", label_id)
