"""Observation planes over the valid dates: the input of location features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.kernels import sorting


@dataclass(frozen=True, slots=True, eq=False)
class DateSeries:
    """Observation planes over the valid dates, in ascending order of value.

    Statistics must not depend on the order of dates, and once values are sorted, every quantile
    is a look-up. Only `first`, `last` and `change` know the order.

    Parameters
    ----------
    ordered : mapping of str to (time, row, col) float32
        By plane name: a location's values, ascending, NaN (not valid, or no data) last.
    count : mapping of str to (row, col) uint8
        By plane name: number of values of each location.
    n_valid : (row, col) int64
        Number of valid dates of each location.
    context : mapping of str to (row, col) float32
        Context planes by name, e.g. the distance to a river [m]; the same on every date.
    pixel_m : float
        Side of a pixel [m].
    dated : mapping of str to (time, row, col) float32
        By plane name: the values in the order of the dates, undefined where not valid.
    valid : (time, row, col) bool
        Valid observations.
    """

    ordered: Mapping[str, F32]
    count: Mapping[str, NDArray[np.uint8]]
    n_valid: NDArray[np.int64]
    context: Mapping[str, F32]
    pixel_m: float
    dated: Mapping[str, F32]
    valid: NDArray[np.bool_]

    @classmethod
    def from_planes(
        cls,
        planes: Mapping[str, F32],
        valid: NDArray[np.bool_],
        context: Mapping[str, F32],
        *,
        pixel_m: float,
    ) -> DateSeries:
        """Sort the valid values of every plane.

        Parameters
        ----------
        planes : mapping of str to (time, row, col) float32
            Observation planes by name.
        valid : (time, row, col) bool
            Observations to use; the others are left out.
        context : mapping of str to (row, col) float32
            Context planes by name, on the same grid.
        pixel_m : float
            Side of a pixel [m].
        """
        valid = np.ascontiguousarray(valid)  # once for all planes
        found = {name: sorting.sort_dates(plane, valid) for name, plane in planes.items()}
        ordered = {name: pair[0] for name, pair in found.items()}
        count = {name: pair[1] for name, pair in found.items()}
        n_valid = valid.sum(axis=0)
        return cls(ordered, count, n_valid, context, pixel_m, planes, valid)

    def median(self, name: str) -> F32:
        """Return the median of a plane over dates, (row, col); NaN where there is no value."""
        return self.quantile(name, 0.5)

    def first(self, name: str) -> F32:
        """Return a plane on the first valid date with data, (row, col); NaN where none has."""
        return self._at_end(name, slice(None))

    def last(self, name: str) -> F32:
        """Return a plane on the last valid date with data, (row, col); NaN where none has."""
        return self._at_end(name, slice(None, None, -1))

    def change(self, name: str) -> F32:
        """Return a plane's last value minus its first, (row, col).

        NaN where there are fewer than two values: a difference of 0 would read as ground that
        never changes.
        """
        difference = self.last(name) - self.first(name)
        difference[self.count[name] < 2] = np.nan
        return difference

    def _at_end(self, name: str, order: slice) -> F32:
        plane = self.dated[name][order]
        has_value = self.valid[order] & np.isfinite(plane)
        found = np.take_along_axis(plane, has_value.argmax(axis=0)[None], axis=0)[0]
        return np.where(has_value.any(axis=0), found, np.float32(np.nan))

    def quantile(self, name: str, q: float) -> F32:
        """Return a quantile of a plane over dates, linear between neighbouring values.

        Parameters
        ----------
        name : str
            An observation plane.
        q : float
            0 ... 1.

        Returns
        -------
        (row, col) float32
            In the plane's unit; NaN where there is no value.
        """
        return sorting.quantile(self.ordered[name], self.count[name], q)

    def spread(self, name: str, low: float, high: float) -> F32:
        """Return the difference of two quantiles of a plane over dates.

        Parameters
        ----------
        name : str
            An observation plane.
        low, high : float
            The two quantiles, 0 ... 1.

        Returns
        -------
        (row, col) float32
            In the plane's unit; NaN where there are fewer than two values. One value has no
            spread: a difference of 0 would read as ground that never changes.
        """
        difference = self.quantile(name, high) - self.quantile(name, low)
        difference[self.count[name] < 2] = np.nan
        return difference

    def share(self, name: str, *, at_least: float) -> F32:
        """Return the share of a plane's values over dates that reach a threshold.

        Parameters
        ----------
        name : str
            An observation plane.
        at_least : float
            The threshold, in the plane's unit.

        Returns
        -------
        (row, col) float32
            0 ... 1; NaN where there is no value.
        """
        values, count = self.ordered[name], self.count[name]
        with np.errstate(invalid="ignore"):
            reached = (values >= np.float32(at_least)).sum(axis=0)
        share = np.full(count.shape, np.nan, np.float32)
        np.divide(reached, count, out=share, where=count > 0, casting="unsafe")
        return share
