"""Keep the aliases of the registry from models that are no better than chance."""

from __future__ import annotations

from minecover.tracking.client import connect
from minecover.tracking.registry import CHALLENGER, CHAMPION, record_decision, version_info
from minecover.tracking.types import Tracking, Version


def held_aliases(tracking: Tracking) -> dict[str, int]:
    """Return the number of the version that holds each alias; empty without a model.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the model.
    """
    client, _ = connect(tracking)
    name = tracking.registered_name
    if not client.search_registered_models(f"name = '{name}'"):
        return {}
    aliases = client.get_registered_model(name).aliases
    return {alias: int(number) for alias, number in aliases.items()}


def withhold_alias(
    tracking: Tracking, version: Version, before: dict[str, int], reason: str
) -> Version:
    """Put the aliases back that a version was given when it was registered.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the model.
    version : Version
        The version.
    before : dict of str to int
        The aliases before it was registered, see `held_aliases`. One that it held already was
        given to it by a person, and stays.
    reason : str
        Recorded with the decision on the version.

    Returns
    -------
    Version
        The version as the registry describes it now.
    """
    client, _ = connect(tracking)
    name, number = version.name, str(version.version)
    with tracking.lock("register"):
        held = client.get_registered_model(name).aliases
        given = [
            alias
            for alias, holder in held.items()
            if str(holder) == number and before.get(alias) != version.version
        ]
        for alias in given:
            if alias in before:
                client.set_registered_model_alias(name, alias, str(before[alias]))
            else:
                client.delete_registered_model_alias(name, alias)
        if given:
            record_decision(client, name, number, f"no alias: {reason}")
        return version_info(client, name, number, created=version.created)


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
