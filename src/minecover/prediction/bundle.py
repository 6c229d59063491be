"""The model bundle: a model with its card, digest and path, where every prediction starts."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from minecover.core.config import add_shared_nodes, build, load_params
from minecover.core.digests import load_model
from minecover.core.errors import ModelError
from minecover.features import FeatureSet
from minecover.features.context import Plane
from minecover.features.planes import flat_sets, plane_names
from minecover.learning.model_card import ModelCard
from minecover.learning.models.compiled_trees import compile_trees, first_trees
from minecover.learning.screening import Screen
from minecover.prediction.detector import Detector
from minecover.prediction.unknown_ground import UnknownGround
from minecover.tracking.registry import resolve
from minecover.tracking.types import CARD, Tracking

log = logging.getLogger(__name__)

#: The profile of conf/masks/none.yaml, which rejects only pixels without data.
NO_MASK = {
    "_target_": "minecover.features.validity.Profile",
    "name": "none",
    "layouts": [],
    "rejects": [],
    "drop_saturated": False,
    "drop_water": False,
    "cirrus_reflectance_above": None,
    "reflectance_range": None,
    "kelvin_range": None,
    "clear_score_min": None,
    "dilate_m": 0,
    "dilates": None,
}
#: Number of models that a process keeps open, enough to compare two.
OPEN_MODELS = 2


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """A model on this disk; it is opened at its first use, and once in a process.

    Bundles are equal if their digests are equal. Opened models are cached by digest, so that a
    model that was built again at the same path is opened again.

    Parameters
    ----------
    path : Path
        The pickle.
    card : ModelCard
        How the model is used, and its digest.
    sha256 : str
        Digest of the pickle as the card records it; checked before the pickle is opened.
    card_sha256 : str
        Digest of the card's content.
    name : str
        Name and version in the registry, or the name of the pickle.
    """

    path: Path = field(compare=False)
    card: ModelCard = field(compare=False)
    sha256: str
    card_sha256: str
    name: str = field(compare=False)

    @classmethod
    def find(cls, model: str, *, is_masked: bool = True) -> ModelBundle:
        """Find a model in the registry or on this disk.

        Parameters
        ----------
        model : str
            ``models:/name@alias``, ``models:/name/version``, or the path of a pickle beside
            its ``.json`` of the same name.
        is_masked : bool
            Whether observations are masked as in training; see `unmasked` for those that
            cannot be.

        Raises
        ------
        RegistryError
            If the registry has no such model.
        ModelError
            If there is no card, or a registered model's bytes differ from those registered.
        """
        if model.startswith("models:"):
            tracking: Tracking = load_params().build("tracking")
            found = resolve(tracking, model)
            name = f"{found.name} version {found.version}"
            bundle = replace(cls.read(found.model, card=found.folder / CARD), name=name)
        else:
            bundle = cls.read(Path(model))
        if reason := bundle.card.no_skill:
            log.warning(
                "%s is %s; its maps say that it is applicable nowhere", bundle.name, reason
            )
        if is_masked:
            return bundle
        log.warning(
            "no mask is used, though %s was trained with mask=%s: clouds and their shadows are "
            "scored as if they were ground, and may look like mines",
            model,
            bundle.card.value("mask")["name"],
        )
        return bundle.unmasked()

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
        # Without a suffix it is no pickle: often models:/ was left out.
        if path.is_dir() or not (path.suffix or path.exists()):
            found = "is a folder, not a model" if path.is_dir() else "is no model"
            raise ModelError(
                f"{path} {found}. Name a pickle, such as models/model.pkl, or a registered "
                "model, such as models:/minecover@champion."
            )
        read = ModelCard.read(card or path.with_suffix(".json"))
        return cls(path, read, read.sha256, _digest(read), path.name)

    def unmasked(self) -> ModelBundle:
        """Return the bundle with a mask that rejects only pixels without data.

        It can score products without a quality band.
        """
        return self.with_mask(NO_MASK)

    def with_mask(self, profile: Mapping[str, Any]) -> ModelBundle:
        """Return the bundle with another mask profile.

        The digest of its card differs, so that maps with and without a mask are never taken for
        each other. Its halo is widened to what the mask needs.

        Parameters
        ----------
        profile : mapping
            Configuration of a `minecover.features.validity.Profile`.
        """
        changed = {**self.card.content, "mask": dict(profile)}
        if profile["dilate_m"]:
            needed = math.ceil(profile["dilate_m"] / self.card.lattice.pixel_m)
            changed["halo_px"] = max(self.card.halo_px, needed)
        card = ModelCard(changed, self.card.path)
        return replace(self, card=card, card_sha256=_digest(card))

    def of_sensors(self, other: str) -> ModelBundle:
        """Return the bundle for scenes of sensors that the model never saw.

        The digest of its card differs, and its maps say that it is applicable nowhere.

        Parameters
        ----------
        other : str
            Names of the sensors; empty changes nothing.
        """
        if not other:
            return self
        card = ModelCard({**self.card.content, "other_sensors": other}, self.card.path)
        return replace(self, card=card, card_sha256=_digest(card))

    def pipeline(self) -> Pipeline:
        """Return the fitted scikit-learn pipeline, with compiled trees.

        Raises
        ------
        ModelError
            If the pickle is missing or its digest differs from the card's; it is not opened
            then.
        """
        return _pipeline(self)

    def detector(self) -> Detector:
        """Return the model with the features, mask, aggregation and threshold of its card.

        Raises
        ------
        ModelError
            See `pipeline`; or if the card lacks a key.
        """
        return _detector(self)

    def context(self, services: Mapping[str, Any]) -> dict[str, Plane]:
        """Return the context planes that the model takes, by name.

        Parameters
        ----------
        services : mapping
            Settings of requests to services, see `minecover.core.config.service_settings`.
        """
        return _context(self, json.dumps(services, sort_keys=True))


def _digest(card: ModelCard) -> str:
    text = json.dumps(card.content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(OPEN_MODELS)
def _pipeline(bundle: ModelBundle) -> Pipeline:
    return compile_trees(load_model(bundle.path, bundle.sha256))


@lru_cache(OPEN_MODELS)
def _detector(bundle: ModelBundle) -> Detector:
    card, model = bundle.card, bundle.pipeline()
    rule = card.value("screen")
    return Detector(
        model=model,
        features=card.features,
        feature_sets=_feature_sets(card),
        profile=card.build("mask"),
        aggregation=card.build("aggregation"),
        design=card.value("design"),
        threshold=card.value("threshold"),
        screen=rule and Screen(first_trees(model, rule["rounds"]), rule["at_least"]),
        unknown=UnknownGround.of(
            model,
            card.features,
            fewest_dates=card.dates.fewest,
            is_everywhere=bool(card.no_skill or card.other_sensors),
        ),
    )


def _feature_sets(card: ModelCard) -> dict[str, FeatureSet]:
    """Return the feature sets of a card; refuse those that cannot name their columns."""
    sets = flat_sets(card.build("feature_sets"))
    try:
        plane_names(sets)
    except (TypeError, AttributeError) as error:
        raise ModelError(
            f"{card.path} is damaged, or was edited: feature_sets are none ({error}). Run `dvc "
            "repro train`, or restore the file."
        ) from error
    return sets


@lru_cache(OPEN_MODELS)
def _context(bundle: ModelBundle, services: str) -> dict[str, Plane]:
    node = add_shared_nodes(bundle.card.value("context"), json.loads(services))
    planes: dict[str, Plane] = build(node, "context.planes")
    return planes
