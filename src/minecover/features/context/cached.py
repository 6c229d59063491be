"""Surfaces cached on disk, outside the build: a restarted build does not fetch them again."""

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
class CachedSurface:
    """A surface whose values are stored on disk, one file for each grid and set of fields.

    Parameters
    ----------
    surface : dataclass that is a Surface
        The surface to read if the store does not hold its values. Its fields, without
        `ignored_field`, and the grid are the key of the store.
    ignored_field : str
        Name of the field that does not change the values, e.g. ``"client"``.
    store : str
        Folder of the stored values. Delete it to read everything again.
    """

    surface: Surface
    ignored_field: str
    store: str

    def __post_init__(self) -> None:
        """Refuse a surface that is not a dataclass or lacks the ignored field."""
        names = _fields(self.surface)
        if self.ignored_field not in names:
            raise ConfigError(
                f"ignored_field must be a field of the surface ({', '.join(names)}), "
                f"found {self.ignored_field!r}. Fix it in conf/context."
            )

    def __call__(self, grid: Grid) -> F32:
        """Return the surface on a grid, (row, col) float32, from the store if it is there."""
        path = Path(self.store) / f"{self._digest(grid)}.npy"
        if path.is_file():
            values: F32 = np.load(path)
            return values
        values = self.surface(grid)
        with replacing(path) as temporary:
            np.save(temporary, values)
        return values

    def _digest(self, grid: Grid) -> str:
        """Return the key of the surface and a grid in the store."""
        names = [name for name in _fields(self.surface) if name != self.ignored_field]
        settings = {name: repr(getattr(self.surface, name)) for name in names}
        kind = type(self.surface).__name__
        place = (grid.crs, tuple(grid.transform)[:6], grid.shape)
        text = repr((kind, settings, place))
        return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _fields(surface: Surface) -> list[str]:
    """Return the names of a dataclass's fields; none for anything else."""
    return [field.name for field in fields(surface)] if is_dataclass(surface) else []
