"""From a cube to a map: probability of a mine, and what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from minecover.core.cube import F32, Cube
from minecover.core.errors import ModelError
from minecover.evaluation.aggregation import Aggregation
from minecover.features import FeatureSet
from minecover.features.planes import feature_planes
from minecover.features.series import Series
from minecover.features.validity import Profile, valid
from minecover.learning.fitting import probability
from minecover.learning.screening import Screen

#: Planes of a map, in the order of its bands.
BANDS = ("probability", "valid_dates", "dissimilarity", "applicable")
#: Share of usable pixels above which the others are scored too, and then forgotten.
MOSTLY = 0.8
#: Classes of a region's map. The last is a mine where the model extrapolates.
NOT_OBSERVED, NO_MINE, MINE, MINE_UNLIKE_TRAINING = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """Everything that turns a site's scenes into a map, as it was when the model was trained.

    Parameters
    ----------
    model : fitted Pipeline
        Its step ``applicability`` is a `minecover.learning.applicability.DissimilarityIndex`.
    features : tuple of str
        The model's columns.
    feature_sets : mapping of FeatureSet
        What computes them, and what they are made of.
    profile : Profile
        Which observations are valid.
    aggregation : Aggregation
        One score a location, for the ``observation`` design.
    design : str
        ``"observation"`` or ``"location"``.
    threshold : float
        Locations scored at or above it are candidates.
    screen : Screen or None
        The first look of `classes`, where the model has one.
    """

    model: Pipeline
    features: tuple[str, ...]
    feature_sets: Mapping[str, FeatureSet]
    profile: Profile
    aggregation: Aggregation
    design: str
    threshold: float
    screen: Screen | None

    def maps(self, cube: Cube, around: Mapping[str, F32]) -> dict[str, F32]:
        """Map one cube, without its halo.

        Parameters
        ----------
        cube : Cube
        around : mapping of (row, col) float32
            The context planes that the features take, on the cube's grid.

        Returns
        -------
        dict of (row, col) float32
            ``probability``; ``valid_dates``, their count; ``dissimilarity``, how unlike the
            training data the location is; ``applicable``, 1 where that is no more than
            cross-validation met and 0 where the model extrapolates. NaN, but for the count,
            where no date is valid.

        Raises
        ------
        SceneError
            If the cube lacks a band that a feature takes.
        """
        score, planes, seen = self._scored(cube, valid(cube, self.profile), around)
        anywhere = np.any(seen, axis=0)
        unlike = self._dissimilarity(planes, seen, anywhere)
        applicable = unlike <= self.model["applicability"].threshold_
        maps = (
            score,
            seen.sum(axis=0),
            unlike,
            np.where(anywhere, applicable, np.nan),
        )
        return {name: plane.astype(np.float32) for name, plane in zip(BANDS, maps, strict=True)}

    def classes(
        self, cube: Cube, around: Mapping[str, F32], *, is_screened: bool
    ) -> tuple[F32, NDArray[np.uint8]]:
        """Score one cube and cut at the threshold, without its halo.

        Likeness to the training data is looked at where there is a candidate and nowhere else.

        Parameters
        ----------
        cube, around
            See `maps`.
        is_screened : bool
            Ask all trees only where the first of them do not dismiss a location.

        Returns
        -------
        probability : (row, col) float32
            As in `maps`; what the first look dismissed keeps its score.
        classes : (row, col) uint8
            `NOT_OBSERVED`, `NO_MINE`, `MINE` or `MINE_UNLIKE_TRAINING`.
        """
        usable = valid(cube, self.profile)
        if not cube.core(usable).any():
            shape = cube.core(cube.qa).shape[1:]
            return np.full(shape, np.nan, np.float32), np.zeros(shape, np.uint8)
        score, planes, seen = self._scored(cube, usable, around, is_screened=is_screened)
        candidate = score >= self.threshold
        unlike = self._dissimilarity(planes, seen, candidate)
        classes = np.where(np.isnan(score), NOT_OBSERVED, NO_MINE).astype(np.uint8)
        classes[candidate] = MINE
        classes[unlike > self.model["applicability"].threshold_] = MINE_UNLIKE_TRAINING
        return score, classes

    def _scored(
        self,
        cube: Cube,
        usable: NDArray[np.bool_],
        around: Mapping[str, F32],
        *,
        is_screened: bool = False,
    ) -> tuple[F32, dict[str, F32], NDArray[np.bool_]]:
        """Score what is usable; give the scores, the model's columns and what was seen."""
        seen = cube.core(usable)
        planes = self.planes(cube, usable, around)
        if self.design == "location":
            screen = self.screen if is_screened else None
            return self._score(planes, np.any(seen, axis=0), screen), planes, seen
        by_date = self._score(planes, seen).reshape(len(cube.dates), -1)
        return self.aggregation(by_date).reshape(seen.shape[1:]), planes, seen

    def planes(
        self, cube: Cube, usable: NDArray[np.bool_], around: Mapping[str, F32]
    ) -> dict[str, F32]:
        """Compute the model's columns: (row, col), or (time, row, col) to score single dates."""
        is_location = self.design == "location"
        found = feature_planes(
            cube, usable, around, self.feature_sets, self.features, with_medians=is_location
        )
        if is_location:
            return {name: found.location[name] for name in self.features}
        shape = cube.core(usable).shape
        return {
            name: found.observation[name]
            if name in found.observation
            else np.broadcast_to(found.location[name], shape)
            for name in self.features
        }

    def _score(
        self,
        planes: Mapping[str, F32],
        usable: NDArray[np.bool_],
        screen: Screen | None = None,
    ) -> F32:
        """Score what is usable; the rest is NaN."""
        X, picked = self._columns(planes, usable)
        score = np.full(usable.shape, np.nan, np.float32)
        score[picked] = (
            screen.probability(X, self.model) if screen else probability(self.model, X)
        )
        score[~usable] = np.nan
        return score

    def _columns(
        self, planes: Mapping[str, F32], usable: NDArray[np.bool_]
    ) -> tuple[F32, NDArray[np.bool_]]:
        """Lay the model's columns out; give them, and of which pixels they are.

        Column after column in memory, as planes come and trees take them.
        """
        if np.count_nonzero(usable) <= MOSTLY * usable.size:
            few = np.empty((len(self.features), np.count_nonzero(usable)), np.float32)
            for column, name in zip(few, self.features, strict=True):
                column[:] = planes[name][usable]
            return few.T, usable
        # To copy all is quicker than to pick nearly all.
        every = np.empty((len(self.features), *usable.shape), np.float32)
        for plane, name in zip(every, self.features, strict=True):
            plane[:] = planes[name]
        flat = every.reshape(len(every), -1)
        flat[:, np.flatnonzero(~usable)] = 0  # not every model takes NaN
        return flat.T, np.ones_like(usable)

    def _dissimilarity(
        self, planes: Mapping[str, F32], seen: NDArray[np.bool_], where: NDArray[np.bool_]
    ) -> F32:
        """Measure some locations; in the ``observation`` design by their median over dates."""
        index = self.model["applicability"]
        unlike = np.full(where.shape, np.nan, np.float32)
        if not where.any():
            return unlike
        X = np.full((np.count_nonzero(where), len(self.features)), np.nan, np.float32)
        for column in index.columns_:
            name = self.features[column]
            plane = planes[name]
            if plane.ndim == seen.ndim:
                plane = Series.of({name: plane}, seen, {}).median(name)
            X[:, column] = plane[where]
        unlike[where] = index.dissimilarity(X)
        return unlike


def check_bands(wanted: Sequence[str], offered: Sequence[str]) -> None:
    """Refuse a source that lacks bands the model was trained with.

    Raises
    ------
    ModelError
        Naming the bands.
    """
    missing = [band for band in wanted if band not in offered]
    if missing:
        raise ModelError(
            f"the model takes {', '.join(wanted)}; the source has no {', '.join(missing)} "
            f"(it has: {', '.join(offered)}). Use a model trained on the source's bands."
        )
