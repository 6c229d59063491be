"""Which pixels a score counts: as in the 2017 report, or the same ones for both levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minecover.core.ground_kinds import GroundKinds
from minecover.evaluation.ranking import F32, I8, Ranking

#: Lies below every probability: an observation that is not valid is never predicted a mine.
NOT_OBSERVED = np.float32(-1)


@dataclass(frozen=True, slots=True, eq=False)
class SitePredictions:
    """Labels and out-of-fold probabilities of one site.

    Parameters
    ----------
    site_id : str
        Name of the site; the bootstrap draws sites in the order of their names.
    fold : int
        Fold that the site was held out in.
    label : (time, n) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    truth : (time, n) int8 or None
        Where mines really are, -1 unknown; None if it is unknown everywhere, as outside of a
        simulation.
    observation_probability : (time, n) float32
        Probability of each observation, 0..1; NaN where it is not valid.
    location_probability : (n,) float32
        Probability of each location, aggregated over its valid dates; NaN where there is none.
    label_date : int
        Position of the date whose labels the locations carry; -1 is the last one.
    shape : (rows, cols)
        Of the site's grid of n locations.
    laid_as_background : bool
        Whether the layout placed the site on ground without a mine.
    look_alike : (n,) bool or None
        Where the labels say that ground looks mined and is not; None: nowhere.
    chip_label : int
        Of a chip, whether it is known to hold a mine, 1 or 0; -1 for other sites.
    group : str
        Group of the site, which no fold splits; empty if it is a group of its own.
    ground : GroundKinds or None
        (n,) what the labels call the ground; None if they name none of it.
    """

    site_id: str
    fold: int
    label: I8
    truth: I8 | None
    observation_probability: F32
    location_probability: F32
    label_date: int
    shape: tuple[int, int]
    laid_as_background: bool = False
    look_alike: NDArray[np.bool_] | None = None
    chip_label: int = -1
    group: str = ""
    ground: GroundKinds | None = None

    def __post_init__(self) -> None:
        """Check that all the axes agree."""
        shape = self.observation_probability.shape
        truth = self.label if self.truth is None else self.truth
        found = (self.label.shape, truth.shape, (shape[0], *self.location_probability.shape))
        if found != (shape, shape, shape):
            raise ValueError(
                f"the axes of site {self.site_id} must agree: observation_probability is "
                f"{shape}, found label {self.label.shape}, truth {truth.shape}, "
                f"location_probability {self.location_probability.shape}."
            )
        if self.shape[0] * self.shape[1] != shape[1]:
            raise ValueError(
                f"site {self.site_id} has {shape[1]} locations, but its shape is {self.shape}."
            )

    @property
    def known_truth(self) -> I8:
        """The truth, (time, n) int8; -1 everywhere if it is unknown."""
        return np.full_like(self.label, -1) if self.truth is None else self.truth

    @property
    def is_background(self) -> bool:
        """Whether this is a background site: laid out so, and without a labelled mine."""
        return self.laid_as_background and not (self.label == 1).any()

    @property
    def mine_label(self) -> int:
        """Whether the site is known to hold a mine, 1 or 0; -1 if nobody knows.

        Of a chip its row says it. Otherwise a labelled mine does, or the truth where it is
        known; a site without either is known to hold none if no ground of it is ignored.
        """
        if self.chip_label >= 0:
            return self.chip_label
        target = self.targets(against_truth=False)
        if (target == 1).any() or (self.known_truth == 1).any():
            return 1
        return -1 if (target < 0).any() else 0

    def targets(self, *, against_truth: bool) -> I8:
        """Return what the locations are scored against.

        Parameters
        ----------
        against_truth : bool
            Whether to use the truth instead of the labels.

        Returns
        -------
        (n,) int8
            1 mine, 0 not, -1 ignore or unknown.
        """
        target: I8 = (self.known_truth if against_truth else self.label)[self.label_date]
        return target


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """The pixels that a score is counted on.

    Parameters
    ----------
    observation, location : list of Ranking
        Ranked observations and locations, one ranking for each site.
    """

    observation: list[Ranking]
    location: list[Ranking]


def published_support(sites: Sequence[SitePredictions], *, against_truth: bool) -> Support:
    """Rank the pixels as the 2017 report did, observations and locations on unlike supports.

    An observation that is not valid counts as predicted "no mine", and so lowers recall;
    a location without a valid date is left out.

    Parameters
    ----------
    sites : sequence of SitePredictions
        The sites, in the order of the rankings.
    against_truth : bool
        Whether to score against the truth instead of the labels.
    """
    support = Support([], [])
    for site in sites:
        target = site.known_truth if against_truth else site.label
        by_date = site.observation_probability
        predicted = np.where(np.isnan(by_date), NOT_OBSERVED, by_date)
        support.observation.append(Ranking.of(predicted, target))
        support.location.append(Ranking.of(site.location_probability, target[site.label_date]))
    return support


def common_support(sites: Sequence[SitePredictions], *, against_truth: bool) -> Support:
    """Rank observations and locations of the same pixels under the same labels.

    An observation counts if it is valid and labelled like its location (labels may be dated);
    a location counts if one of its observations does.

    Parameters
    ----------
    sites : sequence of SitePredictions
        The sites, in the order of the rankings.
    against_truth : bool
        Whether to score against the truth instead of the labels.
    """
    support = Support([], [])
    for site in sites:
        target = site.known_truth if against_truth else site.label
        at_location = target[site.label_date]
        by_date, location = site.observation_probability, site.location_probability
        counts = ~np.isnan(by_date) & (target == at_location)
        has_one = counts.any(axis=0)
        support.observation.append(Ranking.of(by_date[counts], target[counts]))
        support.location.append(Ranking.of(location[has_one], at_location[has_one]))
    return support
