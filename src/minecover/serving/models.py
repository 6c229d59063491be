"""Where a model lies that somebody named."""

from __future__ import annotations

from pathlib import Path

from minecover.config import load_params
from minecover.tracking.nouns import CARD, Tracking
from minecover.tracking.registry import resolve


def locate(model: str) -> tuple[Path, Path]:
    """Find a model's pickle and its card.

    Parameters
    ----------
    model : str
        ``models:/name@alias``, ``models:/name/version``, or the path of a pickle that lies
        beside its ``model.json``.

    Raises
    ------
    RegistryError, ModelError
        If there is no such model, or its bytes are not the recorded ones.
    """
    if not model.startswith("models:"):
        return Path(model), Path(model).with_suffix(".json")
    tracking: Tracking = load_params().build("tracking")
    found = resolve(tracking, model)
    return found.model, found.folder / CARD
