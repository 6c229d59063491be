"""Surfaces from files and from a cache: windows, tiles, unknown ground, cached readings."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import rasterio

from minecover.core.config import composed
from minecover.core.cube import F32
from minecover.core.errors import ConfigError, SceneError
from minecover.core.grid import Grid
from minecover.core.raster import write_planes
from minecover.features.context import (
    CachedSurface,
    FilledSurface,
    RasterFile,
    SurfaceValue,
    compute_context,
)

TILE = Grid.from_corner("EPSG:32635", 600_015.0, 15.0, 4, 6)
HEIGHTS = np.arange(24, dtype=np.float32).reshape(4, 6)


@pytest.fixture
def dem(tmp_path: Path) -> RasterFile:
    """Two tiles, side by side, the right one 100 m higher."""
    write_planes(tmp_path / "a.tif", {"z": HEIGHTS}, TILE)
    right = TILE.cut(0, 6, 4, 12)
    write_planes(tmp_path / "b.tif", {"z": HEIGHTS + 100}, right)
    return RasterFile(path=str(tmp_path), resampling="bilinear")


def test_a_folder_of_tiles_is_one_surface(dem: RasterFile) -> None:
    values = dem(TILE.cut(1, 4, 3, 8))

    np.testing.assert_array_equal(values, [[10, 11, 106, 107], [16, 17, 112, 113]])


def test_beyond_the_edge_of_the_file_values_are_unknown(dem: RasterFile) -> None:
    values = dem(TILE.cut(-1, -1, 1, 2))

    np.testing.assert_array_equal(values, [[np.nan] * 3, [np.nan, 0, 1]])


def test_far_from_the_file_values_are_unknown(dem: RasterFile) -> None:
    assert np.isnan(dem(TILE.cut(900, 900, 904, 904))).all()


@pytest.mark.parametrize("value", [-9999.0, -32768.0, 3.4e38])
def test_values_that_stand_for_unknown_pixels_have_to_be_tagged(
    tmp_path: Path, value: float
) -> None:
    heights = HEIGHTS.copy()
    heights[1, 2] = value
    path = tmp_path / "dem.tif"
    write_planes(path, {"z": heights}, TILE)
    dem = RasterFile(path=str(path), resampling="nearest")

    with pytest.raises(SceneError, match=r"dem\.tif holds .* Tag the file's value"):
        dem(TILE)

    with rasterio.open(path, "r+") as file:
        file.nodata = value
    assert np.isnan(dem(TILE)[1, 2])


def test_a_surface_can_be_one_file(dem: RasterFile, tmp_path: Path) -> None:
    one = RasterFile(path=str(tmp_path / "a.tif"), resampling="nearest")

    np.testing.assert_array_equal(one(TILE), HEIGHTS)


@pytest.mark.parametrize("path", ["none.tif", "."], ids=["no file", "a folder without a tile"])
def test_a_missing_file_names_its_plane(tmp_path: Path, path: str) -> None:
    lost = RasterFile(path=str(tmp_path / path), resampling="nearest")

    with pytest.raises(ConfigError, match=r"context\.planes\.elevation: there is no raster at"):
        compute_context({"elevation": SurfaceValue(lost)}, TILE)


def test_a_file_that_is_not_a_raster_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dem.tif").write_text("text")

    with pytest.raises(SceneError, match=r"dem\.tif cannot be read"):
        RasterFile(path=str(tmp_path / "dem.tif"), resampling="nearest")(TILE)


def test_an_unknown_resampling_method_is_refused() -> None:
    key = "context.planes.slope.surface.resampling"
    params = composed(["context=files", "context.input=layers", f"{key}=cubic"])

    with pytest.raises(ConfigError, match="nearest, bilinear or average, found 'cubic'"):
        params.build("context.planes")


@dataclass(frozen=True)
class Service:
    """A surface of ones, known left of the middle, that records each reading."""

    asset: str
    client: list[str] = field(hash=False)

    def __call__(self, grid: Grid) -> F32:
        self.client.append(self.asset)
        values = np.ones(grid.shape, np.float32)
        values[:, grid.shape[1] // 2 :] = np.nan
        return values


def test_unknown_values_can_be_filled() -> None:
    values = FilledSurface(Service("water", []), value=0)(TILE)

    np.testing.assert_array_equal(values[0], [1, 1, 1, 0, 0, 0])


def test_a_cached_surface_is_read_once(tmp_path: Path) -> None:
    client: list[str] = []

    first = CachedSurface(Service("dem", client), "client", str(tmp_path))(TILE)
    again = CachedSurface(Service("dem", []), "client", str(tmp_path))(TILE)

    assert client == ["dem"]
    np.testing.assert_array_equal(first, again, strict=True)


def test_another_grid_and_another_asset_are_read_again(tmp_path: Path) -> None:
    client: list[str] = []
    CachedSurface(Service("dem", client), "client", str(tmp_path))(TILE)

    CachedSurface(Service("dem", client), "client", str(tmp_path))(TILE.grown(1))
    CachedSurface(Service("water", client), "client", str(tmp_path))(TILE)

    assert client == ["dem", "dem", "water"]


def test_a_failed_reading_leaves_no_file(tmp_path: Path) -> None:
    lost = CachedSurface(RasterFile("none.tif", "nearest"), "resampling", str(tmp_path))

    with pytest.raises(ConfigError):
        lost(TILE)

    assert list(tmp_path.iterdir()) == []


def test_the_ignored_field_must_exist() -> None:
    with pytest.raises(
        ConfigError, match=r"field of the surface \(asset, client\).*'patience'"
    ):
        CachedSurface(Service("dem", []), "patience", "store")
