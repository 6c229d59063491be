"""What a model sees: feature sets, one file each, that compute named planes from a cube."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.features.date_series import DateSeries


@runtime_checkable
class ObservationFeature(Protocol):
    """A feature set with planes for every date, from that date's valid pixels alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes, in the order of `on_dates`."""
        ...

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands that the cube must hold."""
        ...

    def reach_px(self, pixel_m: float) -> int:
        """Return how far around a pixel others change its planes [px], given a pixel's side."""
        ...

    def only(self, names: Collection[str]) -> ObservationFeature:
        """Return the feature set without the planes, and the bands, that `names` does not need.

        Parameters
        ----------
        names : collection of str
            Planes to keep, in any order. Names of other feature sets are ignored.
        """
        ...

    def on_dates(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Compute the planes of every date.

        Parameters
        ----------
        cube : Cube
            A site's scenes with all of `bands`, and a halo of at least `reach_px`.
        valid : (time, row, col) bool
            Observations that may be used, halo included.

        Returns
        -------
        (time, name, row, col) float32
            On the cube's grid, halo included. Values where `valid` is false are not used.
        """
        ...


@runtime_checkable
class LocationFeature(Protocol):
    """A feature set with planes for every location, from all its valid dates or its context."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes, in the order of `over_dates`."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the observation planes that the series must hold."""
        ...

    @property
    def context_planes(self) -> tuple[str, ...]:
        """Names of the context planes that the series must hold."""
        ...

    def reach_px(self, pixel_m: float) -> int:
        """Return how far around a pixel inputs are used, beyond their own reach [px].

        Parameters
        ----------
        pixel_m : float
            Side of a pixel [m].
        """
        ...

    def over_dates(self, series: DateSeries) -> F32:
        """Compute the planes of every location.

        Parameters
        ----------
        series : DateSeries
            The planes of `inputs` on the valid dates, and the planes of `context_planes`.

        Returns
        -------
        (name, row, col) float32
            On the grid of the series, halo included.
        """
        ...


FeatureSet = ObservationFeature | LocationFeature
