"""Stage `sites`: the squares of ground to look at, and their groups."""

import logging

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.layouts import Layout
from minecover.core.sites import grouped, write_sites
from minecover.labels import read_labels

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Lay out the sites, and group those that overlap or nearly touch."""
    labels = read_labels(paths.LABELS)
    layouts: dict[str, Layout] = params.build("sites.layouts")
    laid = [site for layout in layouts.values() for site in layout(labels)]
    sites = grouped(laid, within_m=params.value("sites.group_within_m"))
    write_sites(paths.SITES, sites)
    log.info("sites: %d in %d groups", len(sites), len({site.group for site in sites}))
