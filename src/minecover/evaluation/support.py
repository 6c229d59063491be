"""Which pixels a score counts: as published in 2017, or on common ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minecover.evaluation.ranking import F32, I8, Ranking

#: Stands below every probability: what was not observed cannot be predicted a mine.
UNSEEN = np.float32(-1)
#: How the names of sites on mine-free ground begin (`minecover.core.layouts.Background`).
BACKGROUND = "background"


@dataclass(frozen=True, slots=True, eq=False)
class SiteScores:
    """One site's labels and out-of-fold scores.

    Parameters
    ----------
    site_id : str
        Names the site; the bootstrap draws sites in the order of their names.
    fold : int
        The fold that the site was held out in.
    label : (time, n) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    truth : (time, n) int8 or None
        Where mines really are (the simulator knows), -1 unknown; None if nobody knows.
    probability : (time, n) float32
        Score of each observation; NaN where it is not valid.
    location_score : (n,) float32
        Score of each location from its valid dates; NaN where there is none.
    label_date : int
        Position of the date whose labels the locations carry; -1 is the last one.
    shape : (rows, cols)
        Of the site's grid of n locations.
    """

    site_id: str
    fold: int
    label: I8
    truth: I8 | None
    probability: F32
    location_score: F32
    label_date: int
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        """Check that all the axes agree."""
        shape = self.probability.shape
        truth = self.label if self.truth is None else self.truth
        found = (self.label.shape, truth.shape, (shape[0], *self.location_score.shape))
        if found != (shape, shape, shape):
            raise ValueError(
                f"the axes of site {self.site_id} must agree: probability is {shape}, found "
                f"label {self.label.shape}, truth {truth.shape}, "
                f"location_score {self.location_score.shape}."
            )
        if self.shape[0] * self.shape[1] != shape[1]:
            raise ValueError(
                f"site {self.site_id} has {shape[1]} locations, and its shape is {self.shape}."
            )

    @property
    def known_truth(self) -> I8:
        """The truth, -1 everywhere if nobody knows it."""
        return np.full_like(self.label, -1) if self.truth is None else self.truth

    @property
    def is_background(self) -> bool:
        """Whether it was laid on mine-free ground: by its name, and no label contradicts."""
        return self.site_id.startswith(BACKGROUND) and not (self.label == 1).any()

    def targets(self, *, against_truth: bool) -> I8:
        """Give what the locations are scored against: (n,) int8."""
        target: I8 = (self.known_truth if against_truth else self.label)[self.label_date]
        return target


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """The ranked observations and locations that a score is counted over, a site each."""

    observation: list[Ranking]
    location: list[Ranking]


def published(sites: Sequence[SiteScores], *, against_truth: bool) -> Support:
    """Rank as the 2017 report scored, on two different supports.

    An observation that is not valid counts as predicted "no mine", and so costs recall;
    a location without a valid date is left out.
    """
    targets = [site.known_truth if against_truth else site.label for site in sites]
    pairs = list(zip(sites, targets, strict=True))
    return Support(
        [
            Ranking.of(np.where(np.isnan(s.probability), UNSEEN, s.probability), target)
            for s, target in pairs
        ],
        [Ranking.of(s.location_score, target[s.label_date]) for s, target in pairs],
    )


def common_support(sites: Sequence[SiteScores], *, against_truth: bool) -> Support:
    """Rank observations and locations of the same ground under the same labels.

    An observation counts if it is valid and labelled like its location (labels may be dated);
    a location counts if one of its observations does.
    """
    support = Support([], [])
    for site in sites:
        target = site.known_truth if against_truth else site.label
        at_location = target[site.label_date]
        counts = ~np.isnan(site.probability) & (target == at_location)
        kept = counts.any(axis=0)
        support.observation.append(Ranking.of(site.probability[counts], target[counts]))
        support.location.append(Ranking.of(site.location_score[kept], at_location[kept]))
    return support
