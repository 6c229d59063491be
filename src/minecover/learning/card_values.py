"""What the values of a model card may be; a damaged or edited card is refused when read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeGuard

from minecover.core.places import Places
from minecover.evaluation.pooling import POOLINGS
from minecover.learning.known_dates import KnownDates

#: Names of the two designs.
DESIGNS = ("location", "observation")


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def _is_probability(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("_target_"), str)


def _are_objects(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(map(_is_tree, value.values()))


def _is_tree(node: object) -> bool:
    """Whether a node is an object, or a mapping of such."""
    return _is_object(node) or _are_objects(node)


def _are_dates(value: object) -> bool:
    names = {field.name for field in fields(KnownDates)}
    return (
        isinstance(value, Mapping)
        and set(value) == names
        and all(map(_is_number, value.values()))
    )


def _are_places(value: object) -> bool:
    try:
        Places.from_dict(value)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


def _is_screen(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, Mapping) and all(
        _is_number(value.get(name)) for name in ("rounds", "at_least")
    )


#: What a value must be in words, and the check, by key.
VALUES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "sha256": ("text", lambda value: isinstance(value, str)),
    "features": ("a list of names", _are_names),
    "bands": ("a list of names", _are_names),
    "level": ("1 or 2", lambda value: _is_whole(value) and value in (1, 2)),
    "halo_px": ("a whole number from 0", _is_whole),
    "design": (" or ".join(DESIGNS), lambda value: value in DESIGNS),
    "threshold": ("a probability", _is_probability),
    "observation_threshold": ("a probability", _is_probability),
    "feature_sets": ("objects with a _target_", _are_objects),
    "mask": ("an object with a _target_", _is_object),
    "aggregation": ("an object with a _target_", _is_object),
    "context": ("keys with values", lambda value: isinstance(value, Mapping)),
    "screen": ("null, or rounds and at_least", _is_screen),
    "places": ("a ground, a cell and boxes of four edges", _are_places),
    "pooling": (" or ".join(POOLINGS), lambda value: value in POOLINGS),
    "dates": ("the numbers of KnownDates", _are_dates),
    "no_skill": ("text", lambda value: isinstance(value, str)),
}


def wrong_value(content: Mapping[str, Any]) -> str:
    """Return what is wrong with the values of a card; "" if nothing is.

    Parameters
    ----------
    content : mapping
        The parsed card. Keys that it lacks are not looked at.
    """
    for key, (words, is_right) in VALUES.items():
        if key in content and not is_right(content[key]):
            return f"{key} must be {words}, found {str(content[key])[:60]!r}"
    return ""
