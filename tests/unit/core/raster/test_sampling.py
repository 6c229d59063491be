"""A sample of a raster: some pixels with data, and what the header says."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster import read_grid, read_sample, write_planes

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=4)


def test_fill_and_nodata_are_not_sampled(tmp_path: Path) -> None:
    values = np.array([[0, np.nan, 3, 4], [5, 6, 7, 8], [0, 0, 0, 0], [0, 0, 0, 9]], np.float32)
    write_planes(tmp_path / "b4.tif", {"red": values}, GRID)

    sample = read_sample(tmp_path / "b4.tif")

    assert sample.values.tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert (sample.dtype, sample.scale, sample.offset) == ("float32", 1.0, 0.0)
    assert sample.grid == GRID


@pytest.mark.parametrize(
    ("rows", "cols"),
    [
        pytest.param(0, 0, id="data in the first corner"),
        pytest.param(900, 1100, id="data in the last corner"),
        pytest.param(450, 550, id="data in the middle"),
    ],
)
def test_data_are_found_wherever_they_lie(tmp_path: Path, rows: int, cols: int) -> None:
    values = np.zeros((1000, 1200), np.uint16)
    values[rows : rows + 100, cols : cols + 100] = 12_000
    grid = Grid.from_corner(GRID.crs, 700_005, -200_025, *values.shape)
    write_planes(tmp_path / "b4.tif", {"red": values}, grid)

    assert set(read_sample(tmp_path / "b4.tif").values) == {12_000}


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 3), (321, 320)])
def test_any_shape_can_be_sampled(tmp_path: Path, shape: tuple[int, int]) -> None:
    grid = Grid.from_corner(GRID.crs, 700_005, -200_025, *shape)
    write_planes(tmp_path / "b4.tif", {"red": np.full(shape, 7, np.uint8)}, grid)

    assert set(read_sample(tmp_path / "b4.tif").values) == {7}


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    shape = {"count": 1, "height": 4, "width": 4, "dtype": "complex64"}
    place = {"crs": GRID.crs, "transform": GRID.transform}
    with rasterio.open(tmp_path / "sar.tif", "w", driver="GTiff", **shape, **place) as sink:
        sink.write(np.ones((1, 4, 4), np.complex64))

    with pytest.raises(SceneError, match=r"sar\.tif must hold real numbers, found complex64"):
        read_sample(tmp_path / "sar.tif")


@pytest.mark.parametrize(
    "transform",
    [
        pytest.param(rasterio.Affine(30, 0, 0, 0, 30, 0), id="south up"),
        pytest.param(rasterio.Affine(20, 10, 0, 10, -20, 0), id="rotated"),
    ],
)
def test_a_raster_that_is_not_north_up_is_named(
    tmp_path: Path, transform: rasterio.Affine
) -> None:
    shape = {"count": 1, "height": 4, "width": 4, "dtype": "uint8"}
    place = {"crs": GRID.crs, "transform": transform}
    with rasterio.open(tmp_path / "b4.tif", "w", driver="GTiff", **shape, **place) as sink:
        sink.write(np.ones((1, 4, 4), np.uint8))

    with pytest.raises(SceneError, match=r"b4\.tif cannot be laid on the ground.*gdalwarp"):
        read_grid(tmp_path / "b4.tif")
