"""What a model sees: feature sets, one file each, that turn a patch into named planes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.features.series import Series


@runtime_checkable
class ObservationFeature(Protocol):
    """Planes for every date, from that date's valid pixels alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes, in order."""
        ...

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands that it takes."""
        ...

    @property
    def reach_px(self) -> int:
        """How far round a pixel its planes look [px]."""
        ...

    def only(self, names: Collection[str]) -> ObservationFeature:
        """Leave out planes that are not named, and the bands that no other takes."""
        ...

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Compute the planes.

        Parameters
        ----------
        cube : Cube
            A site's scenes, with their halo.
        valid : (time, row, col) bool
            Which observations may be looked at.

        Returns
        -------
        (time, name, row, col) float32
            On the cube's grid, halo included. What lies where `valid` is false is not used.
        """
        ...


@runtime_checkable
class LocationFeature(Protocol):
    """Planes for every location, from all its valid dates or from what lies round it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes, in order."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the observation planes that it takes."""
        ...

    @property
    def surroundings(self) -> tuple[str, ...]:
        """Names of the context planes that it takes."""
        ...

    @property
    def reach_px(self) -> int:
        """How far round a pixel its planes look, beyond the reach of its inputs [px]."""
        ...

    def over_dates(self, series: Series) -> F32:
        """Compute the planes.

        Parameters
        ----------
        series : Series
            The inputs on the patch's valid dates, and what lies round it.

        Returns
        -------
        (name, row, col) float32
            On the patch's grid, halo included.
        """
        ...


FeatureSet = ObservationFeature | LocationFeature
