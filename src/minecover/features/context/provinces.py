"""The province of every site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from minecover.core.antimeridian import centre
from minecover.core.errors import ConfigError
from minecover.core.sites import Site, square
from minecover.core.vectors import find_column
from minecover.features.context.layers import Layer


@dataclass(frozen=True, slots=True)
class Provinces:
    """Finds the province of sites, from the nearest area or point of a layer.

    Parameters
    ----------
    layer : Layer
        Provinces as areas, or points with the name of their province (mine visits have it).
    name : str
        Name of the column of province names, in any case.
    within_m : float
        Greatest distance of an area or point from a site's centre [m]: 0 for areas without gaps
        between them, some kilometres for points.
    """

    layer: Layer
    name: str
    within_m: float

    def __post_init__(self) -> None:
        """Refuse a distance that is negative or not finite."""
        if not 0 <= self.within_m < np.inf:
            raise ConfigError(
                f"within_m must be a length, 0 or more, found {self.within_m}. "
                "Fix context.provinces.within_m."
            )

    def __call__(self, sites: Sequence[Site]) -> list[str]:
        """Return the province of each site.

        Parameters
        ----------
        sites : sequence of Site
            At least one site.

        Returns
        -------
        list of str
            Names in the order of the sites; "" where no area or point is near enough.

        Raises
        ------
        ConfigError
            If the layer has no column `name`.
        """
        places = [shapely.Point(centre(square(s.grid))) for s in sites]
        return self.at(gpd.GeoSeries(places, crs="EPSG:4326"))

    def at(self, points: gpd.GeoSeries) -> list[str]:
        """Return the province of each of some points.

        Parameters
        ----------
        points : GeoSeries
            At least one point, in WGS 84.

        Returns
        -------
        list of str
            Names in the order of the points; "" where no area or point is near enough.

        Raises
        ------
        ConfigError
            If the layer has no column `name`.
        """
        areas = self.layer()
        column = find_column(areas, self.name)
        if column is None:
            columns = ", ".join(map(str, areas.columns.drop(areas.geometry.name)))
            raise ConfigError(
                f"the layer of provinces has no column {self.name!r} (found: {columns}). "
                "Fix context.provinces.name."
            )
        areas = areas[areas[column].notna() & ~areas.geometry.isna()]
        names = areas[column].astype(str).to_numpy()
        lon, lat = centre(shapely.MultiPoint(points.tolist()))
        local = f"+proj=aeqd +lon_0={lon:.4f} +lat_0={lat:.4f} +units=m"
        shapes, places = areas.geometry.to_crs(local), points.to_crs(local)
        which, area = shapes.sindex.query(
            places.to_numpy(), predicate="dwithin", distance=self.within_m
        )
        away = shapely.distance(places.to_numpy()[which], shapes.to_numpy()[area])
        found = pd.DataFrame({"site": which, "away": away.round(3), "name": names[area]})
        nearest = found.sort_values(["site", "away", "name"]).drop_duplicates("site")
        by_site = dict(zip(nearest["site"], nearest["name"], strict=True))
        return [str(by_site.get(i, "")) for i in range(len(points))]
