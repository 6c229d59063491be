"""Model card, models/model.json: what a model takes, its threshold, how it was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minecover.core.config import build
from minecover.core.errors import ModelError
from minecover.core.lattice import Lattice
from minecover.core.places import Places
from minecover.learning.card_values import wrong_value
from minecover.learning.known_dates import KnownDates


@dataclass(frozen=True, slots=True, eq=False)
class ModelCard:
    """What the stage `train` wrote about a model.

    Parameters
    ----------
    content : mapping
        The parsed models/model.json.
    path : Path
        File that it was read from; error messages name it.
    """

    content: Mapping[str, Any]
    path: Path

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """Read a card.

        Parameters
        ----------
        path : Path
            A JSON file.

        Raises
        ------
        ModelError
            If the file is missing, holds no JSON object, or a value that no card has.
        """
        if not path.is_file():
            raise ModelError(
                f"no {path}, which says what the model takes. Run `dvc repro train`."
            )
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise ModelError(
                f"{path} is not JSON: {error}. Run `dvc repro train`, or restore the file."
            ) from error
        if not isinstance(content, Mapping):
            raise ModelError(
                f"{path} must hold a JSON object, found {type(content).__name__}. "
                "Run `dvc repro train`, or restore the file."
            )
        if wrong := wrong_value(content):
            raise ModelError(
                f"{path} is damaged, or was edited: {wrong}. Run `dvc repro train`, or restore "
                "the file."
            )
        return cls(content, path)

    def value(self, key: str) -> Any:
        """Return the value of a key.

        Raises
        ------
        ModelError
            If the card has no such key.
        """
        if key not in self.content:
            raise ModelError(
                f"{self.path} has no {key!r} (it has: {', '.join(sorted(self.content))}): "
                "the model was made by another version of minecover. Train it again with "
                "`dvc repro train`, or choose another model."
            )
        return self.content[key]

    def build(self, key: str) -> Any:
        """Build the object, or the mapping of objects, that the value of a key describes."""
        return build(self.value(key), f"{self.path}: {key}")

    @property
    def sha256(self) -> str:
        """SHA-256 of the model's pickle, in hexadecimal."""
        return str(self.value("sha256"))

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the model's columns, in order."""
        return tuple(map(str, self.value("features")))

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands that a source has to deliver."""
        return tuple(map(str, self.value("bands")))

    @property
    def level(self) -> int:
        """Processing level that the model was trained on: 1 or 2."""
        return int(self.value("level"))

    @property
    def dates(self) -> KnownDates:
        """How many valid dates a location had in training."""
        return KnownDates(**self.value("dates"))

    @property
    def no_skill(self) -> str:
        """Why the model is no better than chance; empty if it is, or nobody looked."""
        return str(self.content.get("no_skill", ""))

    @property
    def other_sensors(self) -> str:
        """Sensors of the scenes that the model never saw; empty if it saw them all."""
        return str(self.content.get("other_sensors", ""))

    @property
    def platforms(self) -> tuple[str, ...]:
        """Satellites that the model was trained on, by their names in STAC."""
        return tuple(map(str, self.value("platforms")))

    @property
    def places(self) -> Places | None:
        """Where the model was trained; None if an earlier minecover wrote the card."""
        content = self.content.get("places")
        return None if content is None else Places.from_dict(content)

    @property
    def lattice(self) -> Lattice:
        """Where the pixels lie that the model was trained on, and their size."""
        found: Lattice = self.build("lattice")
        return found

    @property
    def halo_px(self) -> int:
        """Distance around a location that its features look at [px]."""
        return int(self.value("halo_px"))
