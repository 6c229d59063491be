"""From a cube to a map: probability of a mine, and how many dates stand behind it."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from minecover.aggregation import Aggregation
from minecover.cube import F32, Cube
from minecover.errors import ModelError
from minecover.features import Block
from minecover.features.planes import location_planes, observation_planes
from minecover.grid import Grid
from minecover.masks import Profile, valid
from minecover.training import probability


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """Everything that turns a site's scenes into a map, as it was when the model was trained.

    Parameters
    ----------
    model : fitted Pipeline
    features : tuple of str
        The model's columns.
    blocks : mapping of Block
        What computes them, and what they are made of.
    profile : Profile
        Which observations are valid.
    aggregation : Aggregation
        One score a location, for the ``observation`` design.
    design : str
        ``"observation"`` or ``"location"``.
    threshold : float
        Locations scored at or above it are candidates.
    """

    model: Pipeline
    features: tuple[str, ...]
    blocks: Mapping[str, Block]
    profile: Profile
    aggregation: Aggregation
    design: str
    threshold: float

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
            ``probability``, NaN where no date is valid, and ``valid_dates``, their count.

        Raises
        ------
        SceneError
            If the cube lacks a band that a feature takes.
        """
        usable = valid(cube, self.profile)
        seen = cube.core(usable)
        planes = self._planes(cube, usable, around)
        if self.design == "location":
            score = self._score(planes, seen.any(axis=0).ravel())
        else:
            by_date = self._score(planes, seen.ravel()).reshape(len(cube.dates), -1)
            score = self.aggregation(by_date)
        return {
            "probability": score.reshape(seen.shape[1:]).astype(np.float32),
            "valid_dates": seen.sum(axis=0).astype(np.float32),
        }

    def _planes(
        self, cube: Cube, usable: np.ndarray, around: Mapping[str, F32]
    ) -> dict[str, F32]:
        """Compute the model's columns; in the ``observation`` design one plane a date."""
        by_date = observation_planes(cube, usable, self.blocks, self.features)
        still = (
            set(self.features)
            if self.design == "location"
            else set(self.features) - set(by_date)
        )
        planes = location_planes(by_date, usable, around, self.blocks, sorted(still))
        if self.design != "location":
            shape = (len(cube.dates), *cube.grid.shape)
            repeated = {name: np.broadcast_to(plane, shape) for name, plane in planes.items()}
            planes = {**by_date, **repeated}
        return {name: cube.core(planes[name]) for name in self.features}

    def _score(self, planes: Mapping[str, F32], usable: np.ndarray) -> F32:
        """Score rows made of planes."""
        X = np.stack([planes[name].ravel() for name in self.features], axis=1)
        return probability(self.model, X, usable)


def load_model(path: Path, sha256: str) -> Pipeline:
    """Unpickle a model whose bytes are the recorded ones.

    A pickle runs code when it is loaded, so nothing is unpickled before its digest matched.

    Raises
    ------
    ModelError
        If the file is missing or its SHA-256 differs.
    """
    if not path.is_file():
        raise ModelError(f"no model at {path}. Run `dvc repro train`, or name another one.")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{path} is not the model that was recorded: SHA-256 {found[:16]}..., recorded "
            f"{sha256[:16]}... . It was not opened, since a pickle runs code. "
            "Run `dvc repro train`, or fetch it again."
        )
    model: Pipeline = pickle.loads(content)
    return model


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


def blocks(grid: Grid, *, size_px: int) -> Iterator[tuple[slice, slice, Grid]]:
    """Cut a grid into squares, row by row.

    Yields
    ------
    rows, cols : slice
        Where the square lies in the grid.
    square : Grid
        Its own grid.
    """
    rows, cols = grid.shape
    for top in range(0, rows, size_px):
        for left in range(0, cols, size_px):
            bottom, right = min(top + size_px, rows), min(left + size_px, cols)
            yield slice(top, bottom), slice(left, right), grid.cut(top, left, bottom, right)
