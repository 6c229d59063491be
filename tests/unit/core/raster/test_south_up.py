"""Windows of rasters that have the south on top."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster.south_up import MARGIN_PX, north_up_grid, read_window

#: Two bands of 30 x 20 pixels of 10 m, as they lie on the ground: the north on top.
GROUND = Grid("EPSG:32735", Affine(10, 0, 700_000, 0, -10, 9_800_000), (30, 20))
VALUES = np.arange(2 * 30 * 20, dtype=np.int16).reshape(2, 30, 20)


@pytest.fixture
def south_up(tmp_path: Path) -> Path:
    path = tmp_path / "south_up.tif"
    write(path, Affine(10, 0, 700_000, 0, 10, 9_800_000 - 300))
    return path


def write(path: Path, transform: Affine) -> None:
    shape = {"width": 20, "height": 30, "count": 2, "dtype": "int16"}
    with rasterio.open(
        path, "w", driver="GTiff", crs=GROUND.crs, transform=transform, **shape
    ) as sink:
        sink.write(VALUES[:, ::-1])


def test_the_grid_has_the_north_on_top(south_up: Path) -> None:
    assert north_up_grid(south_up) == (GROUND, 2, np.dtype(np.int16))


@pytest.mark.parametrize("crs", ["EPSG:32735", "EPSG:32635"])
def test_a_window_is_that_of_the_ground(south_up: Path, crs: str) -> None:
    wanted = GROUND.cut(10, 5, 14, 8)
    shift = Affine.translation(0, -1e7 if crs == "EPSG:32635" else 0)

    window = read_window(south_up, Grid(crs, shift @ wanted.transform, wanted.shape))

    assert window is not None
    col, row = (
        round(at) for at in ~window.grid.transform @ (wanted.transform.c, wanted.transform.f)
    )
    assert min(row, col) >= MARGIN_PX - 1
    found = window.values[:, row : row + 4, col : col + 3]
    np.testing.assert_array_equal(found, VALUES[:, 10:14, 5:8])
    assert window.values.shape[1:] == window.grid.shape
    assert window.grid.shape[0] < GROUND.shape[0]


def test_ground_beside_the_file_has_no_window(south_up: Path) -> None:
    assert read_window(south_up, GROUND.cut(100, 100, 104, 104)) is None


def test_a_rotated_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "rotated.tif", Affine(10, 3, 700_000, 3, 10, 9_800_000))

    with pytest.raises(SceneError, match="cannot be laid on the ground"):
        north_up_grid(tmp_path / "rotated.tif")
