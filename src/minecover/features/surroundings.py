"""Where a location lies: how far from water and roads, how steep, how high."""

from dataclasses import dataclass

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.features.series import Series

#: One Landsat pixel [m]: distances are counted in pixels before the logarithm.
UNIT_M = 30.0


@dataclass(frozen=True, slots=True)
class Context:
    """Planes of the context stage, distances as ``log(1 + d / 30 m)``.

    The logarithm keeps near apart from far and makes far places alike: a distance of tens of
    kilometres would tell the site, not the ground.

    Parameters
    ----------
    distances : sequence of str
        Planes in metres, e.g. ``distance_to_river``. Names are ``log_distance_to_river``.
    planes : sequence of str
        Planes taken as they are, e.g. ``slope``.
    """

    distances: tuple[str, ...]
    planes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """``log_<distance>`` and the other planes' own names."""
        return (*(f"log_{name}" for name in self.distances), *self.planes)

    @property
    def inputs(self) -> tuple[str, ...]:
        """No observation plane."""
        return ()

    @property
    def surroundings(self) -> tuple[str, ...]:
        """The distances and planes."""
        return (*self.distances, *self.planes)

    @property
    def reach_px(self) -> int:
        """Context planes bring their own margin."""
        return 0

    def over_dates(self, series: Series) -> F32:
        """Look the planes up.

        Raises
        ------
        SceneError
            If the context stage did not make one.
        """
        missing = [name for name in self.surroundings if name not in series.around]
        if missing:
            raise SceneError(
                f"there is no context plane {', '.join(missing)} "
                f"(there are: {', '.join(series.around) or 'none'}). "
                "Add its layer to conf/context, or leave it out of conf/table/context.yaml."
            )
        # Of a float32 each processor has its own logarithm, apart in the last bit.
        logs = [
            np.log1p(series.around[name] / UNIT_M, dtype=np.float64).astype(np.float32)
            for name in self.distances
        ]
        return np.stack([*logs, *(series.around[name] for name in self.planes)])
