"""Where to look: sites, the layouts that place them, and the groups that keep folds honest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine

from minecover.atomic import replacing
from minecover.grid import Grid


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
