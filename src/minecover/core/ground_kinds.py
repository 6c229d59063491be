"""What labels call the ground of each pixel: a river bar, a landslide, a fish pond."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Code of ground that no label names.
UNNAMED = -1
#: Beginning of the names of planes that say what the ground is, such as ``ground riverbank``.
PLANE = "ground "
#: Most kinds that are kept apart on one site; labels that name each place have more.
MOST_KINDS = 100


@dataclass(frozen=True, slots=True, eq=False)
class GroundKinds:
    """Kinds of ground, and which pixel is of which.

    Parameters
    ----------
    names : tuple of str
        Names of the kinds, sorted.
    code : int8 array
        Of each pixel, or of each row of a table, the index of its kind in `names`; `UNNAMED`
        where no label names the ground.
    """

    names: tuple[str, ...]
    code: NDArray[np.int8]

    @classmethod
    def of(cls, planes: Mapping[str, NDArray[np.bool_]]) -> GroundKinds | None:
        """Gather the planes of single kinds.

        Parameters
        ----------
        planes : mapping of str to bool array
            Where each kind of ground lies. Of two at one place the last name counts.

        Returns
        -------
        GroundKinds or None
            None if no plane has any ground.
        """
        names = sorted(name for name, plane in planes.items() if plane.any())[:MOST_KINDS]
        if not names:
            return None
        code = np.full(planes[names[0]].shape, UNNAMED, np.int8)
        for index, name in enumerate(names):
            code[planes[name]] = index
        return cls(tuple(names), code)

    @classmethod
    def of_planes(cls, planes: Mapping[str, NDArray[np.generic]]) -> GroundKinds | None:
        """Gather the planes that `planes` returned, from among others."""
        return cls.of(
            {
                name.removeprefix(PLANE): plane == 1
                for name, plane in planes.items()
                if name.startswith(PLANE)
            }
        )

    def planes(self) -> dict[str, NDArray[np.int8]]:
        """Return the planes of single kinds, 1 on their ground, by `PLANE` and the name."""
        return {f"{PLANE}{name}": self.where(name).astype(np.int8) for name in self.names}

    def where(self, name: str) -> NDArray[np.bool_]:
        """Return where the ground is of a kind; nowhere if there is no such kind."""
        if name not in self.names:
            return np.zeros(self.code.shape, np.bool_)
        found: NDArray[np.bool_] = self.code == self.names.index(name)
        return found

    def reshaped(self, *shape: int) -> GroundKinds:
        """Return the same kinds in another shape."""
        return GroundKinds(self.names, self.code.reshape(shape))

    @property
    def most(self) -> str:
        """The kind of most pixels; of several the first."""
        counts = [int(np.count_nonzero(self.code == index)) for index in range(len(self.names))]
        return self.names[int(np.argmax(counts))]
