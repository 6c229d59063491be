"""Give an alias to a model that is no better than chance, by a person's decision."""

from __future__ import annotations

from minecover.tracking.client import connect
from minecover.tracking.registry import CHALLENGER, CHAMPION, record_decision, version_info
from minecover.tracking.types import Tracking, Version


def give_alias(tracking: Tracking, version: Version, reason: str) -> Version:
    """Make a version without alias the challenger, by a person's decision.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the model.
    version : Version
        The version; one that is champion or challenger already is left as it is.
    reason : str
        What is known against it; recorded with the decision on the version.

    Returns
    -------
    Version
        The version as the registry describes it now.
    """
    client, _ = connect(tracking)
    name, number = version.name, str(version.version)
    with tracking.lock("register"):
        record_decision(client, name, number, f"forced: {reason}")
        if version.alias not in {CHAMPION, CHALLENGER}:
            client.set_registered_model_alias(name, CHALLENGER, number)
        return version_info(client, name, number, created=version.created)
