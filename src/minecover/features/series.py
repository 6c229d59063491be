"""What a patch showed on its valid dates: the noun that location features work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.kernels import sorting


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Observation planes over the valid dates, in ascending order of value.

    The order of dates is forgotten on purpose: a statistic over dates must not depend on it,
    and sorted once, every quantile is a look-up.

    Parameters
    ----------
    ordered : mapping of (time, row, col) float32
        By plane name: a location's values, ascending, NaN (not valid, or no data) last.
    count : mapping of (row, col) uint8
        By plane name: how many values a location has.
    n_valid : (row, col) int
        Valid dates of each location.
    around : mapping of (row, col) float32
        Context planes by name: what lies round the site, whatever the date.
    """

    ordered: Mapping[str, F32]
    count: Mapping[str, NDArray[np.uint8]]
    n_valid: NDArray[np.int64]
    around: Mapping[str, F32]

    @classmethod
    def of(
        cls,
        planes: Mapping[str, F32],
        valid: NDArray[np.bool_],
        around: Mapping[str, F32],
    ) -> Series:
        """Leave out what is not valid, and sort.

        Parameters
        ----------
        planes : mapping of (time, row, col) float32
        valid : (time, row, col) bool
        around : mapping of (row, col) float32
        """
        valid = np.ascontiguousarray(valid)  # once for all planes
        found = {name: sorting.sort_dates(plane, valid) for name, plane in planes.items()}
        ordered = {name: pair[0] for name, pair in found.items()}
        count = {name: pair[1] for name, pair in found.items()}
        return cls(ordered, count, valid.sum(axis=0), around)

    def median(self, name: str) -> F32:
        """Median over dates of a plane, (row, col); NaN where there is no value."""
        return self.quantile(name, 0.5)

    def quantile(self, name: str, q: float) -> F32:
        """Quantile over dates of a plane, (row, col), linear between neighbouring values.

        Parameters
        ----------
        name : str
        q : float
            0 ... 1.
        """
        return sorting.quantile(self.ordered[name], self.count[name], q)

    def share(self, name: str, *, at_least: float) -> F32:
        """Share of a plane's valid dates that reach a value; NaN where there is none."""
        values, count = self.ordered[name], self.count[name]
        with np.errstate(invalid="ignore"):
            reached = (values >= np.float32(at_least)).sum(axis=0)
        share = np.full(count.shape, np.nan, np.float32)
        np.divide(reached, count, out=share, where=count > 0, casting="unsafe")
        return share
