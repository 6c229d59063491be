"""Probability of a mine in each of several periods, given the maps of all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.errors import ConfigError

F32 = NDArray[np.float32]
#: Evidence beyond which no other period counts: float32 holds its square, and not much more.
CERTAIN = 40.0


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """How maps of several periods are compared; the fields are keys of `change`.

    Parameters
    ----------
    min_dates : int
        Least number of valid dates of a location in a period; with fewer it is not observed.
    opens, closes : float
        Probability that ground without a mine is mined in the next period, and that mined
        ground is not, whatever the length of a period.
    most_evidence : float
        Largest logarithm of a ratio of probabilities that one period counts for: so much, and
        no more, can a single map say against those of the other periods. 0 takes each map as
        it is, without smoothing.
    separate_ha : float
        Area from which new ground that touches a smaller mine is a mine of its own [ha], and
        not growth (`minecover.evaluation.change.new_ground.separate`); 0: never.
    level : float
        Level of the intervals of growth.
    alert_ha : float
        Area by which a mine is new or has grown, from which it is an alert [ha].
    edge_share : float
        What a pixel at the outline of a mine counts of its area, above 0 ... 1.
    """

    min_dates: int
    opens: float
    closes: float
    most_evidence: float
    separate_ha: float
    level: float
    alert_ha: float
    edge_share: float

    def __post_init__(self) -> None:
        """Check that probabilities lie between 0 and 1 and nothing is negative."""
        shares = (self.opens, self.closes, self.level)
        if not all(0 < share < 1 for share in shares):
            raise ConfigError(
                f"change.opens, change.closes and change.level must lie between 0 and 1, found "
                f"{self.opens}, {self.closes} and {self.level}. Fix change in conf/config.yaml."
            )
        if not 0 < self.edge_share <= 1:
            raise ConfigError(
                "change.edge_share must lie above 0, and at most at 1, found "
                f"{self.edge_share}. Fix change in conf/config.yaml."
            )
        amounts = (self.most_evidence, self.separate_ha, self.alert_ha)
        if self.min_dates < 1 or min(amounts) < 0:
            raise ConfigError(
                "change.min_dates must be at least 1, and change.most_evidence, "
                f"change.separate_ha and change.alert_ha at least 0, found {self}. Fix change "
                "in conf/config.yaml."
            )


def smoothed(probability: F32, *, threshold: float, rule: ChangeRule) -> F32:
    """Return the probability of a mine in each period, given the maps of all periods.

    A hidden Markov model of two states with the forward-backward algorithm. What a period says
    is the ratio of the odds of its probability to those of the model's threshold, so that a
    location seen in one period alone is a mine from 0.5 on exactly if the map says so. A period
    that did not observe a location says nothing, and the others fill it.

    Parameters
    ----------
    probability : (period, ...) float32
        Probability of a mine in each map; NaN where not observed.
    threshold : float
        Probability from which the model calls a location a mine.
    rule : ChangeRule
        Rates of change, and the weight of a single period.

    Returns
    -------
    (period, ...) float32
        0.5 and more is a mine. NaN where no period observed a location; without smoothing also
        in periods that did not.

    References
    ----------
    Rabiner (1989), Proceedings of the IEEE 77, 257-286, section III.
    """
    if not rule.most_evidence:
        # Odds in units of those at the threshold, as a probability: 1 has infinite odds.
        mine, none = probability * (1 - threshold), (1 - probability) * threshold
        return np.asarray(mine / (mine + none), np.float32)
    odds = _odds(probability, threshold)
    seen = ~np.isnan(odds)
    most = min(rule.most_evidence, CERTAIN)
    low, high = np.exp(-most), np.exp(most)
    ratio = np.where(seen, np.clip(odds, low, high), 1).astype(np.float32)
    opens, closes = np.float32(rule.opens), np.float32(rule.closes)
    mined = np.empty_like(ratio)
    before = np.full(ratio.shape[1:], 0.5, np.float32)
    for at in range(len(ratio)):
        now = before * ratio[at]
        mined[at] = now / (now + (1 - before))
        before = mined[at] * (1 - closes) + (1 - mined[at]) * opens
    later = np.ones(ratio.shape[1:], np.float32)
    for at in reversed(range(len(ratio) - 1)):
        follows = ratio[at + 1] * later
        later = ((1 - closes) * follows + closes) / (opens * follows + (1 - opens))
        now = mined[at] * later
        mined[at] = now / (now + (1 - mined[at]))
    mined[:, ~seen.any(axis=0)] = np.nan
    return mined


def _odds(probability: F32, threshold: float) -> F32:
    """Return odds in units of those at the threshold."""
    with np.errstate(divide="ignore"):
        odds = probability / (1 - probability) * ((1 - threshold) / threshold)
    return np.asarray(odds, np.float32)
