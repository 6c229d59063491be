"""Promote a version, refuse it, or roll back; each decision is a tag with its date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minecover.core.errors import RegistryError
from minecover.tracking.client import connect
from minecover.tracking.registry import (
    CHALLENGER,
    CHAMPION,
    find_model_version,
    record_decision,
    version_at,
    version_info,
)
from minecover.tracking.types import Tracking, Version

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Tag of a version with the number of the champion that it replaced: `roll_back` returns to it.
PREDECESSOR = "predecessor"


def promote(tracking: Tracking, version: int, reason: str) -> Version:
    """Make a version the champion, and the one that it replaces the challenger.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the model.
    version : int
        Number of the version. Nothing changes if it is champion already.
    reason : str
        Recorded with the decision on both versions.

    Returns
    -------
    Version
        The champion.

    Raises
    ------
    RegistryError
        If there is no such version.
    """
    name = tracking.registered_name
    with tracking.lock("register"):
        client, chosen = find_model_version(tracking, f"models:/{name}/{version}")
        former = client.get_registered_model(name).aliases.get(CHAMPION)
        if former == chosen.version:
            return version_info(client, name, chosen.version, created=False)
        if former is not None:
            client.set_model_version_tag(name, chosen.version, PREDECESSOR, former)
            record_decision(client, name, former, f"replaced by version {version}: {reason}")
        record_decision(client, name, chosen.version, f"promoted: {reason}")
        _move_aliases(client, name, chosen.version, former=former)
        return version_info(client, name, chosen.version, created=False)


def record_commit(tracking: Tracking, version: int, commit: str) -> None:
    """Record on a version and its run that a commit builds it, without other changes.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the model.
    version : int
        Number of the version.
    commit : str
        Hash of the commit.

    Raises
    ------
    RegistryError
        If there is no such version.
    """
    name = tracking.registered_name
    with tracking.lock("register"):
        client, chosen = find_model_version(tracking, f"models:/{name}/{version}")
        for tag, value in (("git_commit", commit), ("git_dirty", "false")):
            client.set_tag(str(chosen.run_id), tag, value)
            client.set_model_version_tag(name, chosen.version, tag, value)


def version_of_run(tracking: Tracking, run_id: str) -> Version | None:
    """Return the version whose model a run logged; None if it logged none.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    run_id : str
        Id of the run, all of it.
    """
    client, _ = connect(tracking, creates=False)
    found = client.search_model_versions(f"run_id = '{run_id}'")
    versions = [version_info(client, one.name, one.version, created=False) for one in found]
    return versions[0] if versions else None


def refuse(tracking: Tracking, version: int, reason: str) -> None:
    """Record on a version why it did not become champion.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the model.
    version : int
        Number of the version.
    reason : str
        Recorded with the decision.

    Raises
    ------
    RegistryError
        If there is no such version.
    """
    name = tracking.registered_name
    with tracking.lock("register"):
        client, chosen = find_model_version(tracking, f"models:/{name}/{version}")
        record_decision(client, name, chosen.version, f"refused: {reason}")


def roll_back(tracking: Tracking, reason: str) -> Version:
    """Make the champion's predecessor champion again, and the present champion challenger.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the model.
    reason : str
        Recorded with the decision on both versions.

    Returns
    -------
    Version
        The champion.

    Raises
    ------
    RegistryError
        If there is no champion, or it replaced no other.
    """
    name = tracking.registered_name
    with tracking.lock("register"):
        client, champion = find_model_version(tracking, f"models:/{name}@{CHAMPION}")
        former = str(predecessor(tracking))
        leaving = f"rolled back to version {former}: {reason}"
        returning = f"champion again after version {champion.version}: {reason}"
        record_decision(client, name, champion.version, leaving)
        record_decision(client, name, former, returning)
        _move_aliases(client, name, former, former=champion.version)
        return version_info(client, name, former, created=False)


def predecessor(tracking: Tracking) -> int:
    """Return the number of the version that the champion replaced.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the model.

    Returns
    -------
    int
        Number of a version.

    Raises
    ------
    RegistryError
        If there is no champion, or it replaced no other.
    """
    champion = version_at(tracking, f"models:/{tracking.registered_name}@{CHAMPION}")
    if PREDECESSOR not in champion.tags:
        raise RegistryError(
            f"version {champion.version} of {champion.name} replaced no other champion, so "
            "there is none to return to. Choose a version: minecover promote VERSION."
        )
    return int(champion.tags[PREDECESSOR])


def _move_aliases(
    client: MlflowClient, name: str, champion: str, *, former: str | None
) -> None:
    """Make one version champion and the former champion challenger."""
    if str(client.get_registered_model(name).aliases.get(CHALLENGER)) == str(champion):
        client.delete_registered_model_alias(name, CHALLENGER)
    # The champion first: there is one at every moment.
    client.set_registered_model_alias(name, CHAMPION, champion)
    if former is not None:
        client.set_registered_model_alias(name, CHALLENGER, former)
