"""Apply a model to products: of its own sensors where there are some, else of others."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from minecover.core.config import composed
from minecover.core.errors import ModelError, NotCoveredError
from minecover.core.periods import Period
from minecover.core.sensors import BY_PLATFORM, offered
from minecover.learning.model_card import ModelCard
from minecover.prediction.bundle import ModelBundle
from minecover.prediction.detector import check_bands
from minecover.sources.product_folder import ProductFolder
from minecover.sources.product_list import platforms_in

log = logging.getLogger(__name__)

#: The other processing level, by level.
LEVELS = {1: 2, 2: 1}
#: The mask for scenes of another family than that of the model, by their family.
MASKS = {"landsat": "strict", "sentinel_2": "scl"}


def folder_source(
    folder: str, card: ModelCard, period: Period | None = None, like: str = ""
) -> ProductFolder:
    """Return the source of a folder of products, with the level and bands that a model takes.

    Parameters
    ----------
    folder : str
        The folder. If it holds products of the model's sensors, only they are read.
    card : ModelCard
        Card of the model; pixels lie on its lattice.
    period : Period or None
        Days of the products that are read; None for all.
    like : str
        Satellite whose reflectance that of others is turned into; empty: as delivered.

    Raises
    ------
    ConfigError
        If no published line turns the products into those of `like`.
    ModelError
        If the products are of the other processing level, lack bands, or are of several other
        families.
    NotCoveredError
        If there is no product of the period.
    """
    platforms = _platforms(folder, card, period)
    check_bands(card.bands, offered(platforms, card.level))
    return ProductFolder(
        folder, card.level, card.bands, platforms, card.lattice, period, like or None
    )


def for_platforms(bundle: ModelBundle, platforms: Sequence[str]) -> ModelBundle:
    """Return a model bundle for scenes of some satellites; warn if it learned from others.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    platforms : sequence of str
        Satellites of the scenes.

    Returns
    -------
    ModelBundle
        Applicable nowhere, if the model never saw one of their sensors; with a mask for their
        quality bands, if they are of another family.
    """
    own, other = _sensors(bundle.card.platforms), _sensors(platforms)
    if set(other) <= set(own) or not own:
        return bundle
    families = {BY_PLATFORM[name].family for name in platforms if name in BY_PLATFORM}
    own_families = {BY_PLATFORM[name].family for name in bundle.card.platforms}
    mask = str(bundle.card.value("mask")["name"])
    remark = ""
    if not families & own_families and mask != "none":
        (family,) = families
        bundle = bundle.with_mask(composed().value("masks")[MASKS[family]])
        remark = f"; mask={MASKS[family]} takes the place of mask={mask}"
    unseen = {name: known for name, known in other.items() if name not in own}
    log.warning(
        "the model was trained on %s, and these scenes are of %s, whose bands differ a little: "
        "the map says that the model is applicable nowhere; try it on labelled ground with "
        "`minecover evaluate` before you believe it%s",
        _named(own),
        _named(other),
        remark,
    )
    return bundle.of_sensors(_named(unseen))


def _platforms(folder: str, card: ModelCard, period: Period | None) -> list[str]:
    """Return the satellites whose products are read, of one family."""
    found = platforms_in(folder, card.level, period)
    other_level = LEVELS[card.level]
    if not found and (others := platforms_in(folder, other_level, period)):
        raise ModelError(
            f"the model reads Level-{card.level} products, and {folder} holds none"
            f"{f' of {period}' if period else ''}, but Level-{other_level} products of "
            f"{', '.join(others)}. Choose a model that was trained on Level {other_level} "
            f"(--model), or download the Level-{card.level} products of these scenes."
        )
    if period is not None and not found:
        raise NotCoveredError(f"{folder} holds no product of level {card.level} of {period}.")
    own = [name for name in found if BY_PLATFORM[name].name in _sensors(card.platforms)]
    if not found and not _sensors(card.platforms):
        raise ModelError(
            f"the model takes {', '.join(card.bands[:3])}, ... of {', '.join(card.platforms)}, "
            f"and {folder} holds no products of satellites. Use `minecover map` with the "
            "source that the model was trained on (--source embeddings)."
        )
    if own or not found:
        return own or list(card.platforms)
    families = {BY_PLATFORM[name].family for name in found}
    related = [name for name in found if BY_PLATFORM[name].family == card.lattice.family]
    if len(families) > 1 and not related:
        raise ModelError(
            f"{folder} holds products of {' and '.join(sorted(families))}, and none of the "
            f"satellites that the model knows ({', '.join(card.platforms)}). Use a folder for "
            "each family."
        )
    return related or found


def _sensors(platforms: Sequence[str]) -> dict[str, list[str]]:
    """Return satellites by the name of their sensor."""
    sensors: dict[str, list[str]] = {}
    for name in platforms:
        if name in BY_PLATFORM:
            sensors.setdefault(BY_PLATFORM[name].name, []).append(name)
    return sensors


def _named(sensors: dict[str, list[str]]) -> str:
    """Return sensors with their satellites, as text."""
    return " and ".join(f"{name} ({', '.join(known)})" for name, known in sensors.items())
