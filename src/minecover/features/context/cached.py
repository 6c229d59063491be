"""Surfaces that are slow to come by, kept outside the build, so that a restart goes on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.files import replacing
from minecover.core.grid import Grid
from minecover.features.context.surfaces import Surface

#: Hexadecimal digits of a digest that name a file of the store.
DIGITS = 24


@dataclass(frozen=True, slots=True)
class Kept:
    """A surface whose every reading is kept on disk, by what was asked.

    Parameters
    ----------
    surface : dataclass that is a Surface
        What is read, if it was not yet. Its fields are what is asked.
    apart_from : str
        The field that does not change the values: who asks, and how patiently.
    store : str
        Folder of the readings. Delete it to read everything anew.
    """

    surface: Surface
    apart_from: str
    store: str

    def __post_init__(self) -> None:
        """Refuse a surface that cannot be told by its fields, or lacks the one named."""
        names = _fields(self.surface)
        if self.apart_from not in names:
            raise ConfigError(
                f"apart_from must be a field of the surface ({', '.join(names)}), "
                f"found {self.apart_from!r}. Fix it in conf/context."
            )

    def __call__(self, grid: Grid) -> F32:
        """Read the surface onto a grid, from the store if it is there."""
        path = Path(self.store) / f"{self._digest(grid)}.npy"
        if path.is_file():
            values: F32 = np.load(path)
            return values
        values = self.surface(grid)
        with replacing(path) as temporary:
            np.save(temporary, values)
        return values

    def _digest(self, grid: Grid) -> str:
        """Name what is asked for."""
        names = _fields(self.surface)
        asked = {n: repr(getattr(self.surface, n)) for n in names if n != self.apart_from}
        kind = type(self.surface).__name__
        place = (grid.crs, tuple(grid.transform)[:6], grid.shape)
        text = repr((kind, asked, place))
        return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _fields(surface: Surface) -> list[str]:
    """Names of the fields that tell a surface from others; none if it is no dataclass."""
    return [field.name for field in fields(surface)] if is_dataclass(surface) else []
