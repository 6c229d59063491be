"""Places of sites: coarse boxes that say where a model was trained, and what ground is new."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from minecover.core.sites import Site, square

#: Name of all ground that is not simulated.
REAL = "real ground"
#: Side of the cells whose edges boxes have [degrees]: about a kilometre.
CELL = 0.01
#: Most boxes: with more places the cells are made larger.
MOST_BOXES = 2000
#: Decimals of the edges of boxes.
DECIMALS = 6

Box = tuple[float, float, float, float]


def ground_name(*, is_simulated: bool, seed: int) -> str:
    """Return the name of the ground that sites lie on; places of two grounds are never shared.

    Parameters
    ----------
    is_simulated : bool
        Whether the scenes are simulated.
    seed : int
        Seed of the simulated world: worlds of two seeds share no ground.
    """
    return f"simulated world of seed {seed}" if is_simulated else REAL


@dataclass(frozen=True, slots=True)
class Places:
    """Where sites lie, to about a kilometre.

    Parameters
    ----------
    ground : str
        See `ground_name`.
    cell : float
        Side of the cells whose edges the boxes have [degrees].
    boxes : tuple of (west, south, east, north)
        WGS 84 [degrees]; each covers a site and up to a cell around it. Sorted, each once.
    """

    ground: str
    cell: float
    boxes: tuple[Box, ...]

    @classmethod
    def of(cls, sites: Sequence[Site], ground: str) -> Places:
        """Return the places of sites, in at most `MOST_BOXES` boxes."""
        exact = [box for site in sites for box in _boxes(site)]
        cell = CELL
        while len(boxes := {_outward(box, cell) for box in exact}) > MOST_BOXES:
            cell *= 2
        return cls(ground, cell, tuple(sorted(boxes)))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Places:
        """Read what `to_dict` returned."""
        boxes = [tuple(float(edge) for edge in text.split()) for text in content["boxes"]]
        return cls(
            str(content["ground"]),
            float(content["cell"]),
            tuple((west, south, east, north) for west, south, east, north in boxes),
        )

    def to_dict(self) -> dict[str, object]:
        """Return the places as JSON holds them, a text a box."""
        return {
            "ground": self.ground,
            "cell": self.cell,
            "boxes": [" ".join(f"{edge:g}" for edge in box) for box in self.boxes],
        }

    def shared_with(self, sites: Sequence[Site], ground: str) -> list[str]:
        """Return the ids of the sites that lie in one of the boxes, or reach into one.

        Parameters
        ----------
        sites : sequence of Site
            Sites that a model is to be tried on.
        ground : str
            Their ground, see `ground_name`.
        """
        if ground != self.ground or not self.boxes:
            return []
        tree = shapely.STRtree(shapely.box(*np.array(self.boxes).T))
        return [
            site.site_id
            for site in sites
            if any(tree.query(shapely.box(*box)).size for box in _boxes(site))
        ]

    @property
    def bounds(self) -> Box:
        """West, south, east and north of all boxes [degrees]."""
        west, south, east, north = np.array(self.boxes).T
        return float(west.min()), float(south.min()), float(east.max()), float(north.max())


def _boxes(site: Site) -> list[Box]:
    """Return the bounding box of a site; two across the antimeridian."""
    return [part.bounds for part in shapely.get_parts(square(site.grid))]


def _outward(box: Box, cell: float) -> Box:
    """Return the box of whole cells around a box."""
    west, south, east, north = box
    edges = (
        math.floor(west / cell),
        math.floor(south / cell),
        math.ceil(east / cell),
        math.ceil(north / cell),
    )
    west, south, east, north = (round(edge * cell, DECIMALS) for edge in edges)
    return west, south, east, north
