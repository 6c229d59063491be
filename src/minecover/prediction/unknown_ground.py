"""Unknown ground: the locations that a model's training says nothing about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from minecover.core.cube import F32
from minecover.core.errors import ModelError
from minecover.features.date_series import DateSeries
from minecover.learning.applicability import DissimilarityIndex
from minecover.learning.disagreement import CONTRARY, Disagreement

#: Steps of a model's pipeline that measure how far it may be trusted.
INDEX, MEMBERS = "applicability", "disagreement"
#: Share of unknown locations above which maps come with a warning: training ground has fewer.
UNUSUAL = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """What speaks against a model's answers, (row, col) each; NaN where nobody asked.

    Parameters
    ----------
    dissimilarity : float32
        Distance to the training data, see `DissimilarityIndex`.
    disagreement : float32
        Probability of the contrary by models of parts of the ground, see `Disagreement`.
    is_unknown : bool
        Whether the model is not applicable there.
    """

    dissimilarity: F32
    disagreement: F32
    is_unknown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class UnknownGround:
    """Finds the locations that a model is not applicable to.

    These are locations that are unlike the training data, about which models of parts of the
    training ground answer the contrary, or of fewer dates than the model knows; and all of
    them, if the model never saw the sensor or is no better than chance.

    Parameters
    ----------
    features : tuple of str
        Names of the model's columns, in order.
    index : fitted DissimilarityIndex
    members : fitted Disagreement
    fewest_dates : int
        Least number of valid dates of a location that the model knows.
    is_everywhere : bool
        Whether the model is not applicable to any location.
    """

    features: tuple[str, ...]
    index: DissimilarityIndex
    members: Disagreement
    fewest_dates: int
    is_everywhere: bool

    @classmethod
    def of(
        cls,
        model: Pipeline,
        features: Sequence[str],
        *,
        fewest_dates: int,
        is_everywhere: bool,
    ) -> UnknownGround:
        """Take what a model's pipeline holds; parameters as of the class.

        Raises
        ------
        ModelError
            If an earlier minecover made the model, which fitted no members.
        """
        steps = model.named_steps
        if missing := [name for name in (INDEX, MEMBERS) if name not in steps]:
            raise ModelError(
                f"the model has no step {' and '.join(missing)}: it was made by an earlier "
                "version of minecover, and cannot say where it is not applicable. Train it "
                "again with `dvc repro train`, or choose another model."
            )
        return cls(tuple(features), steps[INDEX], steps[MEMBERS], fewest_dates, is_everywhere)

    def doubt(
        self,
        planes: Mapping[str, F32],
        seen: NDArray[np.bool_],
        where: NDArray[np.bool_],
        called: NDArray[np.bool_],
        *,
        pixel_m: float,
    ) -> Doubt:
        """Measure what speaks against the answers at some locations.

        Columns of single dates are taken as their medians.

        Parameters
        ----------
        planes : mapping of (row, col) or (time, row, col) float32
            The model's columns, without the halo.
        seen : (time, row, col) bool
            Valid observations.
        where : (row, col) bool
            The locations.
        called : (row, col) bool
            The answers: whether each is called a mine.
        pixel_m : float
            Side of a pixel [m].
        """
        unlike, against = (np.full(where.shape, np.nan, np.float32) for _ in range(2))
        if where.any():
            X = self._rows(planes, seen, where, pixel_m)
            unlike[where] = self.index.dissimilarity(X)
            against[where] = self.members.disagreement(X, called[where])
        is_unknown = (
            (unlike > self.index.threshold_)
            | (against > CONTRARY)
            | (seen.sum(axis=0) < self.fewest_dates)
            | self.is_everywhere
        )
        return Doubt(unlike, against, is_unknown)

    def warning(self, maps: Sequence[Mapping[str, F32]]) -> str:
        """Return one sentence if the model is not applicable to much of some ground.

        Parameters
        ----------
        maps : sequence of mapping of (row, col) float32
            As `Detector.maps` returns them.

        Returns
        -------
        str
            Empty if little of what was seen on enough dates is unknown. Other sentences are
            about too few dates, unseen sensors, and models without skill.
        """
        enough = [one["valid_dates"] >= max(self.fewest_dates, 1) for one in maps]
        n_seen = sum(int(np.count_nonzero(one)) for one in enough)
        n_unknown = sum(
            int(np.count_nonzero(one["applicable"][kept] == 0))
            for one, kept in zip(maps, enough, strict=True)
        )
        if self.is_everywhere or n_unknown <= UNUSUAL * n_seen:
            return ""
        return (
            f"the model is not applicable to {n_unknown / n_seen:.0%} of the observed "
            "locations (band applicable): they are unlike its training data, or models of "
            "parts of it answer the contrary. Try it on labelled ground there with "
            "`minecover evaluate`."
        )

    def _rows(
        self,
        planes: Mapping[str, F32],
        seen: NDArray[np.bool_],
        where: NDArray[np.bool_],
        pixel_m: float,
    ) -> F32:
        """Return the columns that are looked at, (n, n_features); the others are NaN."""
        X = np.full((np.count_nonzero(where), len(self.features)), np.nan, np.float32)
        for column in np.union1d(self.index.columns_, self.members.columns_):
            name = self.features[column]
            plane = planes[name]
            if plane.ndim == seen.ndim:
                series = DateSeries.from_planes({name: plane}, seen, {}, pixel_m=pixel_m)
                plane = series.median(name)
            X[:, column] = plane[where]
        return X
