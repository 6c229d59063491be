"""What lies round a site: distances to lines and areas, right up to the edge."""

from __future__ import annotations

from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely
from scipy.ndimage import distance_transform_edt

from minecover.cube import F32
from minecover.grid import PIXEL_M, Grid
from minecover.raster import burn

#: Distances are clipped here: farther away, a distance names the site and not the ground [m].
FARTHEST_M = 5000.0


class Layer(Protocol):
    """Anything that gives lines or areas, e.g. rivers."""

    def __call__(self) -> gpd.GeoDataFrame:
        """Give the features, in any CRS."""
        ...


def distance_m(features: gpd.GeoDataFrame, grid: Grid) -> F32:
    """Distance from every pixel to the nearest feature, 0 on it.

    The features are burned on the grid with a margin of `FARTHEST_M`, so that a river outside
    the site counts as much as one inside.

    Parameters
    ----------
    features : GeoDataFrame
        Lines or areas, in any CRS.
    grid : Grid
        Where the distance is asked.

    Returns
    -------
    (row, col) float32
        Metres between pixel centres, at most `FARTHEST_M`.
    """
    margin_px = int(np.ceil(FARTHEST_M / PIXEL_M))
    wide = grid.grown(margin_px)
    local = features.to_crs(wide.crs)
    near = local[local.intersects(shapely.box(*wide.bounds))]
    shape = grid.shape
    if near.empty:
        return np.full(shape, FARTHEST_M, np.float32)
    touched = burn(near.geometry, wide, all_touched=True)
    far = distance_transform_edt(~touched, sampling=PIXEL_M)
    inner = far[margin_px : margin_px + shape[0], margin_px : margin_px + shape[1]]
    return np.asarray(np.minimum(inner, FARTHEST_M), np.float32)
