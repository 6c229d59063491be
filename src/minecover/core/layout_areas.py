"""Areas of layouts: read from files or given by bounds, and checked for one UTM zone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from minecover.core.antimeridian import RULE
from minecover.core.errors import SiteError
from minecover.core.vector_checks import VectorFileKind
from minecover.core.vectors import read_polygons

#: Greatest distance of tiles from the middle of their UTM zone, whose half is 3 [degrees].
FURTHEST_DEG = 6.0
AREA_FILE = VectorFileKind(
    SiteError, "area file", "Correct sites.layouts.*.area.", "sites.layouts.*.layer"
)


def read_area(area: str | Sequence[float], layer: str | None) -> shapely.Geometry:
    """Return an area read from a file, or built from its bounds, in WGS 84 [degrees].

    Parameters
    ----------
    area : str or sequence of float
        Path of a vector file, or west, south, east, north [degrees].
    layer : str or None
        Layer of the file; None takes all layers of polygons.

    Raises
    ------
    SiteError
        If the file cannot be read, or the bounds are none.
    """
    if isinstance(area, str):
        return read_polygons(Path(area), AREA_FILE, layer=layer)
    west, south, east, north = area if len(area) == 4 else (0, 0, 0, 0)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise SiteError(
            f"an area is [west, south, east, north] in degrees, found {list(area)}. "
            f"Fix sites.layouts.*.area. {RULE}"
        )
    return shapely.box(*area)


def check_one_zone(area: shapely.Geometry, lon: float) -> None:
    """Refuse an area that reaches far from the middle of the UTM zone of its centroid.

    Parameters
    ----------
    area : geometry
        In WGS 84 [degrees].
    lon : float
        Longitude of its centroid [degrees].

    Raises
    ------
    SiteError
        If it reaches further than `FURTHEST_DEG`.
    """
    middle = (lon + 180) // 6 * 6 - 177
    edges = shapely.bounds(shapely.get_parts(area))[:, [0, 2]]
    away = float(np.abs((edges - middle + 180) % 360 - 180).max())
    if away > FURTHEST_DEG:
        raise SiteError(
            f"the area of a layout of tiles reaches {away:.1f} degrees from the middle of its "
            f"UTM zone (longitude {middle:g}); beyond {FURTHEST_DEG:g} tiles are distorted. "
            "Give each part a layout of its own under sites.layouts, or use `minecover map`."
        )
