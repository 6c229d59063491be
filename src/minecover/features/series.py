"""What a patch showed on its valid dates: the noun that location features work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.cube import F32


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Observation planes over the valid dates, in ascending order of value.

    The order of dates is forgotten on purpose: a statistic over dates must not depend on it,
    and sorted once, every quantile is a look-up.

    Parameters
    ----------
    ordered : mapping of (time, row, col) float32
        By plane name: a location's values, ascending, NaN (not valid, or no data) last.
    n_valid : (row, col) int
        Valid dates of each location.
    around : mapping of (row, col) float32
        Context planes by name: what lies round the site, whatever the date.
    """

    ordered: Mapping[str, F32]
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
        ordered = {
            name: np.sort(np.where(valid, plane, np.float32(np.nan)), axis=0)
            for name, plane in planes.items()
        }
        return cls(ordered, valid.sum(axis=0), around)

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
        return quantile_of_ordered(self.ordered[name], q)

    def share(self, name: str, *, at_least: float) -> F32:
        """Share of a plane's valid dates that reach a value; NaN where there is none."""
        values = self.ordered[name]
        count = np.isfinite(values).sum(axis=0)
        with np.errstate(invalid="ignore"):
            reached = (values >= np.float32(at_least)).sum(axis=0)
        share = np.full(count.shape, np.nan, np.float32)
        np.divide(reached, count, out=share, where=count > 0, casting="unsafe")
        return share


def quantile_of_ordered(ordered: F32, q: float) -> F32:
    """Look a quantile up in values that ascend along the first axis, NaN last.

    20 times faster than ``np.nanquantile`` on a few dates, and silent where all are NaN.

    Parameters
    ----------
    ordered : (time, ...) float32
    q : float
        0 ... 1.

    Returns
    -------
    (...) float32
        NaN where there is no value.
    """
    count = np.isfinite(ordered).sum(axis=0)
    position = q * np.maximum(count - 1, 0)
    low = np.floor(position).astype(np.intp)
    high = np.ceil(position).astype(np.intp)
    share = (position - low).astype(np.float32)
    below = np.take_along_axis(ordered, low[None], axis=0)[0]
    above = np.take_along_axis(ordered, high[None], axis=0)[0]
    found: F32 = below + (above - below) * share
    found[count == 0] = np.nan
    return found
