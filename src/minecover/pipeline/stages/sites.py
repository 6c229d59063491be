"""Stage `sites`: the squares of ground to look at, and their groups."""

import logging
from collections.abc import Sequence

import geopandas as gpd
import numpy as np

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import FoldError
from minecover.core.layouts import Layout
from minecover.core.sites import Site, grouped, square, write_sites
from minecover.labels import MINES, read_labels

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Lay out the sites, and group those that overlap or nearly touch."""
    labels = read_labels(paths.LABELS)
    layouts: dict[str, Layout] = params.build("sites.layouts")
    laid = [site for layout in layouts.values() for site in layout(labels)]
    sites = grouped(laid, within_m=params.value("sites.group_within_m"))
    check_groups(sites, labels, n_folds=int(params.value("folds.n")))
    write_sites(paths.SITES, sites)
    log.info("sites: %d in %d groups", len(sites), len({site.group for site in sites}))


def check_groups(sites: Sequence[Site], labels: gpd.GeoDataFrame, *, n_folds: int) -> None:
    """Refuse sites that cannot be dealt into folds, before their scenes are fetched.

    Parameters
    ----------
    sites : sequence of Site
        Each with its group.
    labels : GeoDataFrame
        See `minecover.labels.read_labels`. Without an outline of a mine nothing is checked:
        sites around points can be mapped, though not scored.
    n_folds : int
        Number of folds; each needs a group with a mine.

    Raises
    ------
    FoldError
        If too few groups hold a mine.
    """
    mines = labels[labels["kind"].isin(MINES)].geometry
    if mines.empty:
        return
    squares = gpd.GeoSeries([square(site.grid) for site in sites], crs="EPSG:4326")
    _, with_mine = squares.sindex.query(mines, predicate="intersects")
    found = {sites[index].group for index in np.unique(with_mine)}
    if len(found) < n_folds:
        every = len({site.group for site in sites})
        raise FoldError(
            f"folds.n={n_folds} needs mines in at least {n_folds} groups of sites, found them "
            f"in {len(found)} of {every} groups ({len(sites)} sites, {len(mines)} outlines): "
            "sites that share ground, or lie within sites.group_within_m of each other, are "
            "one group. Lower folds.n (2 at least), or add mines that lie apart."
        )
