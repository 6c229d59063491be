"""The model bundle: a model with its card, digest and path, what every prediction starts from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from minecover.core.config import build, completed, load_params
from minecover.core.digests import load_model
from minecover.features.context import Plane
from minecover.features.planes import flat_sets
from minecover.learning.model_card import ModelCard
from minecover.learning.models.compiled_trees import compiled, shortened
from minecover.learning.screening import Screen
from minecover.prediction.detector import Detector
from minecover.tracking.registry import resolve
from minecover.tracking.types import CARD, Tracking

#: Models that a process keeps open: a comparison of two needs no third.
OPEN_MODELS = 2


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """A model on this disk; it is opened at the first use and once in a process.

    Two bundles are equal if their digests are, wherever they lie. What a process keeps open is
    found by digest, so that a model built anew at the same path is opened as what it is.

    Parameters
    ----------
    path : Path
        The pickle.
    card : ModelCard
        What was written down beside it.
    sha256 : str
        Of the pickle, as the card records it; checked before the model is opened.
    card_sha256 : str
        Of the card's content.
    """

    path: Path = field(compare=False)
    card: ModelCard = field(compare=False)
    sha256: str
    card_sha256: str

    @classmethod
    def find(cls, model: str) -> ModelBundle:
        """Find a model in the registry or on this disk.

        Parameters
        ----------
        model : str
            ``models:/name@alias``, ``models:/name/version``, or the path of a pickle beside
            its ``.json`` of the same name.

        Raises
        ------
        RegistryError
            If the registry has no such model.
        ModelError
            If there is no card, or a registered model's bytes are not the registered ones.
        """
        if not model.startswith("models:"):
            return cls.read(Path(model))
        tracking: Tracking = load_params().build("tracking")
        found = resolve(tracking, model)
        return cls.read(found.model, card=found.folder / CARD)

    @classmethod
    def read(cls, path: Path, card: Path | None = None) -> ModelBundle:
        """Read the card of a pickle; the pickle itself is not opened.

        Parameters
        ----------
        path : Path
            The pickle.
        card : Path or None
            Its card; by default the ``.json`` of the same name beside it.

        Raises
        ------
        ModelError
            If the card is missing, damaged, or does not record the pickle's digest.
        """
        read = ModelCard.read(card or path.with_suffix(".json"))
        text = json.dumps(read.content, sort_keys=True)
        return cls(path, read, read.sha256, hashlib.sha256(text.encode()).hexdigest())

    def pipeline(self) -> Pipeline:
        """Open the model: the fitted scikit-learn pipeline, its trees compiled.

        Raises
        ------
        ModelError
            If the pickle is missing, or its bytes are not the recorded ones: nothing is
            unpickled then.
        """
        return _pipeline(self)

    def detector(self) -> Detector:
        """Open the model with the features, mask and aggregation that it was trained on."""
        return _detector(self)

    def context(self, services: Mapping[str, Any]) -> dict[str, Plane]:
        """Build the context planes that the model takes, by name.

        Parameters
        ----------
        services : mapping
            See `minecover.core.config.service_settings`.
        """
        return _context(self, json.dumps(services, sort_keys=True))


@lru_cache(OPEN_MODELS)
def _pipeline(bundle: ModelBundle) -> Pipeline:
    return compiled(load_model(bundle.path, bundle.sha256))


@lru_cache(OPEN_MODELS)
def _detector(bundle: ModelBundle) -> Detector:
    card, model = bundle.card, bundle.pipeline()
    rule = card.value("screen")
    return Detector(
        model=model,
        features=card.features,
        feature_sets=flat_sets(card.build("feature_sets")),
        profile=card.build("mask"),
        aggregation=card.build("aggregation"),
        design=card.value("design"),
        threshold=card.value("threshold"),
        screen=rule and Screen(shortened(model, rule["rounds"]), rule["at_least"]),
    )


@lru_cache(OPEN_MODELS)
def _context(bundle: ModelBundle, services: str) -> dict[str, Plane]:
    node = completed(bundle.card.value("context"), json.loads(services))
    planes: dict[str, Plane] = build(node, "context.planes")
    return planes
