"""Stage `features`: the observation and location tables, one Parquet file a site."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.damaged import read_json
from minecover.core.errors import SceneError
from minecover.core.feature_table import Mark, write_table
from minecover.core.files import write_json
from minecover.core.ground_kinds import GroundKinds
from minecover.core.outputs import fetched_sites, read_context
from minecover.core.parallel import parallel_map
from minecover.core.raster import read_cube, read_planes
from minecover.core.sites import Site
from minecover.features import FeatureSet
from minecover.features.fewer_dates import FewerDates, choose_draw, chosen_planes
from minecover.features.mask_costs import Costs, count_hidden, hidden_share, summed
from minecover.features.planes import computable_sets, feature_planes, flat_sets, plane_names
from minecover.features.validity import Profile, has_data, usable_profiles, valid

log = logging.getLogger(__name__)


class SiteTables(NamedTuple):
    """What is known of a site whose tables were written.

    Parameters
    ----------
    valid_share : float
        Share of observations that are valid under the chosen profile, 0 ... 1.
    costs : Costs
        What each profile hides.
    """

    valid_share: float
    costs: Costs


def run(params: Params) -> None:
    """Write the feature tables of all sites; stop if too many have no valid observation."""
    table = flat_sets(params.build("table"))
    bands = params.value("source.bands")
    planes = read_json(paths.CONTEXT_PLANES)
    feature_sets = computable_sets(table, bands, planes)
    if left_out := sorted(set(table) - set(feature_sets)):
        log.info(
            "features: left out %s, which need other bands or context planes",
            ", ".join(left_out),
        )
    profiles: dict[str, Profile] = params.build("masks")
    fewer: FewerDates | None = params.build("fewer_dates")
    chosen = str(params.value("mask"))
    sites = fetched_sites()
    written = parallel_map(
        sites,
        lambda site: write_tables(site, feature_sets, profiles, chosen, fewer),
        "features",
    )
    without_valid = [
        site.site_id for site, one in zip(sites, written, strict=True) if not one.valid_share
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
            "fewer_dates": params.value("fewer_dates"),
            "masks": params.value("masks"),
            "source": {"bands": bands},
            "context": {"planes": planes},
        },
    )
    costs = summed(one.costs for one in written)
    write_json(paths.MASK_COSTS, {"mask": chosen, "profiles": costs})
    log.info(
        "features: %d sites, %.1f %% valid; observations of labelled mines (of other ground) "
        "that each mask hides: %s",
        len(sites),
        100 * np.mean([one.valid_share for one in written]),
        ", ".join(f"{name} {_hidden(costs, name)}" for name in costs),
    )


def _hidden(costs: Costs, name: str) -> str:
    """Return what a profile hides of mines and of other ground, as text."""
    shares = [hidden_share(costs[name][ground]) for ground in ("mine", "other")]
    mine, other = ("none there" if s is None else f"{s:.1%}" for s in shares)
    return f"{mine} ({other})"


def write_tables(
    site: Site,
    feature_sets: Mapping[str, FeatureSet],
    profiles: Mapping[str, Profile],
    chosen: str,
    fewer: FewerDates | None,
) -> SiteTables:
    """Write the observation table and the location tables of one site.

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
    fewer : FewerDates or None
        Which dates the location table of fewer dates is computed from; None writes none.

    Returns
    -------
    SiteTables
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
    no_mine = {name: masks[name] == 1 for name in ("rejected", "look_alike")}
    ground = GroundKinds.of_planes(masks)

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
            **{name: np.broadcast_to(plane, label.shape) for name, plane in no_mine.items()},
            "n_dates": core[chosen].astype(np.int16),
            **{f"valid_{name}": mask for name, mask in core.items()},
        },
        ground=ground,
    )
    always = {"truth": truth, **no_mine}
    every = np.ones(len(dates), np.bool_)
    write_table(
        paths.table("location", site.site_id),
        planes.location,
        dates=dates[-1:],
        marks=always | _marks_over(every, label, core, chosen),
        ground=ground,
    )
    if fewer is not None:
        rng = fewer.generator(site.site_id)
        # A site of one date has no fewer: its rows are those of that date.
        draws = fewer.draws(len(dates), rng) or [every]
        marks = [_marks_over(kept, label, core, chosen) for kept in draws]
        picked = choose_draw(np.stack([mark["n_dates"] > 0 for mark in marks]), rng)
        write_table(
            paths.fewer_dates_table(site.site_id),
            chosen_planes([planes.of_dates(kept) for kept in draws], picked),
            dates=dates[-1:],
            marks=always | chosen_planes(marks, picked),
        )
    costs = count_hidden(label, cube.core(has_data(cube)), core)
    return SiteTables(float(core[chosen].mean()), costs)


def _marks_over(
    kept: NDArray[np.bool_],
    label: NDArray[np.int8],
    core: Mapping[str, NDArray[np.bool_]],
    chosen: str,
) -> dict[str, Mark]:
    """Return label, number of valid dates and validity of locations over some dates."""
    return {
        "label": label[kept][-1],
        "n_dates": core[chosen][kept].sum(axis=0).astype(np.int16),
        **{f"valid_{name}": np.asarray(mask[kept].any(axis=0)) for name, mask in core.items()},
    }
