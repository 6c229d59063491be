"""Reflectance and brightness temperature as they are: the features of the published model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube


@dataclass(frozen=True, slots=True)
class Bands:
    """Reflectance [1] and brightness temperature [K].

    Parameters
    ----------
    bands : sequence of str
        Names, e.g. ``["coastal", ..., "lwir12"]``. They are also the feature names.
    """

    bands: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bands."""
        return tuple(self.bands)

    def reach_px(self, pixel_m: float) -> int:
        """0: a pixel depends on itself alone."""
        return 0

    def only(self, names: Collection[str]) -> Bands:
        """Return the feature set with the named bands alone."""
        return Bands(tuple(band for band in self.bands if band in names))

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Return the bands' values on every date, (time, band, row, col) float32."""
        return cube.values(*self.bands)
