"""Spectral indices of every date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError
from minecover.core.sensors import COMMON_NAMES
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
        """Refuse unknown indices."""
        unknown = [name for name in self.indices if name not in INDICES]
        if unknown:
            raise ConfigError(
                f"Spectral.indices must be some of {', '.join(INDICES)}; "
                f"found {', '.join(unknown)}. Fix conf/table/spectral.yaml."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the indices."""
        return tuple(self.indices)

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands in the formulas."""
        return input_bands(self.indices)

    def reach_px(self, pixel_m: float) -> int:
        """0: a pixel depends on itself alone."""
        return 0

    def only(self, names: Collection[str]) -> Spectral:
        """Return the feature set with the named indices alone."""
        return Spectral(tuple(index for index in self.indices if index in names))

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Compute the indices of every date, (time, index, row, col) float32."""
        return bands_and_indices(cube, self.indices)


def bands_and_indices(cube: Cube, names: Sequence[str]) -> F32:
    """Compute bands and indices on every date.

    Parameters
    ----------
    cube : Cube
        Scenes with all of ``input_bands(names)``.
    names : sequence of str
        Bands (``"red"``) and indices (``"ndvi"``), in any mixture.

    Returns
    -------
    (time, name, row, col) float32
        In the order of `names`; NaN where there is no data.
    """
    if not set(names) & set(INDICES):
        return cube.values(*names)
    used = input_bands(names)
    values = cube.values(*used)
    planes = {band: values[:, i] for i, band in enumerate(used)}
    # Name after name in memory, as `Cube.values` has bands.
    found = np.empty((len(names), *values.shape[:1], *values.shape[2:]), np.float32)
    for plane, name in zip(found, names, strict=True):
        plane[:] = INDICES[name](planes) if name in INDICES else planes[name]
    return found.swapaxes(0, 1)


def input_bands(names: Sequence[str]) -> tuple[str, ...]:
    """Return the bands that some bands and indices are computed from, as in `COMMON_NAMES`."""
    taken = (INDICES[name].bands if name in INDICES else (name,) for name in names)
    used = {band for bands in taken for band in bands}
    known = [name for name in COMMON_NAMES if name in used]
    return (*known, *sorted(used - set(known)))
