"""Stage `masks`: the label raster of every site."""

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
from minecover.labels.burning import ground_kinds, kind_plane, label_cube, labels_of_site

log = logging.getLogger(__name__)

#: Kinds of labels that are marked beside the labels: ground that is known to be no mine.
MARKED = ("rejected", "look_alike")


def run(params: Params) -> None:
    """Burn the labels onto the grid of every site, for each date of its scenes."""
    labels = read_labels(paths.LABELS)
    ring_m = float(params.value("labels.ignore_ring_m"))
    dates = fetched_dates()
    counts = parallel_map(
        fetched_sites(),
        lambda site: burn(site, labels, dates[site.site_id], ring_m),
        "masks",
    )
    mine, total = np.sum(counts, axis=0)
    if mine == 0:
        raise LabelError(
            f"no mine polygon touches any of the {len(counts)} sites. Compare the places of "
            "the labels (labels.input) and of the sites (sites.layouts)."
        )
    log.info(
        "masks: %d sites, %d labelled pixels, %.2f %%", len(counts), mine, 100 * mine / total
    )


def burn(
    site: Site, labels: gpd.GeoDataFrame, dates: Sequence[date], ring_m: float
) -> tuple[int, int]:
    """Write the label planes of one site.

    Parameters
    ----------
    site : Site
        The planes lie on its grid, without a halo.
    labels : GeoDataFrame
        See `minecover.labels.read_labels`.
    dates : sequence of date
        Dates of the site's scenes; each gets a plane.
    ring_m : float
        Width of the ring around outlines that is ignored [pixels].

    Returns
    -------
    n_mine : int
        Pixels that are labelled as mine on the last date.
    n_pixels : int
        Pixels of the site.
    """
    labels = labels_of_site(labels, site.site_id)
    label, truth = label_cube(labels, site.grid, dates, ignore_ring_m=ring_m)
    planes = {day.isoformat(): plane for day, plane in zip(dates, label, strict=True)}
    planes["truth"] = truth
    planes |= {kind: kind_plane(labels, site.grid, kind) for kind in MARKED}
    if (named := ground_kinds(labels, site.grid)) is not None:
        planes |= named.planes()
    write_planes(paths.MASKS / f"{site.site_id}.tif", planes, site.grid)
    return int((label[-1] == 1).sum()), truth.size
