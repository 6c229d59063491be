"""Read outputs of earlier stages: sites with imagery, dates, context planes, some tables."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.cube import F32
from minecover.core.feature_table import SiteTable, read_table
from minecover.core.raster import read_planes
from minecover.core.sites import Site, read_sites

#: Reads some features of the site at an index.
ReadTable = Callable[[int, Sequence[str]], SiteTable]


def fetched_sites() -> list[Site]:
    """Return the sites that have at least one scene, sorted by id."""
    with_scenes = fetched_dates()
    return [site for site in read_sites(paths.SITES) if site.site_id in with_scenes]


def fetched_dates() -> dict[str, tuple[date, ...]]:
    """Return the acquisition dates of each site that has scenes, ascending, by site id."""
    index = pd.read_csv(paths.SCENE_INDEX, keep_default_na=False)
    ok = index[index["status"] == "ok"]
    return {
        site_id: tuple(date.fromisoformat(day) for day in days.split())
        for site_id, days in zip(ok["site_id"], ok["dates"], strict=True)
    }


def read_context(site: Site) -> dict[str, F32]:
    """Return the context planes of a site.

    Parameters
    ----------
    site : Site
        The site.

    Returns
    -------
    dict of (row, col) float32
        Planes on ``site.read_grid`` (halo included) by name; empty if no layer is configured.
    """
    path = paths.CONTEXT / f"{site.site_id}.tif"
    if not path.is_file():
        return {}
    return {name: plane.astype(np.float32) for name, plane in read_planes(path).items()}


def thinned_tables(params: Params, site_ids: Sequence[str]) -> ReadTable | None:
    """Return what reads the tables of fewer dates, if a design scores locations and has them.

    Parameters
    ----------
    params : Params
        Of it, `design.name`, `fewer_dates` and `mask` are read.
    site_ids : sequence of str
        Sites, in the order of their tables.
    """
    if params.value("design.name") != "location" or params.value("fewer_dates") is None:
        return None

    def tables(index: int, features: Sequence[str]) -> SiteTable:
        return read_table(
            paths.fewer_dates_table(site_ids[index]),
            features=features,
            profile=str(params.value("mask")),
            static=None,
        )

    return tables
