"""One score a location from its scores over dates: vote (the PoC's), median, mean, noisy-or."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import ConfigError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


class Aggregation(Protocol):
    """How the dates of a location speak with one voice."""

    def __call__(self, probability: F32) -> F32:
        """Score the locations.

        Parameters
        ----------
        probability : (time, n) float32
            Probability of a mine on each date, NaN where the date is not valid.

        Returns
        -------
        (n,) float32
            Score in 0..1; NaN where no date is valid. The order of the dates, dates on which
            nothing is valid, and the neighbours in the array change no bit of it.
        """


@dataclass(frozen=True, slots=True)
class Vote:
    """The median of yes/no votes over the valid dates: 1 mine, 0 no mine.

    The published model votes at ``p >= 0.3`` and takes a tie for a mine; the recipe that the
    simulator was calibrated with votes at ``p > 0.5`` and takes a tie for no mine.
    """

    threshold: float
    inclusive: bool  # vote yes at p >= threshold (True) or only at p > threshold (False)
    tie_is_mine: bool  # what as many yes as no means

    def __post_init__(self) -> None:
        """Refuse a threshold that is no probability."""
        if not 0.0 <= self.threshold <= 1.0:
            raise ConfigError(
                f"Vote.threshold must lie in 0..1, found {self.threshold}. "
                "Fix threshold in conf/aggregation/vote.yaml."
            )

    def __call__(self, probability: F32) -> F32:
        """Count the votes; see `Aggregation`."""
        level = np.float32(self.threshold)
        yes = probability >= level if self.inclusive else probability > level
        ballots = _n_valid(probability)
        lead = 2 * np.count_nonzero(yes, axis=0) - ballots  # NaN >= anything is no vote
        is_mine = lead >= 0 if self.tie_is_mine else lead > 0
        return _where_seen(ballots, is_mine.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Median:
    """The median probability over the valid dates."""

    def __call__(self, probability: F32) -> F32:
        """Take the middle; see `Aggregation`."""
        ascending = np.sort(probability, axis=0)  # NaN last
        count = _n_valid(probability)
        lower, upper = np.full((2, count.size), np.nan, np.float32)
        for rank, plane in enumerate(ascending):
            np.copyto(lower, plane, where=(count - 1) // 2 == rank)
            np.copyto(upper, plane, where=count // 2 == rank)
        return _where_seen(count, (lower + upper) / np.float32(2))


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean probability over the valid dates."""

    def __call__(self, probability: F32) -> F32:
        """Average; see `Aggregation`."""
        count = _n_valid(probability)
        total = _sum(np.nan_to_num(np.sort(probability, axis=0)))
        return _where_seen(count, total / np.maximum(count, 1))


@dataclass(frozen=True, slots=True)
class TrimmedMean:
    """The mean without the lowest and the highest `share` of the valid dates.

    ``floor(share * valid dates)`` are cut at each end, so that a location seen on few dates
    keeps them all.
    """

    share: float

    def __post_init__(self) -> None:
        """Refuse a share that cuts everything."""
        if not 0.0 <= self.share < 0.5:
            raise ConfigError(
                f"TrimmedMean.share must lie in 0 <= share < 0.5, found {self.share}. "
                "Fix share in conf/aggregation/trimmed_mean.yaml."
            )

    def __call__(self, probability: F32) -> F32:
        """Cut and average; see `Aggregation`."""
        ascending = np.sort(probability, axis=0)
        count = _n_valid(probability)
        cut = (count * self.share).astype(np.int64)
        rank = np.arange(len(ascending))[:, None]
        is_kept = (rank >= cut) & (rank < count - cut)
        total = _sum(np.where(is_kept, ascending, np.float32(0)))
        return _where_seen(count, total / np.maximum(count - 2 * cut, 1))


@dataclass(frozen=True, slots=True)
class NoisyOr:
    """The probability that at least one valid date shows a mine, were the dates independent.

    They are not: one missed cloud raises it for good. It is here to be compared with.
    """

    def __call__(self, probability: F32) -> F32:
        """Multiply the doubts; see `Aggregation`."""
        doubt = np.ones(probability.shape[1], np.float64)
        for plane in np.sort(probability, axis=0):
            doubt *= 1.0 - np.nan_to_num(plane.astype(np.float64))
        return _where_seen(_n_valid(probability), 1.0 - doubt)


def _n_valid(probability: F32) -> NDArray[np.int64]:
    """Count the valid dates of each location."""
    count: NDArray[np.int64] = (~np.isnan(probability)).sum(axis=0, dtype=np.int64)
    return count


def _sum(planes: F32) -> F64:
    """Add dates one after the other.

    Not `planes.sum(axis=0)`: numpy adds a lone column in another order than many columns.
    """
    total = np.zeros(planes.shape[1], np.float64)
    for plane in planes:
        total += plane
    return total


def _where_seen(count: NDArray[np.int64], score: F32 | F64) -> F32:
    """Keep the scores of locations with a valid date; NaN elsewhere."""
    return np.where(count > 0, score, np.nan).astype(np.float32)
