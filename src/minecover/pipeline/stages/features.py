"""Stage `features`: the observation and location tables, one Parquet file a site."""

import logging
from collections.abc import Mapping

import numpy as np

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import SceneError
from minecover.core.feature_table import write_table
from minecover.core.outputs import fetched_sites, read_context
from minecover.core.parallel import parallel_map
from minecover.core.raster import read_cube, read_planes
from minecover.core.sites import Site
from minecover.features import FeatureSet
from minecover.features.planes import feature_planes, flat_sets, givable, names_of
from minecover.features.validity import Profile, applicable, valid

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Compute every feature set of the table on every site."""
    table = flat_sets(params.build("table"))
    feature_sets = givable(table, params.value("source.bands"), params.value("context.planes"))
    if left_out := sorted(set(table) - set(feature_sets)):
        log.info(
            "features: the source or its context has not what %s take", ", ".join(left_out)
        )
    profiles: dict[str, Profile] = params.build("masks")
    chosen = str(params.value("mask"))
    sites = fetched_sites()
    shares = parallel_map(
        sites, lambda site: tabulate(site, feature_sets, profiles, chosen), "features"
    )
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
    feature_sets: Mapping[str, FeatureSet],
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

    planes = feature_planes(
        cube,
        usable[chosen],
        read_context(site),
        feature_sets,
        names_of(feature_sets),
        with_medians=True,
    )
    write_table(
        paths.table("observation", site.site_id),
        planes.observation,
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
        planes.location,
        dates=dates[-1:],
        marks={
            "label": label[-1],
            "truth": truth,
            "rejected": rejected,
            **{f"valid_{name}": np.asarray(mask.any(axis=0)) for name, mask in core.items()},
        },
    )
    return float(core[chosen].mean())
