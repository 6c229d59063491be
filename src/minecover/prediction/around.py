"""What a map knows around its mines: the dates on which they were seen, and distances."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32, Cube
from minecover.core.surroundings import Surroundings
from minecover.features.bare_ground import BANDS, bare_ground
from minecover.features.validity import valid
from minecover.prediction.bundle import ModelBundle


def surroundings_of(
    bundle: ModelBundle,
    cube: Cube,
    context: Mapping[str, F32],
    *,
    applicable: F32,
    mined: NDArray[np.bool_],
) -> Surroundings:
    """Return what is known around the mines of a cube, without its halo.

    Parameters
    ----------
    bundle : ModelBundle
        The model that found them.
    cube : Cube
        The scenes.
    context : mapping of (row, col) float32
        See `minecover.prediction.detector.Detector.maps`.
    applicable : (row, col) float32
        1 where the model is applicable, without the halo.
    mined : (row, col) bool
        Where mines were found. In the observation design single dates are scored again, there
        alone.
    """
    detector = bundle.detector()
    usable = valid(cube, detector.profile)
    looks_mined = None
    if detector.design == "observation":
        by_date = detector.date_probability(cube, usable, context, mined)
        looks_mined = by_date >= bundle.card.value("observation_threshold")
    elif set(BANDS) <= set(cube.bands):
        looks_mined = bare_ground(cube)
    return Surroundings(
        grid=cube.grid.grown(-cube.halo_px),
        province="",
        dates=cube.dates,
        valid=cube.core(usable),
        looks_mined=looks_mined,
        applicable=applicable,
        planes={name: cube.core(plane) for name, plane in context.items()},
    )
