"""Context as features: distances to water and roads, slope, aspect, position."""

from dataclasses import dataclass

import numpy as np

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.features.date_series import DateSeries

#: One Landsat pixel [m]: distances are counted in pixels before the logarithm.
UNIT_M = 30.0


@dataclass(frozen=True, slots=True)
class Context:
    """Planes of the context stage, distances as ``log(1 + d / 30 m)``.

    The logarithm separates near from far and makes far places alike: a distance of tens of
    kilometres would identify the site instead of describing the ground.

    Parameters
    ----------
    distances : sequence of str
        Planes in metres, e.g. ``distance_to_river``. Names are ``log_distance_to_river``.
    planes : sequence of str
        Planes used as they are, e.g. ``slope``.
    """

    distances: tuple[str, ...]
    planes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the planes: ``log_<distance>``, then those used as they are."""
        return (*(f"log_{name}" for name in self.distances), *self.planes)

    @property
    def inputs(self) -> tuple[str, ...]:
        """No observation plane."""
        return ()

    @property
    def context_planes(self) -> tuple[str, ...]:
        """Names of the distances and of the other planes."""
        return (*self.distances, *self.planes)

    def reach_px(self, pixel_m: float) -> int:
        """0: context planes are computed with a margin of their own."""
        return 0

    def over_dates(self, series: DateSeries) -> F32:
        """Return the context planes, (name, row, col) float32.

        Raises
        ------
        SceneError
            If the series lacks a context plane.
        """
        missing = [name for name in self.context_planes if name not in series.context]
        if missing:
            raise SceneError(
                f"there is no context plane {', '.join(missing)} "
                f"(found: {', '.join(series.context) or 'none'}). "
                "Add it to context.planes, or remove it from table.context."
            )
        # The float32 logarithm differs between processors in the last bit.
        logs = [
            np.log1p(series.context[name] / UNIT_M, dtype=np.float64).astype(np.float32)
            for name in self.distances
        ]
        return np.stack([*logs, *(series.context[name] for name in self.planes)])
