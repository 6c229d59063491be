"""Where to look: sites, and the groups of them that keep folds honest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine

from minecover.core.errors import SiteError
from minecover.core.files import replacing
from minecover.core.grid import Grid


@dataclass(frozen=True, slots=True)
class Site:
    """A square of the ground on a frozen grid.

    `grid` is the scored square; `halo_px` more pixels are read on every side. `group` names the
    ground it belongs to: sites of one group are never split over folds.
    """

    site_id: str
    group: str
    grid: Grid
    halo_px: int

    @property
    def read_grid(self) -> Grid:
        """The grid with its halo: what a source delivers."""
        return self.grid.grown(self.halo_px)


def grouped(sites: Sequence[Site], *, within_m: float) -> list[Site]:
    """Name the groups of sites that have none: those that overlap or lie near each other.

    Parameters
    ----------
    sites : sequence of Site
        Sites whose `group` is empty get one; the others keep theirs.
    within_m : float
        Squares nearer than this belong together, and so do chains of them [m].

    Returns
    -------
    list of Site
        Sorted by id. A group is named after its first site.

    Raises
    ------
    SiteError
        If there is no site, or an id is used twice.
    """
    ordered = sorted(sites, key=lambda site: site.site_id)
    if not ordered:
        raise SiteError("the layouts placed no site. Look at sites.layouts and the labels.")
    ids = [site.site_id for site in ordered]
    if len(set(ids)) < len(ids):
        twice = next(a for a, b in zip(ids, ids[1:], strict=False) if a == b)
        raise SiteError(f"two layouts both made a site {twice!r}. Rename a label or a layout.")
    outlines = gpd.GeoSeries([square(site.grid) for site in ordered], crs="EPSG:4326")
    middle = outlines.union_all().centroid
    local = outlines.to_crs(f"+proj=aeqd +lon_0={middle.x:.4f} +lat_0={middle.y:.4f} +units=m")
    a, b = local.sindex.query(local.to_numpy(), predicate="dwithin", distance=within_m)
    # Half a second to import, and most who read sites do not group them.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(len(ids), len(ids)))
    _, component = connected_components(links, directed=False)
    first = {int(c): ids[i] for i, c in reversed(list(enumerate(component)))}
    return [
        site if site.group else replace(site, group=first[int(component[i])])
        for i, site in enumerate(ordered)
    ]


def write_sites(path: Path, sites: list[Site]) -> None:
    """Write sites as GeoParquet, sorted by id, their squares in WGS 84."""
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
        },
        geometry=[square(s.grid) for s in ordered],
        crs="EPSG:4326",
    )
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False)


def read_sites(path: Path) -> list[Site]:
    """Read what `write_sites` wrote."""
    frame = gpd.read_parquet(path)
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
        )
        for r in frame.itertuples()
    ]


def square(grid: Grid) -> shapely.Polygon:
    """Outline a grid in WGS 84 longitude and latitude."""
    outline = gpd.GeoSeries([shapely.box(*grid.bounds)], crs=grid.crs)
    return outline.to_crs("EPSG:4326").iloc[0]
