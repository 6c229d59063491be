"""The model registry: register a build once, find a version, check the bytes of a model."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.digests import check_digest, file_digest
from minecover.core.errors import ModelError, RegistryError
from minecover.tracking.client import connect, current_store, download_model
from minecover.tracking.log import log_model
from minecover.tracking.provenance import folder_digest
from minecover.tracking.record import Record
from minecover.tracking.types import CARD, PICKLE, RegisteredModel, Tracking, Version

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION, CHALLENGER = "champion", "challenger"
#: Tags of a version: the git state of its checkout, and its decisions by the time of each.
GIT_TAGS, DECISION = ("git_commit", "git_dirty"), "decision."
#: MLflow's limits for the value of a tag and for a description [characters].
MAX_TAG, MAX_DESCRIPTION = 5000, 5000
#: Tags of a run that its version gets as well.
VERSION_TAGS = ("build_digest", "data_digest", "is_simulated", *GIT_TAGS)
#: Description of a registered model, in the list of models.
DESCRIPTION = (
    "Probability of a surface mine for each pixel of satellite scenes. `minecover predict`, "
    "`map` and `serve` take the version with the alias `champion`; `minecover promote` decides "
    "on the `challenger`. The description of each version is its model card."
)
#: ``models:/minecover@champion`` or ``models:/minecover/3``.
MODEL_URI = re.compile(r"models:/(?P<name>[\w-]+)(@(?P<alias>[\w-]+)|/(?P<version>\d+))")


def register(
    tracking: Tracking, record: Record, *, model: Path, card: Path, withheld: str = ""
) -> Version:
    """Register a model with its run, unless its build is registered already.

    The tag ``build_digest`` identifies a build: a second call with the same digest returns the
    version of the first. The first version of a name becomes champion, later ones challenger.
    If a build was registered from a checkout with uncommitted changes, and now from a clean
    one, its git tags are updated.

    Parameters
    ----------
    tracking : Tracking
        Names the store, the experiment and the model.
    record : Record
        What the run of the build logs.
    model, card : Path
        models/model.pkl and models/model.json, see `minecover.tracking.log.log_model`.
    withheld : str
        Why the version is given no alias, which is recorded as a decision; "" gives it one. An
        alias that it holds already was given by a person, and stays.

    Returns
    -------
    Version
        The version of the build; `created` says whether it is new.

    Raises
    ------
    ModelError
        If the pickle is not the one that its card describes; it is not opened then.
    """
    with tracking.lock("register"):
        client, _ = connect(tracking)
        known = _find_build(client, tracking.registered_name, record.tags["build_digest"])
        version = known or _create_version(tracking, client, record, model, card)
        if withheld:
            if not any(tag.startswith(DECISION) for tag in version.tags):
                record_decision(client, version.name, version.version, f"no alias: {withheld}")
        # Also after a run that was killed between its version and its alias.
        elif CHAMPION not in client.get_registered_model(version.name).aliases:
            reason = "promoted: there was no champion"
            record_decision(client, version.name, version.version, reason)
            client.set_registered_model_alias(version.name, CHAMPION, version.version)
        elif known is None:
            client.set_registered_model_alias(version.name, CHALLENGER, version.version)
        if version.tags.get("git_dirty") == "true" and record.tags["git_dirty"] == "false":
            for tag, value in ((tag, record.tags[tag]) for tag in GIT_TAGS):
                client.set_tag(str(version.run_id), tag, value)
                client.set_model_version_tag(version.name, version.version, tag, value)
        return version_info(client, version.name, version.version, created=known is None)


def version_at(tracking: Tracking, uri: str) -> Version:
    """Return the version that a model URI names, without downloading it.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    uri : str
        ``models:/minecover@champion`` or ``models:/minecover/3``.

    Returns
    -------
    Version
        With `created` False.

    Raises
    ------
    RegistryError
        If the URI is malformed or names nothing: the message lists what there is.
    """
    client, found = find_model_version(tracking, uri)
    return version_info(client, found.name, found.version, created=False)


def record_decision(client: MlflowClient, name: str, version: str, decision: str) -> None:
    """Write a decision about a version as a tag, ``decision.<time in UTC>``.

    Parameters
    ----------
    client : MlflowClient
        See `minecover.tracking.client.connect`.
    name, version : str
        Name of the registered model, and number of its version.
    decision : str
        What was decided and why; cut off at `MAX_TAG` characters.
    """
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    client.set_model_version_tag(name, version, f"{DECISION}{now}", decision[:MAX_TAG])


def resolve(tracking: Tracking, uri: str) -> RegisteredModel:
    """Download a registered model, and check that its bytes are the registered ones.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    uri : str
        ``models:/minecover@champion`` or ``models:/minecover/3``.

    Returns
    -------
    RegisteredModel
        The model's folder on this disk; nothing was unpickled.

    Raises
    ------
    RegistryError
        If the URI is malformed or names nothing: the message lists what there is.
    ModelError
        If a byte of the model's folder differs, or its digests were never recorded.
    """
    client, found = find_model_version(tracking, uri)
    recorded = found.tags
    if not {"sha256", "folder_sha256"} <= set(recorded):
        raise ModelError(
            f"{uri} has no digests, so its bytes cannot be checked: it was not registered by "
            "`minecover register`. Choose another version."
        )
    folder = download_model(tracking, client, str(found.source).removeprefix("models:/"))
    pickled = folder / PICKLE
    check_digest(pickled, found=file_digest(pickled), recorded=recorded["sha256"])
    check_digest(folder, found=folder_digest(folder), recorded=recorded["folder_sha256"])
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return RegisteredModel(found.name, int(found.version), folder, recorded["sha256"], card)


def _find_build(client: MlflowClient, name: str, build_digest: str) -> ModelVersion | None:
    """Return the version of a build, None if there is none."""
    for version in client.search_model_versions(f"name = '{name}'"):
        if version.tags.get("build_digest") == build_digest:
            return version
    return None


def _create_version(
    tracking: Tracking, client: MlflowClient, record: Record, model: Path, card: Path
) -> ModelVersion:
    """Log a model and make it the next version, with its digests from the first moment on."""
    run_id, model_id = log_model(tracking, record, model=model, card=card)
    folder = download_model(tracking, client, model_id)
    sha256 = file_digest(model)
    check_digest(folder / PICKLE, found=file_digest(folder / PICKLE), recorded=sha256)
    tags = {
        "sha256": sha256,
        "folder_sha256": folder_digest(folder),
        **{tag: record.tags[tag] for tag in VERSION_TAGS},
    }
    name = tracking.registered_name
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=DESCRIPTION)
    # The client looks the model up in the current store, whatever its own is.
    with current_store(tracking.uri):
        version = client.create_model_version(
            name, f"models:/{model_id}", run_id, tags=tags, model_id=model_id
        )
    # The card names the champion, which this version may not be.
    card_text = (record.page or record.description).replace(
        f"models:/{name}@{CHAMPION}", f"models:/{name}/{version.version}"
    )
    client.update_model_version(name, version.version, card_text[:MAX_DESCRIPTION])
    return version


def find_model_version(tracking: Tracking, uri: str) -> tuple[MlflowClient, ModelVersion]:
    """Find the version that a model URI names.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    uri : str
        ``models:/minecover@champion`` or ``models:/minecover/3``.

    Returns
    -------
    client : MlflowClient
        Connected to the store.
    version : ModelVersion
        MLflow's own description of the version.

    Raises
    ------
    RegistryError
        If the URI is malformed or names nothing: the message lists what there is.
    """
    match = MODEL_URI.fullmatch(uri)
    if match is None:
        name = tracking.registered_name
        raise RegistryError(
            f"{uri!r} is not the URI of a model. Write models:/{name}@{CHAMPION} or "
            f"models:/{name}/3."
        )
    client, _ = connect(tracking, creates=False)
    found = _get_version(client, match["name"], alias=match["alias"], version=match["version"])
    if found is None:
        raise RegistryError(
            f"the registry has no {uri} (it has: {_known_uris(client)}). Choose one of them, "
            "or run `make run` to register what is built."
        )
    return client, found


def _get_version(
    client: MlflowClient, name: str, *, alias: str | None, version: str | None
) -> ModelVersion | None:
    """Return a version by its alias, or else by its number; None if there is none."""
    from mlflow.exceptions import MlflowException

    try:
        if alias:
            return client.get_model_version_by_alias(name, alias)
        return client.get_model_version(name, str(version))
    except MlflowException:
        return None


def _known_uris(client: MlflowClient) -> str:
    """List the model URIs of a registry."""
    uris = []
    for model in client.search_registered_models():
        versions = client.search_model_versions(f"name = '{model.name}'")
        uris += [f"models:/{model.name}@{alias}" for alias in sorted(model.aliases)]
        uris += sorted(f"models:/{model.name}/{version.version}" for version in versions)
    return ", ".join(uris) or "nothing"


def version_info(client: MlflowClient, name: str, version: str, *, created: bool) -> Version:
    """Return a version with its tags and the first of its aliases.

    Parameters
    ----------
    client : MlflowClient
        See `minecover.tracking.client.connect`.
    name, version : str
        Name of the registered model, and number of its version.
    created : bool
        Whether the caller has just created it.

    Returns
    -------
    Version
        As the registry describes it now.
    """
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
