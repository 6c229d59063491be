"""Layers from files: all of a file or one layer, and what is near a site."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from minecover.core.errors import ConfigError
from minecover.core.grid import Grid, project
from minecover.core.sites import Site
from minecover.features.context import Provinces, VectorFile
from minecover.features.context.layers import LoadedLayer, nearby_features


def grid_at(lon: float, lat: float, crs: str) -> Grid:
    return Grid.around(crs, *project(lon, lat, crs), size_px=100)


def test_all_layers_of_a_file_are_read_or_one(tmp_path: Path) -> None:
    path = tmp_path / "roads.gpkg"
    for name, lat in (("tracks", -2.0), ("roads", -2.1)):
        line = shapely.LineString([(28, lat), (29, lat)])
        gpd.GeoDataFrame(geometry=[line], crs="EPSG:4326").to_file(path, layer=name)
    layer = VectorFile(str(path), None)

    assert len(layer()) == 2
    assert replace(layer, layer="roads")().total_bounds[1] == -2.1
    with pytest.raises(ConfigError, match="no layer 'rivers'.*tracks, roads"):
        replace(layer, layer="rivers")()


def test_only_features_on_either_side_of_180_degrees_are_near() -> None:
    places = [shapely.Point(179.999, -17), shapely.Point(-179.999, -17), shapely.Point(0, -17)]
    features = gpd.GeoDataFrame(geometry=places, crs="EPSG:4326")

    near = nearby_features(features, grid_at(180, -17, "EPSG:32601"))

    assert near.index.tolist() == [0, 1]


def test_a_site_at_180_degrees_has_its_province() -> None:
    areas = gpd.GeoDataFrame(
        {"NAME": ["Cakaudrove", "Greenwich"]},
        geometry=[shapely.box(179, -18, 180, -16), shapely.box(-1, -18, 1, -16)],
        crs="EPSG:4326",
    )
    site = Site("a", "", grid_at(179.999, -17, "EPSG:32660"), 0)

    assert Provinces(LoadedLayer(areas), "name", 500)([site]) == ["Cakaudrove"]
