"""The model registry: register a build once, find a version, fetch one to be trusted."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.digests import check_digest, file_digest
from minecover.core.errors import ModelError, RegistryError
from minecover.tracking import add_version, connect, fetch, log_model, look_up
from minecover.tracking.provenance import folder_digest
from minecover.tracking.record import Record
from minecover.tracking.types import CARD, PICKLE, Resolved, Tracking, Version

if TYPE_CHECKING:
    from minecover.tracking import MlflowClient, ModelVersion

CHAMPION, CHALLENGER = "champion", "challenger"
#: Tags of a version: its checkout's state, and each decision on it under the time it was made.
STATE, DECISION = ("git_commit", "git_dirty"), "decision."
#: What MLflow keeps of a tag.
MAX_TAG = 5000
#: ``models:/minecover@champion`` or ``models:/minecover/3``.
ADDRESS = re.compile(r"models:/(?P<name>[\w-]+)(@(?P<alias>[\w-]+)|/(?P<version>\d+))")


def register(tracking: Tracking, record: Record, *, model: Path, card: Path) -> Version:
    """Register a model with its run, unless its build already is.

    The tag ``lock_digest`` is a build's identity: the same one gives the version that is
    there. The first version of a name becomes champion, later ones challenger. A build that
    was registered from a checkout with uncommitted changes, and now is from a clean one, is
    noted to come from that commit.

    Parameters
    ----------
    tracking : Tracking
    record : Record
    model, card : Path
        models/model.pkl and models/model.json; see `log_model`.

    Raises
    ------
    ModelError
        If the pickle is not the one that its card describes; it is not opened then.
    """
    with tracking.alone("register"):
        client, _ = connect(tracking)
        known = _registered(client, tracking.registered_name, record.tags["lock_digest"])
        version = known or _make(tracking, client, record, model, card)
        # Also after a run that was killed between its version and its alias.
        if CHAMPION not in client.get_registered_model(version.name).aliases:
            note(client, version.name, version.version, "promoted: nothing was champion")
            client.set_registered_model_alias(version.name, CHAMPION, version.version)
        elif known is None:
            client.set_registered_model_alias(version.name, CHALLENGER, version.version)
        if version.tags.get("git_dirty") == "true" and record.tags["git_dirty"] == "false":
            for tag, value in ((tag, record.tags[tag]) for tag in STATE):
                client.set_tag(str(version.run_id), tag, value)
                client.set_model_version_tag(version.name, version.version, tag, value)
        return described(client, version.name, version.version, created=known is None)


def look(tracking: Tracking, uri: str) -> Version:
    """Say what the registry has at an address; nothing is fetched.

    Raises
    ------
    RegistryError
        If the address cannot be read or names nothing: the message says what there is.
    """
    client, found = find(tracking, uri)
    return described(client, found.name, found.version, created=False)


def note(client: MlflowClient, name: str, version: str, decision: str) -> None:
    """Write a decision on a version, under the time it was made."""
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    client.set_model_version_tag(name, version, f"{DECISION}{now}", decision[:MAX_TAG])


def resolve(tracking: Tracking, uri: str) -> Resolved:
    """Fetch a registered model and check that its bytes are the registered ones.

    Parameters
    ----------
    tracking : Tracking
    uri : str
        ``models:/minecover@champion`` or ``models:/minecover/3``.

    Raises
    ------
    RegistryError
        If the address cannot be read or names nothing: the message says what there is.
    ModelError
        If a byte of the model's folder differs, or its digests were never recorded. Nothing
        was unpickled.
    """
    client, found = find(tracking, uri)
    recorded = found.tags
    if not {"sha256", "folder_sha256"} <= set(recorded):
        raise ModelError(
            f"{uri} carries no digests, so that it cannot be trusted: it was not registered by "
            "`minecover register`. Choose another version."
        )
    folder = fetch(tracking, client, str(found.source).removeprefix("models:/"))
    pickled = folder / PICKLE
    check_digest(pickled, found=file_digest(pickled), recorded=recorded["sha256"])
    check_digest(folder, found=folder_digest(folder), recorded=recorded["folder_sha256"])
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return Resolved(found.name, int(found.version), folder, recorded["sha256"], card)


def _registered(client: MlflowClient, name: str, lock_digest: str) -> ModelVersion | None:
    """Find the version of a build."""
    for version in client.search_model_versions(f"name = '{name}'"):
        if version.tags.get("lock_digest") == lock_digest:
            return version
    return None


def _make(
    tracking: Tracking, client: MlflowClient, record: Record, model: Path, card: Path
) -> ModelVersion:
    """Log a model and make it a version that carries its digests from the first moment on."""
    run_id, model_id = log_model(tracking, record, model=model, card=card)
    folder = fetch(tracking, client, model_id)
    sha256 = file_digest(model)
    check_digest(folder / PICKLE, found=file_digest(folder / PICKLE), recorded=sha256)
    tags = {
        "sha256": sha256,
        "folder_sha256": folder_digest(folder),
        **{tag: record.tags[tag] for tag in ("lock_digest", "data_digest", *STATE)},
    }
    version = add_version(tracking, client, run_id=run_id, model_id=model_id, tags=tags)
    client.update_model_version(version.name, version.version, record.description)
    return version


def find(tracking: Tracking, uri: str) -> tuple[MlflowClient, ModelVersion]:
    """Look an address up in the registry."""
    match = ADDRESS.fullmatch(uri)
    if match is None:
        name = tracking.registered_name
        raise RegistryError(
            f"{uri!r} is no address of a model. Write models:/{name}@{CHAMPION} or "
            f"models:/{name}/3."
        )
    client, _ = connect(tracking)
    found = look_up(client, match["name"], alias=match["alias"], version=match["version"])
    if found is None:
        raise RegistryError(
            f"the registry has no {uri} (it has: {_offer(client)}). Choose one of them, or "
            "run `make run` to register what is built."
        )
    return client, found


def _offer(client: MlflowClient) -> str:
    """List the addresses in a registry."""
    offer = []
    for model in client.search_registered_models():
        versions = client.search_model_versions(f"name = '{model.name}'")
        offer += [f"models:/{model.name}@{alias}" for alias in sorted(model.aliases)]
        offer += sorted(f"models:/{model.name}/{version.version}" for version in versions)
    return ", ".join(offer) or "nothing"


def described(client: MlflowClient, name: str, version: str, *, created: bool) -> Version:
    """Say which version this is, its tags and the first of its aliases as they stand now."""
    aliases = client.get_registered_model(name).aliases
    own = sorted(alias for alias, target in aliases.items() if str(target) == str(version))
    found = client.get_model_version(name, version)
    return Version(
        name=name,
        version=int(version),
        run_id=str(found.run_id),
        alias=own[0] if own else "",
        tags=dict(found.tags),
        created=created,
    )
