"""Aggregation over dates: one probability per location from the probabilities of its dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import ConfigError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


class Aggregation(Protocol):
    """Interface of a rule that combines the dates of each location."""

    def __call__(self, probability: F32) -> F32:
        """Return the probability of a mine for each location.

        Parameters
        ----------
        probability : (time, n) float32
            Probability of a mine on each date, NaN where the date is not valid.

        Returns
        -------
        (n,) float32
            Probability in 0..1; NaN where no date is valid. The result does not depend, to
            the last bit, on the order of the dates, on dates without any valid value, or on
            the other locations in the array.
        """


@dataclass(frozen=True, slots=True)
class Vote:
    """Majority vote of the valid dates: 1 mine, 0 no mine.

    The published model votes at ``p >= 0.3`` and counts a tie as a mine; the recipe that the
    simulator was calibrated with votes at ``p > 0.5`` and counts a tie as no mine.

    Parameters
    ----------
    threshold : float
        Probability at which a date votes for a mine, 0..1.
    inclusive : bool
        Whether a date votes for a mine at ``p >= threshold`` (True) or ``p > threshold``.
    tie_is_mine : bool
        Whether as many votes for a mine as against it mean a mine.
    """

    threshold: float
    inclusive: bool
    tie_is_mine: bool

    def __post_init__(self) -> None:
        """Refuse a threshold that is not a probability."""
        if not 0.0 <= self.threshold <= 1.0:
            raise ConfigError(
                f"Vote.threshold must lie in 0..1, found {self.threshold}. "
                "Fix threshold in conf/aggregation/vote.yaml."
            )

    def __call__(self, probability: F32) -> F32:
        """Return 1 where the majority votes for a mine, else 0; see `Aggregation`."""
        level = np.float32(self.threshold)
        is_vote = probability >= level if self.inclusive else probability > level
        n_valid = _count_valid(probability)
        # NaN compares as False, so a date that is not valid never votes for a mine.
        lead = 2 * np.count_nonzero(is_vote, axis=0) - n_valid
        is_mine = lead >= 0 if self.tie_is_mine else lead > 0
        return _nan_if_unobserved(is_mine.astype(np.float32), n_valid)


@dataclass(frozen=True, slots=True)
class Median:
    """Median probability over the valid dates."""

    def __call__(self, probability: F32) -> F32:
        """Return the median over the valid dates; see `Aggregation`."""
        ascending = np.sort(probability, axis=0)  # NaN last
        n_valid = _count_valid(probability)
        lower, upper = np.full((2, n_valid.size), np.nan, np.float32)
        for rank, values in enumerate(ascending):
            np.copyto(lower, values, where=(n_valid - 1) // 2 == rank)
            np.copyto(upper, values, where=n_valid // 2 == rank)
        return _nan_if_unobserved((lower + upper) / np.float32(2), n_valid)


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean probability over the valid dates."""

    def __call__(self, probability: F32) -> F32:
        """Return the mean over the valid dates; see `Aggregation`."""
        n_valid = _count_valid(probability)
        total = _sum_over_dates(np.nan_to_num(np.sort(probability, axis=0)))
        return _nan_if_unobserved(total / np.maximum(n_valid, 1), n_valid)


@dataclass(frozen=True, slots=True)
class TrimmedMean:
    """Mean probability over the valid dates without the lowest and the highest of them.

    Parameters
    ----------
    share : float
        Share of the valid dates left out at each end, 0 <= share < 0.5, rounded down to whole
        dates: a location with few valid dates uses all of them.
    """

    share: float

    def __post_init__(self) -> None:
        """Refuse a share that leaves no date."""
        if not 0.0 <= self.share < 0.5:
            raise ConfigError(
                f"TrimmedMean.share must lie in 0 <= share < 0.5, found {self.share}. "
                "Fix share in conf/aggregation/trimmed_mean.yaml."
            )

    def __call__(self, probability: F32) -> F32:
        """Return the trimmed mean over the valid dates; see `Aggregation`."""
        ascending = np.sort(probability, axis=0)
        n_valid = _count_valid(probability)
        n_trimmed = (n_valid * self.share).astype(np.int64)
        rank = np.arange(len(ascending))[:, None]
        is_used = (rank >= n_trimmed) & (rank < n_valid - n_trimmed)
        total = _sum_over_dates(np.where(is_used, ascending, np.float32(0)))
        return _nan_if_unobserved(total / np.maximum(n_valid - 2 * n_trimmed, 1), n_valid)


@dataclass(frozen=True, slots=True)
class NoisyOr:
    """Probability that at least one valid date shows a mine, if the dates were independent.

    They are not: a single undetected cloud raises the result for good. For comparison only.
    """

    def __call__(self, probability: F32) -> F32:
        """Return ``1 - prod(1 - p)`` over the valid dates; see `Aggregation`."""
        none_shows = np.ones(probability.shape[1], np.float64)
        for values in np.sort(probability, axis=0):
            none_shows *= 1.0 - np.nan_to_num(values.astype(np.float64))
        return _nan_if_unobserved(1.0 - none_shows, _count_valid(probability))


def _count_valid(probability: F32) -> NDArray[np.int64]:
    """Count the valid dates of each location: (n,)."""
    count: NDArray[np.int64] = (~np.isnan(probability)).sum(axis=0, dtype=np.int64)
    return count


def _sum_over_dates(values: F32) -> F64:
    """Sum over the first axis, one date after the other: (n,)."""
    # Not `values.sum(axis=0)`: numpy adds a single column in another order than many columns.
    total = np.zeros(values.shape[1], np.float64)
    for one_date in values:
        total += one_date
    return total


def _nan_if_unobserved(probability: F32 | F64, n_valid: NDArray[np.int64]) -> F32:
    """Set locations without a valid date to NaN."""
    return np.where(n_valid > 0, probability, np.nan).astype(np.float32)
