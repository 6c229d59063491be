"""Stage `features`: the observation and location tables, one Parquet file a site."""

import json
import logging
from collections.abc import Mapping

import numpy as np

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.errors import SceneError
from minecover.core.feature_table import write_table
from minecover.core.files import write_json
from minecover.core.outputs import fetched_sites, read_context
from minecover.core.parallel import parallel_map
from minecover.core.raster import read_cube, read_planes
from minecover.core.sites import Site
from minecover.features import FeatureSet
from minecover.features.planes import computable_sets, feature_planes, flat_sets, plane_names
from minecover.features.validity import Profile, usable_profiles, valid

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Write the feature tables of all sites; stop if too many have no valid observation."""
    table = flat_sets(params.build("table"))
    bands = params.value("source.bands")
    planes = json.loads(paths.CONTEXT_PLANES.read_text(encoding="utf-8"))
    feature_sets = computable_sets(table, bands, planes)
    if left_out := sorted(set(table) - set(feature_sets)):
        log.info(
            "features: left out %s, which need other bands or context planes",
            ", ".join(left_out),
        )
    profiles: dict[str, Profile] = params.build("masks")
    chosen = str(params.value("mask"))
    sites = fetched_sites()
    shares = parallel_map(
        sites, lambda site: write_tables(site, feature_sets, profiles, chosen), "features"
    )
    without_valid = [
        site.site_id for site, share in zip(sites, shares, strict=True) if share == 0
    ]
    if len(without_valid) > float(params.value("source.max_failed_fraction")) * len(sites):
        raise SceneError(
            f"{len(without_valid)} of {len(sites)} sites have no valid observation under "
            f"mask={chosen}: {', '.join(without_valid[:5])}. Fetch more dates "
            "(source.scenes), choose another mask, or raise source.max_failed_fraction."
        )
    write_json(
        paths.TABLE_SETTINGS,
        {
            "table": params.value("table"),
            "masks": params.value("masks"),
            "source": {"bands": bands},
            "context": {"planes": planes},
        },
    )
    log.info("features: %d sites, %.1f %% valid", len(sites), 100 * np.mean(shares))


def write_tables(
    site: Site,
    feature_sets: Mapping[str, FeatureSet],
    profiles: Mapping[str, Profile],
    chosen: str,
) -> float:
    """Write the observation table and the location table of one site.

    Parameters
    ----------
    site : Site
        A site that has imagery and masks.
    feature_sets : mapping of str to FeatureSet
        The feature sets to compute.
    profiles : mapping of str to Profile
        Mask profiles by name; each gets a column ``valid_<name>``.
    chosen : str
        Name of the mask profile that decides which observations the features use.

    Returns
    -------
    float
        Share of observations that are valid under the chosen profile, 0 ... 1.
    """
    cube = read_cube(paths.SCENES / f"{site.site_id}.tif")
    usable = {
        name: valid(cube, p) for name, p in usable_profiles(cube, profiles, chosen).items()
    }
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
        plane_names(feature_sets),
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
