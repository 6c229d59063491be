"""STAC items of a map: valid for pystac, with the paths, dates and ground of each tile."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pystac
import pytest
import shapely
from pystac.extensions.projection import ProjectionExtension

from minecover.core.grid import Grid
from minecover.core.raster.tile_files import write_tile
from minecover.core.sites import square
from minecover.prediction.region.mosaic import ITEMS, LAYERS, tile_path, write_map
from minecover.prediction.region.tile_ledger import EMPTY, OK, Outcome
from minecover.prediction.region.tiles import Tile

GRID = Grid.from_corner("EPSG:32635", 600_015.0, -450_015.0, 64, 128)
WEST, EAST, EMPTY_TILE = (
    Tile("32635_w", GRID.cut(0, 0, 64, 64)),
    Tile("32635_e", GRID.cut(0, 64, 64, 128)),
    Tile("32635_n", GRID),
)
DONE = Outcome("32635_w", OK, 4096, 4000, 7, "2016-10-26/2017-01-30", 3, 1.5, "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a map of two tiles, and of a third that no scene shows."""
    folder = tmp_path_factory.mktemp("map")
    plane = np.ones((64, 64), np.uint8)
    for tile in (WEST, EAST):
        for layer, (dtype, _, _) in LAYERS.items():
            path = folder / tile_path(layer, tile.tile_id)
            write_tile(path, plane.astype(dtype), tile.grid, name=layer)
    outcomes = {
        WEST.tile_id: DONE,
        EAST.tile_id: replace(DONE, tile_id="32635_e"),
        EMPTY_TILE.tile_id: replace(DONE, tile_id="32635_n", state=EMPTY, days=""),
    }
    write_map(folder, [WEST, EAST, EMPTY_TILE], outcomes, {"minecover:model": "abc"})
    return folder


def test_items_are_of_the_tiles_with_files(folder: Path) -> None:
    items = pystac.ItemCollection.from_file(str(folder / ITEMS))

    assert [item.id for item in items] == ["32635_e", "32635_w"]


def test_an_item_has_time_ground_and_counts_of_its_tile(folder: Path) -> None:
    content = json.loads((folder / ITEMS).read_text())["features"][1]

    assert content["properties"] == {
        "datetime": None,
        "start_datetime": "2016-10-26T00:00:00Z",
        "end_datetime": "2017-01-30T23:59:59Z",
        "proj:epsg": 32635,
        "proj:shape": [64, 64],
        "proj:transform": [30.0, 0.0, 600015.0, 0.0, -30.0, -450015.0],
        "minecover:observed": 4000,
        "minecover:mines": 7,
        "minecover:model": "abc",
    }
    outline = shapely.geometry.shape(content["geometry"])
    np.testing.assert_allclose(outline.bounds, square(WEST.grid).bounds, atol=1e-7)
    np.testing.assert_allclose(content["bbox"], outline.bounds, atol=1e-7)


def test_pystac_reads_the_projection_of_an_item(folder: Path) -> None:
    item = list(pystac.ItemCollection.from_file(str(folder / ITEMS)))[1]

    projection = ProjectionExtension.ext(item)

    assert (projection.epsg, projection.shape) == (32635, [64, 64])


def test_assets_are_the_files_beside_the_collection(folder: Path) -> None:
    item = list(pystac.ItemCollection.from_file(str(folder / ITEMS)))[1]

    assert {name: asset.href for name, asset in item.assets.items()} == {
        "probability": "./probability/32635_w.tif",
        "class": "./class/32635_w.tif",
    }
    assert all((folder / asset.href).is_file() for asset in item.assets.values())
    assert {asset.media_type for asset in item.assets.values()} == {pystac.MediaType.COG}
    assert [asset.roles for asset in item.assets.values()] == [["data"]] * 2
