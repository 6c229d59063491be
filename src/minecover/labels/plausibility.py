"""Outlines and points that can be read, and are hardly mines."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod

from minecover.core.vector_checks import rows

#: Areas beyond which an outline is hardly a mine: the largest pits have some thousand hectares,
#: and a thirtieth of a pixel of 10 m cannot be seen [ha].
LARGEST_HA, SMALLEST_HA = 20_000, 0.0003
#: Distance from longitude 0 and latitude 0 within which there is only sea [degrees].
NEAR_ZERO_DEG = 0.1
EARTH = Geod(ellps="WGS84")


def area_ha(shape: shapely.Geometry) -> float:
    """Return the area of a shape in degrees on the ellipsoid [ha]; 0 for lines and points."""
    # Its orientation makes holes count as negative.
    area_m2, _ = EARTH.geometry_area_perimeter(shapely.orient_polygons(shape))
    return abs(float(area_m2)) / 1e4


def odd_places(features: gpd.GeoDataFrame) -> Iterator[str]:
    """Yield a sentence for each kind of feature that is hardly a mine, with its rows.

    Parameters
    ----------
    features : GeoDataFrame
        Outlines or points in WGS 84; the index holds the rows of the file.
    """
    shapes = features.geometry.to_numpy()
    has_area = shapely.get_dimensions(shapes) == 2
    areas = np.array([area_ha(shape) for shape in shapes])
    odd = {
        "at longitude 0 and latitude 0, which a receiver without a fix writes": shapely.dwithin(
            shapes, shapely.Point(0, 0), NEAR_ZERO_DEG
        ),
        f"larger than {LARGEST_HA:,} ha, as a concession or a province": areas > LARGEST_HA,
        f"smaller than {SMALLEST_HA * 1e4:g} m2": has_area & (areas < SMALLEST_HA),
    }
    for what, which in odd.items():
        if which.any():
            yield f"{rows(features.index[which])}: {what}. Delete it unless it is a mine."
