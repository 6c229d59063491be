"""Files of maps say what they show, by tags, names and colours, in the same bytes."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio

from minecover.core.grid import Grid
from minecover.core.map_classes import CLASS_COLOURS, CLASS_NAMES
from minecover.core.raster import read_planes, write_cog
from minecover.core.raster.tile_files import MosaicTile, write_mosaic, write_tile

GRID = Grid.from_corner("EPSG:32635", 600_015.0, -450_015.0, 300, 300)
CLASSES = (np.arange(GRID.shape[0] * GRID.shape[1]).reshape(GRID.shape) // 400 % 4).astype(
    np.uint8
)
TAGS = {"MINECOVER_THRESHOLD": "0.4", "MINECOVER_MODEL": "minecover version 3"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a tile of classes, and a mosaic of it."""
    write_tile(tmp_path / "tile.tif", CLASSES, GRID, name="class", tags=TAGS)
    tile = MosaicTile("tile.tif", GRID)
    write_mosaic(tmp_path / "mosaic.vrt", [tile], "uint8", 0, TAGS)
    return tmp_path


@pytest.mark.parametrize("name", ["tile.tif", "mosaic.vrt"])
def test_a_file_of_classes_says_what_each_class_is(folder: Path, name: str) -> None:
    with rasterio.open(folder / name) as file:
        tags, of_band, colours = file.tags(), file.tags(1), file.colormap(1)

    assert tags.items() >= TAGS.items()
    assert [of_band[f"CLASS_{number}"] for number in range(4)] == list(CLASS_NAMES)
    assert [colours[number] for number in range(4)] == list(CLASS_COLOURS)
    np.testing.assert_array_equal(next(iter(read_planes(folder / name).values())), CLASSES)


@pytest.mark.parametrize("name", ["tile.tif.aux.xml", "mosaic.vrt"])
def test_gdal_finds_the_names_of_the_categories(folder: Path, name: str) -> None:
    root = ElementTree.parse(folder / name).getroot()

    assert [one.text for one in root.iter("Category")] == list(CLASS_NAMES)


def test_probabilities_have_tags_and_no_colours(tmp_path: Path) -> None:
    plane = np.full(GRID.shape, 0.25, np.float32)

    write_tile(tmp_path / "tile.tif", plane, GRID, name="probability", tags=TAGS)

    with rasterio.open(tmp_path / "tile.tif") as file:
        assert file.tags().items() >= TAGS.items()
    assert [path.name for path in tmp_path.iterdir()] == ["tile.tif"]


def test_a_map_of_several_bands_says_what_each_shows(tmp_path: Path) -> None:
    plane = np.full(GRID.shape, 0.25, np.float32)
    planes = {"probability": plane, "applicable": plane}

    write_cog(tmp_path / "map.tif", planes, GRID, tags=TAGS, meanings={"applicable": "1: yes"})

    with rasterio.open(tmp_path / "map.tif") as file:
        assert file.tags().items() >= TAGS.items()
        assert [file.tags(band).get("MEANING") for band in (1, 2)] == [None, "1: yes"]


def test_the_same_classes_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in folder.iterdir()}

    write_tile(tmp_path / "again/tile.tif", CLASSES, GRID, name="class", tags=TAGS)
    write_mosaic(
        tmp_path / "again/mosaic.vrt", [MosaicTile("tile.tif", GRID)], "uint8", 0, TAGS
    )

    assert {p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()} == first
