"""Spectral indices of every date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError
from minecover.features.indices import INDICES


@dataclass(frozen=True, slots=True)
class Spectral:
    """Indices of `minecover.features.indices`, dimensionless.

    Parameters
    ----------
    indices : sequence of str
        Names of indices, which are also the feature names.
    """

    indices: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse an index that nobody defined."""
        unknown = [name for name in self.indices if name not in INDICES]
        if unknown:
            raise ConfigError(
                f"Spectral.indices names {', '.join(unknown)}, which is not an index "
                f"(there are: {', '.join(INDICES)}). Fix conf/table/spectral.yaml."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The indices' own names."""
        return tuple(self.indices)

    @property
    def bands(self) -> tuple[str, ...]:
        """What the formulas take."""
        return bands_of(self.indices)

    @property
    def reach_px(self) -> int:
        """A pixel looks at itself."""
        return 0

    def only(self, names: Collection[str]) -> Spectral:
        """Leave indices out."""
        return Spectral(tuple(index for index in self.indices if index in names))

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Compute the indices, date by date."""
        return on_bands(cube, self.indices)


def on_bands(cube: Cube, names: Sequence[str]) -> F32:
    """Compute bands and indices by name, date by date.

    Returns
    -------
    (time, name, row, col) float32
    """
    if not set(names) & set(INDICES):
        return cube.values(*names)
    used = bands_of(names)
    values = cube.values(*used)
    planes = {band: values[:, i] for i, band in enumerate(used)}
    # Name after name in memory, as `Cube.values` has bands.
    found = np.empty((len(names), *values.shape[:1], *values.shape[2:]), np.float32)
    for plane, name in zip(found, names, strict=True):
        plane[:] = INDICES[name](planes) if name in INDICES else planes[name]
    return found.swapaxes(0, 1)


def bands_of(names: Sequence[str]) -> tuple[str, ...]:
    """List the bands behind bands and indices, each once, sorted."""
    taken = (INDICES[name].bands if name in INDICES else (name,) for name in names)
    return tuple(sorted({band for bands in taken for band in bands}))
