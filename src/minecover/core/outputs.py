"""What the stages wrote, read back: sites with imagery, their dates, their context planes."""

from datetime import date

import numpy as np
import pandas as pd

from minecover.core import paths
from minecover.core.cube import F32
from minecover.core.raster import read_planes
from minecover.core.sites import Site, read_sites


def fetched_sites() -> list[Site]:
    """Return the sites that have imagery, sorted by id."""
    with_scenes = fetched_dates()
    return [site for site in read_sites(paths.SITES) if site.site_id in with_scenes]


def fetched_dates() -> dict[str, tuple[date, ...]]:
    """Return the dates of the scenes of every site that has some, by site id."""
    index = pd.read_csv(paths.SCENE_INDEX, keep_default_na=False)
    ok = index[index["status"] == "ok"]
    return {
        site_id: tuple(date.fromisoformat(day) for day in days.split())
        for site_id, days in zip(ok["site_id"], ok["dates"], strict=True)
    }


def read_context(site: Site) -> dict[str, F32]:
    """Read the context planes of a site, halo included; empty where no layer is configured.

    Returns
    -------
    dict of (row, col) float32
        By plane name, on ``site.read_grid``.
    """
    path = paths.CONTEXT / f"{site.site_id}.tif"
    if not path.is_file():
        return {}
    return {name: plane.astype(np.float32) for name, plane in read_planes(path).items()}
