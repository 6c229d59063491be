"""Detect mines in a cube: maps of their probability and of how far to trust it."""

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
from minecover.features.validity import Profile, valid
from minecover.learning.fitting import probability
from minecover.learning.screening import Screen
from minecover.prediction.unknown_ground import UnknownGround

#: Planes of a map, in the order of its bands.
BANDS = ("probability", "valid_dates", "dissimilarity", "disagreement", "applicable")
#: Share of valid pixels above which all pixels are scored, and the others then set to NaN.
MOSTLY_VALID = 0.8
#: Classes of a region's map; the last is a mine where the model extrapolates.
NOT_OBSERVED, NO_MINE, MINE, MINE_UNLIKE_TRAINING = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """A model with the features, mask, aggregation and threshold that it was trained with.

    Parameters
    ----------
    model : fitted Pipeline
        What `minecover.learning.training.with_threshold` returned.
    features : tuple of str
        Names of the model's columns, in order.
    feature_sets : mapping of FeatureSet
        The feature sets that compute these columns and their inputs, by name.
    profile : Profile
        Mask profile: which observations are valid.
    aggregation : Aggregation
        Combines the probabilities of a location's dates, in the ``observation`` design.
    design : str
        ``"observation"``, score each date and aggregate; or ``"location"``, score features
        over all dates once.
    threshold : float
        Probability, 0 ... 1; locations at or above it are mines.
    screen : Screen or None
        The model's first trees, which `classes` can use to skip most locations.
    unknown : UnknownGround
        Where the model is not applicable.
    """

    model: Pipeline
    features: tuple[str, ...]
    feature_sets: Mapping[str, FeatureSet]
    profile: Profile
    aggregation: Aggregation
    design: str
    threshold: float
    screen: Screen | None
    unknown: UnknownGround

    def maps(self, cube: Cube, context: Mapping[str, F32]) -> dict[str, F32]:
        """Map one cube, without its halo.

        Parameters
        ----------
        cube : Cube
            Scenes with the bands of the features, and at least the halo that these need.
        context : mapping of (row, col) float32
            The context planes that the features take, by name, on the cube's grid with its
            halo; may be empty.

        Returns
        -------
        dict of (row, col) float32
            By the names `BANDS`, in this order: ``probability`` of a mine, 0 ... 1;
            ``valid_dates``, their number; ``dissimilarity`` to the training data;
            ``disagreement``, the probability that models of parts of the training ground give
            to the contrary; ``applicable``, 1 or, where `UnknownGround` says so, 0. NaN where
            no date is valid, except ``valid_dates``.

        Raises
        ------
        SceneError
            If the cube lacks a band that a feature takes.
        ConfigError
            If its halo is too narrow for a feature.
        """
        score, planes, seen = self._scored(cube, valid(cube, self.profile), context)
        anywhere = np.any(seen, axis=0)
        called, pixel_m = score >= self.threshold, cube.grid.side_m
        doubt = self.unknown.doubt(planes, seen, anywhere, called, pixel_m=pixel_m)
        maps = (
            score,
            seen.sum(axis=0),
            doubt.dissimilarity,
            doubt.disagreement,
            np.where(anywhere, ~doubt.is_unknown, np.nan),
        )
        return {name: plane.astype(np.float32) for name, plane in zip(BANDS, maps, strict=True)}

    def classes(
        self, cube: Cube, context: Mapping[str, F32], *, is_screened: bool
    ) -> tuple[F32, NDArray[np.uint8]]:
        """Classify one cube by the threshold, without its halo.

        Whether the model is applicable is computed for mines only.

        Parameters
        ----------
        cube, context
            See `maps`.
        is_screened : bool
            Score with all trees only the locations that `screen` selects; the others keep the
            probability of its first trees.

        Returns
        -------
        probability : (row, col) float32
            As in `maps`, except where the first trees alone decided.
        classes : (row, col) uint8
            `NOT_OBSERVED`, `NO_MINE`, `MINE` or `MINE_UNLIKE_TRAINING`.
        """
        usable = valid(cube, self.profile)
        if not cube.core(usable).any():
            shape = cube.core(cube.qa).shape[1:]
            return np.full(shape, np.nan, np.float32), np.zeros(shape, np.uint8)
        score, planes, seen = self._scored(cube, usable, context, is_screened=is_screened)
        candidate = score >= self.threshold
        pixel_m = cube.grid.side_m
        doubt = self.unknown.doubt(planes, seen, candidate, candidate, pixel_m=pixel_m)
        classes = np.where(np.isnan(score), NOT_OBSERVED, NO_MINE).astype(np.uint8)
        classes[candidate] = MINE
        classes[candidate & doubt.is_unknown] = MINE_UNLIKE_TRAINING
        return score, classes

    def date_probability(
        self,
        cube: Cube,
        usable: NDArray[np.bool_],
        context: Mapping[str, F32],
        where: NDArray[np.bool_],
    ) -> F32:
        """Return the probability of a mine on every date, in the ``observation`` design.

        Parameters
        ----------
        cube, context
            See `maps`.
        usable : (time, row, col) bool
            Valid observations, with the halo.
        where : (row, col) bool
            Locations to score, without the halo.

        Returns
        -------
        (time, row, col) float32
            Without the halo; NaN elsewhere, and where an observation is not valid.
        """
        return self._score(self.planes(cube, usable, context), cube.core(usable) & where)

    def _scored(
        self,
        cube: Cube,
        usable: NDArray[np.bool_],
        context: Mapping[str, F32],
        *,
        is_screened: bool = False,
    ) -> tuple[F32, dict[str, F32], NDArray[np.bool_]]:
        """Return probabilities, the model's planes, and validity, all without the halo."""
        seen = cube.core(usable)
        planes = self.planes(cube, usable, context)
        if self.design == "location":
            screen = self.screen if is_screened else None
            return self._score(planes, np.any(seen, axis=0), screen), planes, seen
        by_date = self._score(planes, seen).reshape(len(cube.dates), -1)
        return self.aggregation(by_date).reshape(seen.shape[1:]), planes, seen

    def planes(
        self, cube: Cube, usable: NDArray[np.bool_], context: Mapping[str, F32]
    ) -> dict[str, F32]:
        """Compute the planes of the model's columns, without the cube's halo.

        Parameters
        ----------
        cube, context
            See `maps`.
        usable : (time, row, col) bool
            Valid observations, with the halo.

        Returns
        -------
        dict of float32
            By the names `features`: (row, col) in the ``location`` design, (time, row, col) in
            the ``observation`` design.
        """
        is_location = self.design == "location"
        found = feature_planes(
            cube, usable, context, self.feature_sets, self.features, with_medians=is_location
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
        """Score the valid pixels; the others are NaN."""
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
        """Return the model's columns as (n, n_features), and the mask of their n pixels.

        In memory column after column, as planes are computed and trees read them.
        """
        if np.count_nonzero(usable) <= MOSTLY_VALID * usable.size:
            few = np.empty((len(self.features), np.count_nonzero(usable)), np.float32)
            for column, name in zip(few, self.features, strict=True):
                column[:] = planes[name][usable]
            return few.T, usable
        # Copying all pixels is quicker than selecting nearly all.
        every = np.empty((len(self.features), *usable.shape), np.float32)
        for plane, name in zip(every, self.features, strict=True):
            plane[:] = planes[name]
        flat = every.reshape(len(every), -1)
        flat[:, np.flatnonzero(~usable)] = 0  # not every model accepts NaN
        return flat.T, np.ones_like(usable)


def check_bands(wanted: Sequence[str], offered: Sequence[str]) -> None:
    """Refuse a source that lacks bands which the model takes.

    Parameters
    ----------
    wanted : sequence of str
        Names of the model's bands.
    offered : sequence of str
        Names of the source's bands.

    Raises
    ------
    ModelError
        Naming the missing bands.
    """
    missing = [band for band in wanted if band not in offered]
    if missing:
        raise ModelError(
            f"the model takes {', '.join(wanted)}; the source has no {', '.join(missing)} "
            f"(it has: {', '.join(offered)}). Use a model trained on the source's bands."
        )
