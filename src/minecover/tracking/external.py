"""External evaluations of a version: a tag for each ground that it was tried on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from minecover.tracking.client import connect
from minecover.tracking.registry import MAX_TAG, version_at, version_info
from minecover.tracking.types import Tracking, Version

#: Beginning of the tags of a version, followed by the digest of the ground.
TAG = "external."
#: Characters of that digest.
DIGITS = 12


@dataclass(frozen=True, slots=True)
class ExternalEvaluation:
    """How a version did on ground that it was not trained on.

    Parameters
    ----------
    run_id : str
        The run with its files.
    ground : str
        The ground in words, for tables.
    digest : str
        Digest of its sites and labels: scores on one digest compare.
    is_simulated : bool
        Whether the ground is simulated.
    is_known_new : bool
        Whether the card of the model says where it was trained: no site lies there.
    no_skill : str
        Why the model counts as no better than chance there; empty if it is better.
    scores : mapping of str to list of float or None
        Value, lower and upper end of each score, by its dotted name.
    groups : int or None
        Number of groups of sites; None in the tag of an earlier minecover.
    """

    run_id: str
    ground: str
    digest: str
    is_simulated: bool
    is_known_new: bool
    no_skill: str
    scores: Mapping[str, list[float | None]]
    groups: int | None = None


def record_external(tracking: Tracking, version: Version, found: ExternalEvaluation) -> None:
    """Write an evaluation as a tag of a version; a later one on the same ground replaces it.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    version : Version
        The version.
    found : ExternalEvaluation
        How it did.
    """
    text = json.dumps(asdict(found))
    assert len(text) <= MAX_TAG, f"{len(text)} characters for a tag of {MAX_TAG}"
    with tracking.lock("register"):
        client, _ = connect(tracking)
        tag = f"{TAG}{found.digest[:DIGITS]}"
        client.set_model_version_tag(version.name, str(version.version), tag, text)


def external_evaluations(version: Version) -> list[ExternalEvaluation]:
    """Return the evaluations that a version has as tags, by ground.

    Parameters
    ----------
    version : Version
        As the registry describes it.
    """
    texts = [text for tag, text in sorted(version.tags.items()) if tag.startswith(TAG)]
    return sorted(
        (ExternalEvaluation(**json.loads(text)) for text in texts), key=lambda one: one.ground
    )


def version_of_model(tracking: Tracking, model: str, name: str, sha256: str) -> Version | None:
    """Return the version that a model is; None if it was not registered.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    model : str
        ``models:/minecover@champion``, ``models:/minecover/3``, or the path of a pickle: of
        versions with its bytes it is the last one.
    name : str
        Name of the registered model.
    sha256 : str
        Digest of model.pkl.
    """
    if model.startswith("models:"):
        return version_at(tracking, model)
    client, _ = connect(tracking)
    numbers = [
        int(version.version)
        for version in client.search_model_versions(f"name = '{name}'")
        if version.tags.get("sha256") == sha256
    ]
    if not numbers:
        return None
    return version_info(client, name, str(max(numbers)), created=False)
