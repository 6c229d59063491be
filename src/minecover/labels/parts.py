"""Parts of one feature that lie apart: mines of their own."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from minecover.core.antimeridian import centre

#: Parts of one outline that lie this near to each other are one mine [m].
NEAR_M = 30.0


def split_parts(
    shapes: NDArray[np.object_],
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Split features with several parts where the parts lie further apart than a pixel.

    A dissolved file holds all mines in one MultiPolygon. Parts within a pixel of each other
    (a mine cut by the edge of a map sheet, or at 180 degrees) stay one label.

    Parameters
    ----------
    shapes : (n_rows,) array of Geometry
        Polygons, MultiPolygons, Points or MultiPoints in WGS 84.

    Returns
    -------
    shapes : (n_labels,) array of Geometry
        In the order of the rows, and of the parts in them.
    row : (n_labels,) int
        Row from which each comes.
    """
    split = [_components(shape) for shape in shapes]
    row = np.repeat(np.arange(len(split)), [len(parts) for parts in split])
    labels = np.empty(len(row), object)
    labels[:] = [part for parts in split for part in parts]
    return labels, row


def _components(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """Return the groups of parts that are within a pixel of each other."""
    parts = shapely.get_parts(shape)
    if len(parts) == 1:
        return [parts[0]]
    # Imported here because it takes half a second and most files have single parts.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    lon, lat = centre(shape)
    local = gpd.GeoSeries(parts, crs="EPSG:4326").to_crs(
        f"+proj=aeqd +lon_0={lon:.4f} +lat_0={lat:.4f} +units=m"
    )
    a, b = local.sindex.query(local.to_numpy(), predicate="dwithin", distance=NEAR_M)
    links = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(len(parts), len(parts)))
    n, group = connected_components(links, directed=False)
    if n == 1:
        return [shape]
    joined = {"Polygon": shapely.MultiPolygon, "Point": shapely.MultiPoint}[parts[0].geom_type]
    members = [parts[group == i].tolist() for i in range(n)]
    return [one[0] if len(one) == 1 else joined(one) for one in members]
