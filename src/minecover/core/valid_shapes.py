"""Repair of shapes whose outlines cross themselves, or that lie in each other."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray


def made_valid(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return shapes with invalid ones repaired.

    Parameters
    ----------
    shapes : array of Geometry
        Of any types; None stays None.

    Returns
    -------
    array of Geometry
        Of an outline that encloses no area, a line or nothing.
    """
    repaired = np.array(shapes, object)
    for i in np.flatnonzero(~shapely.is_valid(repaired) & ~shapely.is_missing(repaired)):
        if repaired[i].geom_type == "MultiPolygon":
            # Ground in any part, also where a part lies inside another, which is no hole.
            repaired[i] = shapely.union_all(made_valid(shapely.get_parts(repaired[i])))
            continue
        try:
            repaired[i] = shapely.make_valid(repaired[i])
        except shapely.errors.GEOSException:  # the outside has no area, and holes in it have
            repaired[i] = shapely.make_valid(
                repaired[i], method="structure", keep_collapsed=False
            )
    return repaired
