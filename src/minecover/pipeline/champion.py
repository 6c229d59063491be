"""How a model differs from the champion of the registry, on the same sites."""

from __future__ import annotations

from minecover.core.config import Params
from minecover.core.errors import MinecoverError, RegistryError
from minecover.pipeline.run_card import AgainstChampion
from minecover.pipeline.run_scores import RunScores, differences_of, run_scores
from minecover.tracking.registry import CHAMPION, version_at
from minecover.tracking.types import Tracking


def against_champion(
    tracking: Tracking, params: Params, scores: RunScores, *, build: str = ""
) -> AgainstChampion:
    """Compare a model with the champion, if there is one and it was scored on the same sites.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the registered model.
    params : Params
        Of it, `metrics` is read: it defines the scores of both.
    scores : RunScores
        The scores of the model.
    build : str
        Digest of the model's build, which may be the champion's own; empty for a job.

    Returns
    -------
    AgainstChampion
    """
    try:
        champion = version_at(tracking, f"models:/{tracking.registered_name}@{CHAMPION}")
    except RegistryError:
        return AgainstChampion("", None, "There was no champion to compare with.")
    if build and champion.tags.get("build_digest") == build:
        return AgainstChampion("", None)
    name = f"champion (version {champion.version})"
    try:
        of_champion = run_scores(tracking, champion.run_id, params)
    except MinecoverError as error:
        return AgainstChampion(name, None, f"The {name} cannot be compared: {error}")
    table = differences_of(of_champion, scores, params)
    if table is None:
        reason = f"The {name} was scored on other sites or labels: no difference says anything."
        return AgainstChampion(name, None, reason)
    return AgainstChampion(name, table)
