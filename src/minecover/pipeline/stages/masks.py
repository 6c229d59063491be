"""Stage `masks`: where each site is labelled as mine, and where it truly is."""

import logging
from collections.abc import Sequence
from datetime import date

import geopandas as gpd
import numpy as np

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import LabelError
from minecover.core.outputs import fetched_dates, fetched_sites
from minecover.core.parallel import parallel_map
from minecover.core.raster import write_planes
from minecover.core.sites import Site
from minecover.labels import read_labels
from minecover.labels.burning import label_cube, rejected_plane

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Burn the labels onto every site's grid, date by date where they have dates."""
    labels = read_labels(paths.LABELS)
    ring_px = int(params.value("labels.ignore_ring_px"))
    dates = fetched_dates()
    counts = parallel_map(
        fetched_sites(),
        lambda site: burn(site, labels, dates[site.site_id], ring_px),
        "masks",
    )
    mine, total = np.sum(counts, axis=0)
    if mine == 0:
        raise LabelError(
            f"no mine polygon touches any of the {len(counts)} sites. Compare where the labels "
            "lie with where the sites do (labels.polygons, sites.layouts)."
        )
    log.info(
        "masks: %d sites, %d labelled pixels, %.2f %%", len(counts), mine, 100 * mine / total
    )


def burn(
    site: Site, labels: gpd.GeoDataFrame, dates: Sequence[date], ring_px: int
) -> tuple[int, int]:
    """Write one site's label planes; count labelled pixels on the last date, and all."""
    label, truth = label_cube(labels, site.grid, dates, ignore_ring_px=ring_px)
    planes = {day.isoformat(): plane for day, plane in zip(dates, label, strict=True)}
    planes |= {"truth": truth, "rejected": rejected_plane(labels, site.grid)}
    write_planes(paths.MASKS / f"{site.site_id}.tif", planes, site.grid)
    return int((label[-1] == 1).sum()), truth.size
