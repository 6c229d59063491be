"""Map layers of lines, areas or points, and the part of one that lies round a site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import shapely

from minecover.core.errors import ConfigError
from minecover.core.grid import Grid, transformed_bounds


class Layer(Protocol):
    """Anything that gives lines, areas or points, e.g. rivers."""

    def __call__(self) -> gpd.GeoDataFrame:
        """Give the features, in any CRS."""
        ...


@dataclass(frozen=True, slots=True)
class VectorFile:
    """A layer from a file that GDAL reads (GeoPackage, Shapefile, GeoJSON, FlatGeobuf).

    Parameters
    ----------
    path : str
        The file.
    where : str or None
        Which features, as an SQL condition: ``"fclass IN ('primary', 'track')"``.
    """

    path: str
    where: str | None

    def __call__(self) -> gpd.GeoDataFrame:
        """Read the file.

        Raises
        ------
        ConfigError
            If it is missing, is no vector file, holds nothing, or says not where it lies.
        """
        if not Path(self.path).exists():
            raise ConfigError(
                f"there is no vector file at {self.path}. Correct its path, or take the layer "
                "out of the configuration: what needs it is then missing by name."
            )
        try:
            features = gpd.read_file(self.path, where=self.where)
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"{self.path} cannot be read as a vector file, where={self.where}: {error}"
            ) from error
        if features.empty or features.crs is None:
            lack = "features" if features.empty else "coordinate reference system"
            raise ConfigError(
                f"{self.path} has no {lack}, where={self.where}. Correct the path or the "
                "condition, or save the file with both."
            )
        return features


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A layer that has been read already: a file is read once, however many sites there are."""

    features: gpd.GeoDataFrame

    def __call__(self) -> gpd.GeoDataFrame:
        """Give the features."""
        return self.features


def near(features: gpd.GeoDataFrame, grid: Grid) -> gpd.GeoDataFrame:
    """Take the features whose bounding box meets a grid's, whole and in the CRS they have.

    Only these are projected for a site: a country's roads would take longer than all else, and
    far from their UTM zone they have no place in it.
    """
    box = shapely.box(*transformed_bounds(grid, features.crs.to_wkt()))
    return features.iloc[sorted(features.sindex.query(box))]
