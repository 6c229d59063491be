"""Vector layers of lines, areas or points, and the features of one near a site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.errors import ConfigError
from minecover.core.grid import Grid, transformed_bounds
from minecover.core.vector_checks import VectorFileKind
from minecover.core.vectors import read_vector

CONTEXT_FILE = VectorFileKind(
    ConfigError,
    "vector file",
    "Correct its path, or remove the layer from conf/context: planes and features that need it "
    "are then absent.",
    "its `layer` in conf/context",
)


class Layer(Protocol):
    """Anything that returns lines, areas or points, e.g. rivers."""

    def __call__(self) -> gpd.GeoDataFrame:
        """Return the features, in any CRS."""
        ...


@dataclass(frozen=True, slots=True)
class VectorFile:
    """A layer from a file that GDAL reads (GeoPackage, Shapefile, GeoJSON, FlatGeobuf).

    Parameters
    ----------
    path : str
        The file.
    where : str or None
        Features to read, as an SQL condition: ``"fclass IN ('primary', 'track')"``.
    layer : str or None
        Layer of the file; None reads all of its layers.
    """

    path: str
    where: str | None
    layer: str | None = None

    def __call__(self) -> gpd.GeoDataFrame:
        """Read the features, in the file's CRS.

        Raises
        ------
        ConfigError
            If the file is missing, is not a vector file, has no features, no CRS or no such
            layer, or has coordinates that its CRS excludes.
        """
        return read_vector(Path(self.path), CONTEXT_FILE, layer=self.layer, where=self.where)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedLayer:
    """A layer in memory: a file is read once, however many sites there are.

    Parameters
    ----------
    features : GeoDataFrame
        Lines, areas or points, in any CRS.
    """

    features: gpd.GeoDataFrame

    def __call__(self) -> gpd.GeoDataFrame:
        """Return the features."""
        return self.features


def nearby_features(features: gpd.GeoDataFrame, grid: Grid) -> gpd.GeoDataFrame:
    """Return the features whose bounding box meets a grid's, whole and in their own CRS.

    Only these are projected for a site: to project a country's roads would take longer than
    everything else, and fails far from the UTM zone.

    Parameters
    ----------
    features : GeoDataFrame
        Lines, areas or points, in any CRS.
    grid : Grid
        The grid, in any CRS.

    Returns
    -------
    GeoDataFrame
        Rows of `features`, in their order.
    """
    left, bottom, right, top = transformed_bounds(grid, features.crs.to_wkt())
    boxes = [shapely.box(left, bottom, right, top)]
    if left > right:  # in degrees, across the antimeridian
        boxes = [shapely.box(left, bottom, 180, top), shapely.box(-180, bottom, right, top)]
    _, row = features.sindex.query(boxes)
    return features.iloc[np.unique(row)]
