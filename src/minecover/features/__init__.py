"""What a model sees: feature blocks, one file each, that turn a cube into named planes."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from minecover.cube import F32, Cube


class ObservationFeature(Protocol):
    """Planes for every date, from that date's valid pixels alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes, in order."""
        ...

    def __call__(self, cube: Cube, valid: NDArray[np.bool_]) -> F32:
        """Compute the planes.

        Parameters
        ----------
        cube : Cube
            A site's scenes, with their halo.
        valid : (time, row, col) bool
            Which observations may be looked at.

        Returns
        -------
        (time, name, row, col) float32
            On the cube's grid, halo included. What lies where `valid` is false is not used.
        """
        ...
