"""Stage `sites`: the squares of ground to look at, and their groups."""

import logging
from collections.abc import Sequence

import geopandas as gpd
import numpy as np

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import ConfigError, FoldError
from minecover.core.layouts import Layout
from minecover.core.reviewed_sites import ReviewedSites
from minecover.core.sites import Site, grouped, square, write_sites
from minecover.core.watched import (
    N_AREA_FILES,
    area_files,
    check_named_files,
    check_watched,
    paths_below,
)
from minecover.labels import MINES, read_labels

log = logging.getLogger(__name__)

#: Kinds of labels on which reviewed sites are placed: an unsure verdict teaches nothing.
JUDGED = ("confirmed", "rejected")


def run(params: Params) -> None:
    """Lay out the sites, and group those that overlap or nearly touch."""
    check_files(params)
    labels = read_labels(paths.LABELS)
    sites = lay_out(params, labels)
    check_groups(sites, labels, n_folds=int(params.value("folds.n")))
    write_sites(paths.SITES, sites)
    log.info("sites: %d in %d groups", len(sites), len({site.group for site in sites}))


def lay_out(params: Params, labels: gpd.GeoDataFrame) -> list[Site]:
    """Return the sites of a configuration, each with its group.

    Parameters
    ----------
    params : Params
        Of it, `sites` and `lattice` are read.
    labels : GeoDataFrame
        See `minecover.labels.read_labels`.
    """
    layouts: dict[str, Layout] = params.build("sites.layouts")
    laid = [site for layout in layouts.values() for site in layout(labels)]
    laid += lay_reviewed(params, labels, laid)
    return grouped(laid, within_m=params.value("sites.group_within_m"))


def lay_reviewed(params: Params, labels: gpd.GeoDataFrame, laid: Sequence[Site]) -> list[Site]:
    """Place sites on verdicts that no layout covers, as those on the candidates of a map.

    Parameters
    ----------
    params : Params
        Of it, `sites.reviewed` is read.
    labels : GeoDataFrame
        See `minecover.labels.read_labels`.
    laid : sequence of Site
        The sites of all layouts.
    """
    reviewed: ReviewedSites | None = params.build("sites.reviewed")
    if reviewed is None:
        return []
    return reviewed(labels[labels["kind"].isin(JUDGED)], laid)


def check_files(params: Params) -> None:
    """Refuse files and folders of layouts that DVC does not watch.

    Parameters
    ----------
    params : Params
        Of it, `sites` and `source.input` are read.

    Raises
    ------
    ConfigError
        If there are more files of areas than dvc.yaml names, one came after the configuration
        or names other files, or a layout reads another folder than the source.
    """
    layouts = params.value("sites.layouts")
    others = paths_below(layouts, "sites.layouts")
    check_watched(
        {key: path for key, path in others.items() if not key.endswith(".area")},
        watched=str(params.value("source.input")),
        fix="Set source.input to it.",
    )
    for key, path in others.items():
        if key.endswith(".area"):
            check_named_files(key, path, watched=path)
    files = area_files(layouts)
    unseen = sorted(set(files) - set(params.value("sites.area_files")))
    if unseen:
        raise ConfigError(
            f"sites.layouts.*.area has {len(files)} files, and DVC does not watch "
            f"{', '.join(unseen)}: an edit would not be built. Compose again with `minecover "
            f"params --write`; of more than {N_AREA_FILES} files save the areas as layers of "
            "one GeoPackage (sites.layouts.*.layer)."
        )


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
