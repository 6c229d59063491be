"""Pixels that a file's own mask hides have no data, whatever is stored there."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from minecover.core.grid import Grid
from minecover.core.raster import read_band
from minecover.core.raster.resampling import Method

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=8)
#: The western half is hidden.
HIDDEN = np.indices(GRID.shape)[1] < 4


def drawn(
    path: Path, *, inside: bool, dtype: str = "uint16", nodata: int | None = None
) -> Path:
    """Write a file of 9000 whose hidden pixels hold 500."""
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=inside),
        rasterio.open(
            path, "w", driver="GTiff", width=8, height=8, count=1, dtype=dtype, nodata=nodata,
            crs=GRID.crs, transform=GRID.transform,
        ) as sink,
    ):  # fmt: skip
        sink.write(np.where(HIDDEN, 500, 9000).astype(dtype), 1)
        sink.write_mask(~HIDDEN)
    return path


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "beside"])
@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average", "adaptive"])
@pytest.mark.parametrize("fill", [0, np.nan])
def test_masked_pixels_have_no_data(
    tmp_path: Path, inside: bool, resampling: Method, fill: float
) -> None:
    path = drawn(tmp_path / "a.tif", inside=inside)

    found = read_band(path, GRID, resampling=resampling, fill=fill)

    expected = np.where(HIDDEN, fill, 9000)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("resampling", ["average", "adaptive"])
def test_masked_pixels_count_in_no_mean(tmp_path: Path, resampling: Method) -> None:
    path = drawn(tmp_path / "a.tif", inside=True)
    x, y = GRID.bounds[0], GRID.bounds[3]
    coarse = Grid.from_corner(GRID.crs, x, y, 2, 2, pixel_m=120)

    found = read_band(path, coarse, resampling=resampling)

    assert found.tolist() == [[0, 9000], [0, 9000]]


def test_masked_pixels_have_no_data_between_pixels(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.tif", inside=True, dtype="float32")
    moved = Grid.from_corner(GRID.crs, GRID.bounds[0] + 12, GRID.bounds[3] - 12, 6, 6)

    found = read_band(path, moved, resampling="bilinear", fill=np.nan)

    seen = found[np.isfinite(found)]
    assert 12 <= seen.size < 24
    assert np.unique(seen).tolist() == [9000]
