"""Spectral indices of every date."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.cube import F32, Cube
from minecover.errors import ConfigError
from minecover.indices import INDICES


@dataclass(frozen=True, slots=True)
class Spectral:
    """Indices of `minecover.indices`, dimensionless.

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
                f"(there are: {', '.join(INDICES)}). Fix conf/features/spectral.yaml."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The indices' own names."""
        return tuple(self.indices)

    def __call__(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Compute the indices, date by date."""
        used = sorted({band for name in self.indices for band in INDICES[name].bands})
        values = cube.values(*used)
        planes = {band: values[:, i] for i, band in enumerate(used)}
        return np.stack([INDICES[name](planes) for name in self.indices], axis=1)
