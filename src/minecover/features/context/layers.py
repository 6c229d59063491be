"""Vector layers of lines, areas or points, and the features of one near a site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import shapely

from minecover.core.errors import ConfigError
from minecover.core.grid import Grid, transformed_bounds


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
    """

    path: str
    where: str | None

    def __call__(self) -> gpd.GeoDataFrame:
        """Read the features, in the file's CRS.

        Raises
        ------
        ConfigError
            If the file is missing, is not a vector file, or has no features or no CRS.
        """
        if not Path(self.path).exists():
            raise ConfigError(
                f"there is no vector file at {self.path}. Correct its path, or remove the "
                "layer from conf/context: planes and features that need it are then absent."
            )
        try:
            features = gpd.read_file(self.path, where=self.where)
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"{self.path} cannot be read as a vector file, where={self.where}: {error}. "
                "Correct the path or the condition in conf/context."
            ) from error
        if features.empty or features.crs is None:
            lack = "features" if features.empty else "coordinate reference system"
            raise ConfigError(
                f"{self.path} has no {lack}, where={self.where}. Correct the path or the "
                "condition in conf/context, or save the file with features and a CRS."
            )
        return features


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
    box = shapely.box(*transformed_bounds(grid, features.crs.to_wkt()))
    return features.iloc[sorted(features.sindex.query(box))]
