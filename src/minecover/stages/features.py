"""Stage `features`: the observation and location tables, one Parquet file a site."""

import logging
from collections.abc import Mapping

import numpy as np

from minecover.config import Params
from minecover.errors import SceneError
from minecover.features import Block
from minecover.features.planes import (
    givable,
    location_planes,
    names_of,
    observation_planes,
    reach_over_dates_px,
)
from minecover.masks import Profile, applicable, valid
from minecover.raster import read_cube, read_planes
from minecover.sites import Site
from minecover.stages import fetched_sites, over, paths, read_around
from minecover.table import write_table

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Compute every block of the table on every site."""
    table: dict[str, Block] = params.build("table")
    blocks = givable(table, params.value("source.bands"), params.value("context.planes"))
    if left_out := sorted(set(table) - set(blocks)):
        log.info(
            "features: the source or its context has not what %s take", ", ".join(left_out)
        )
    profiles: dict[str, Profile] = params.build("mask.profiles")
    chosen = str(params.value("mask.name"))
    sites = fetched_sites()
    shares = over(sites, lambda site: tabulate(site, blocks, profiles, chosen), "features")
    blind = [site.site_id for site, share in zip(sites, shares, strict=True) if share == 0]
    if len(blind) > float(params.value("source.max_failed_fraction")) * len(sites):
        raise SceneError(
            f"{len(blind)} of {len(sites)} sites have no valid observation under "
            f"mask={chosen}: {', '.join(blind[:5])}. Widen the period, choose a milder mask, "
            "or raise source.max_failed_fraction."
        )
    log.info("features: %d sites, %.1f %% valid", len(sites), 100 * np.mean(shares))


def tabulate(
    site: Site,
    blocks: Mapping[str, Block],
    profiles: Mapping[str, Profile],
    chosen: str,
) -> float:
    """Write one site's two tables; give the share of valid observations."""
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    usable = {name: valid(cube, p) for name, p in applicable(cube, profiles, chosen).items()}
    core = {name: cube.core(mask) for name, mask in usable.items()}
    masks = read_planes(paths.MASKS / f"{site.site_id}.tif")
    dates = [day.isoformat() for day in cube.dates]
    label = np.stack([masks[day] for day in dates]).astype(np.int8)
    truth = masks["truth"].astype(np.int8)
    rejected = masks["rejected"] == 1

    columns = names_of(blocks)
    near = cube.within(reach_over_dates_px(blocks, columns))
    by_date = observation_planes(cube, usable[chosen], blocks, columns, halo_px=near.halo_px)
    seen = cube.core(usable[chosen], halo_px=near.halo_px)
    around = {
        name: cube.core(plane, halo_px=near.halo_px)
        for name, plane in read_around(site).items()
    }
    over_dates = location_planes(by_date, seen, around, blocks, columns)
    write_table(
        paths.table("observation", site.site_id),
        {name: near.core(plane) for name, plane in by_date.items()},
        dates=dates,
        marks={
            "label": label,
            "truth": np.broadcast_to(truth, label.shape),
            "rejected": np.broadcast_to(rejected, label.shape),
            **{f"valid_{name}": mask for name, mask in core.items()},
        },
    )
    write_table(
        paths.table("location", site.site_id),
        {name: near.core(plane) for name, plane in over_dates.items()},
        dates=dates[-1:],
        marks={
            "label": label[-1],
            "truth": truth,
            "rejected": rejected,
            **{f"valid_{name}": np.asarray(mask.any(axis=0)) for name, mask in core.items()},
        },
    )
    return float(core[chosen].mean())
