"""The numbers of dates that a model learned from, and with which it may be used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.learning.sample import Sample

#: A number of dates is known if at least this share of the mines in training had as many or
#: fewer, on at least so many sites (on all sites with mines, if there are fewer): a handful of
#: rows, or two sites of which a scene was lost, teach a model nothing.
KNOWN_SHARE, KNOWN_SITES = 0.01, 5


@dataclass(frozen=True, slots=True)
class KnownDates:
    """How many valid dates a location had in training, rows of fewer dates included.

    Parameters
    ----------
    min, max : int
        Least and largest number of dates of a row.
    median : float
    share_with_one : float
        Share of the rows with one date, 0 ... 1.
    fewest : int
        Least number of dates that the model knows: `KNOWN_SHARE` of the mines, on
        `KNOWN_SITES`, had as many or fewer.
    """

    min: int
    median: float
    max: int
    share_with_one: float
    fewest: int

    @classmethod
    def of(cls, sample: Sample) -> KnownDates:
        """Summarise the rows that a model was fitted on."""
        n_dates = sample.n_dates
        return cls(
            min=int(n_dates.min()),
            median=float(np.median(n_dates)),
            max=int(n_dates.max()),
            share_with_one=round(float(np.mean(n_dates == 1)), 6),
            fewest=_fewest(n_dates[sample.y == 1], sample.site[sample.y == 1]),
        )

    def warning(self, n_few: int, n: int, what: str) -> str:
        """Return one sentence that warns of too few dates; empty if there are enough.

        Parameters
        ----------
        n_few, n : int
            How many places have fewer dates than `fewest`, and of how many.
        what : str
            What the places are, e.g. ``tiles``.
        """
        if not n_few:
            return ""
        return (
            f"{n_few:,} of {n:,} {what} have fewer than {self.fewest} valid dates; the "
            f"model learned from {self.fewest} to {self.max} (median {self.median:g}), is not "
            "applicable there and misses mines: add scenes of other dates."
        )


def _fewest(n_dates: NDArray[np.int16], site: NDArray[np.int32]) -> int:
    """Return the least number of dates that enough mines had, on enough sites."""
    n_sites = min(KNOWN_SITES, len(np.unique(site)))
    for n in np.unique(n_dates).tolist():
        is_few = n_dates <= n
        has_rows = is_few.sum() > int(KNOWN_SHARE * len(n_dates))
        if has_rows and len(np.unique(site[is_few])) >= n_sites:
            return int(n)
    return int(n_dates.max())
