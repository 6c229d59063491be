"""Which version is champion, which was before, and why: a decision is a tag with its date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minecover.core.errors import RegistryError
from minecover.tracking.registry import CHALLENGER, CHAMPION, described, find, look, note
from minecover.tracking.types import Tracking, Version

if TYPE_CHECKING:
    from minecover.tracking import MlflowClient

#: A version's tag that names the champion it replaced: where `roll_back` returns to.
PREDECESSOR = "predecessor"


def promote(tracking: Tracking, version: int, reason: str) -> Version:
    """Make a version the champion; the one that it replaces becomes challenger.

    Raises
    ------
    RegistryError
        If there is no such version.
    """
    name = tracking.registered_name
    with tracking.alone("register"):
        client, chosen = find(tracking, f"models:/{name}/{version}")
        former = client.get_registered_model(name).aliases.get(CHAMPION)
        if former == chosen.version:
            return described(client, name, chosen.version, created=False)
        if former is not None:
            client.set_model_version_tag(name, chosen.version, PREDECESSOR, former)
            note(client, name, former, f"replaced by version {version}: {reason}")
        note(client, name, chosen.version, f"promoted: {reason}")
        _crown(client, name, chosen.version, instead_of=former)
        return described(client, name, chosen.version, created=False)


def refuse(tracking: Tracking, version: int, reason: str) -> None:
    """Note on a version why it did not become champion."""
    name = tracking.registered_name
    with tracking.alone("register"):
        client, chosen = find(tracking, f"models:/{name}/{version}")
        note(client, name, chosen.version, f"refused: {reason}")


def roll_back(tracking: Tracking, reason: str) -> Version:
    """Make the champion's predecessor champion again; the one that leaves becomes challenger.

    Raises
    ------
    RegistryError
        If there is no champion, or nothing was champion before it.
    """
    name = tracking.registered_name
    with tracking.alone("register"):
        client, champion = find(tracking, f"models:/{name}@{CHAMPION}")
        former = str(predecessor(tracking))
        note(client, name, champion.version, f"rolled back to version {former}: {reason}")
        note(client, name, former, f"champion again after version {champion.version}: {reason}")
        _crown(client, name, former, instead_of=champion.version)
        return described(client, name, former, created=False)


def predecessor(tracking: Tracking) -> int:
    """Give the version that the champion replaced.

    Raises
    ------
    RegistryError
        If there is no champion, or nothing was champion before it.
    """
    champion = look(tracking, f"models:/{tracking.registered_name}@{CHAMPION}")
    if PREDECESSOR not in champion.tags:
        raise RegistryError(
            f"version {champion.version} of {champion.name} replaced no other champion: there "
            "is nothing to return to. Choose a version: minecover promote VERSION."
        )
    return int(champion.tags[PREDECESSOR])


def _crown(client: MlflowClient, name: str, version: str, *, instead_of: str | None) -> None:
    """Move the aliases."""
    if str(client.get_registered_model(name).aliases.get(CHALLENGER)) == str(version):
        client.delete_registered_model_alias(name, CHALLENGER)
    # The champion first: there is one at every moment.
    client.set_registered_model_alias(name, CHAMPION, version)
    if instead_of is not None:
        client.set_registered_model_alias(name, CHALLENGER, instead_of)
