"""The ground of an external evaluation: its labels, and sites where no model was trained."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd

from minecover.core.config import Params
from minecover.core.errors import ConfigError, ModelError, SiteError
from minecover.core.places import ground_name
from minecover.core.sites import Site
from minecover.features.context import Plane
from minecover.learning.model_card import ModelCard
from minecover.pipeline.stages.labels import all_labels
from minecover.pipeline.stages.sites import lay_out

log = logging.getLogger(__name__)

#: Sites that a message names.
N_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Labels and sites of ground that a model is tried on.

    Parameters
    ----------
    name : str
        See `minecover.core.places.ground_name`.
    labels : GeoDataFrame
        The label table.
    sites : sequence of Site
        The sites, each with its group and the halo that the model needs.
    dropped : sequence of str
        Ids of the sites that were left out because the model was trained on their ground.
    is_known_new : bool
        Whether the model's card says where it was trained, so that overlap could be found.
    """

    name: str
    labels: gpd.GeoDataFrame
    sites: Sequence[Site]
    dropped: Sequence[str]
    is_known_new: bool


def lay_out_ground(params: Params, card: ModelCard, *, drop_overlap: bool) -> Ground:
    """Read the labels of some ground and place its sites, none where the model was trained.

    Parameters
    ----------
    params : Params
        Configuration of the ground.
    card : ModelCard
        Card of the model.
    drop_overlap : bool
        Whether sites on ground that the model was trained on are left out, instead of refused.

    Raises
    ------
    ModelError
        If sites share ground with those of training.
    SiteError
        If no other site is left.
    """
    labels = all_labels(params)
    sites = lay_out(params, labels)
    name = ground_name(
        is_simulated=bool(params.value("source.is_simulated")),
        seed=int(params.value("world.seed")),
    )
    shared = set(_shared(card, sites, name))
    if shared and not drop_overlap:
        raise ModelError(
            f"the model was trained on this ground: {len(shared)} of {len(sites)} sites "
            f"({_named(sorted(shared))}) lie in the places of its card. Choose other ground; "
            "--drop-overlap leaves these sites out."
        )
    kept = [site for site in sites if site.site_id not in shared]
    if not kept:
        raise SiteError(
            f"all {len(sites)} sites lie on ground that the model was trained on. Choose other "
            "ground."
        )
    if shared:
        log.info("evaluate: left out %d sites that the model was trained on", len(shared))
    if "chips" not in params.value("source"):
        # Chips have no ground around them; elsewhere the model's windows need theirs.
        kept = [replace(site, halo_px=max(site.halo_px, card.halo_px)) for site in kept]
    return Ground(name, labels, kept, sorted(shared), card.places is not None)


def context_of(params: Params, card: ModelCard) -> dict[str, Plane]:
    """Return the context planes that a model takes, of the ground that it is tried on.

    Parameters
    ----------
    params : Params
        Of it, `context.planes` is read.
    card : ModelCard
        Card of the model.

    Raises
    ------
    ConfigError
        If the ground has none of a name.
    """
    wanted: Mapping[str, object] = card.value("context")
    known: Mapping[str, object] = params.value("context.planes")
    if missing := [name for name in wanted if name not in known]:
        raise ConfigError(
            f"the model takes the context planes {', '.join(sorted(wanted))}, and this ground "
            f"has no {', '.join(missing)}. Choose an option of conf/context that has them, or "
            "a model without them."
        )
    return {name: params.build(f"context.planes.{name}") for name in wanted}


def _shared(card: ModelCard, sites: Sequence[Site], ground: str) -> list[str]:
    """Return the sites on ground that a model was trained on."""
    if card.places is not None:
        return card.places.shared_with(sites, ground)
    log.warning(
        "evaluate: the card of the model does not say where it was trained (an earlier "
        "minecover wrote it), so that nobody knows whether this ground is new to it. Train it "
        "again to find out"
    )
    return []


def _named(names: Sequence[str]) -> str:
    """Return the first names as text."""
    return ", ".join(names[:N_NAMED]) + (", ..." if len(names) > N_NAMED else "")
