"""Brumadinho: two footprints 900 m apart, one ground."""

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer

from minecover.core.cube import Cube
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.lattice import LANDSAT
from minecover.core.raster import read_cube, read_grid, write_cube
from minecover.core.sites import Site
from minecover.sources.product_folder import ProductFolder

BANDS = ["blue", "green", "red", "nir08", "swir16", "swir22"]
#: Ground that both scenes show, and ground that only the first one does.
BOTH = Site("both", "both", Grid.around("EPSG:32623", 589_000, -2_227_000, size_px=100), 16)
WEST = Site("west", "west", Grid.around("EPSG:32623", 583_900, -2_227_000, size_px=20), 4)


def source(folder: Path) -> ProductFolder:
    return ProductFolder(folder=str(folder), level=2, bands=BANDS)


@pytest.fixture(scope="module")
def cube(real_data: Path) -> Cube:
    return source(real_data / "brumadinho").scenes(BOTH)


def test_both_dates_are_read_in_full(cube: Cube) -> None:
    assert cube.dates == (date(2019, 1, 14), date(2019, 1, 30))
    assert cube.dn.shape == (2, 6, 132, 132)
    assert (cube.dn > 0).mean() > 0.999
    assert cube.qa_layout == "c2"
    assert set(np.unique(cube.qa)) <= {21824, 22018, 22280, 23888}
    assert np.unique(cube.scale).tolist() == [2.75e-5]
    assert 0.0 < np.nanmedian(cube.values("red")) < 0.2


@pytest.mark.parametrize("index", [0, 1], ids=["before", "after"])
def test_pixels_are_those_of_the_file(cube: Cube, real_data: Path, index: int) -> None:
    # By the files' own transforms, which differ by 30 columns: no resampling, no shift.
    path = sorted((real_data / "brumadinho").glob("*/*_SR_B5.TIF"))[index]
    x, y = cube.grid.xy(40, 70)
    with rasterio.open(path) as file:
        row, col = file.index(x, y)
        block = file.read(1, window=((row, row + 20), (col, col + 20)))

    np.testing.assert_array_equal(
        cube.dn[index, cube.bands.index("nir08"), 40:60, 70:90], block
    )


def test_a_point_on_the_ground_is_the_same_pixel_on_both_dates(cube: Cube) -> None:
    before, after = cube.values("swir16")[:, 0]

    assert best_shift(before, after) == (0, 0)
    assert best_shift(before[:-3, 2:], after[3:, :-2]) == (3, -2)  # the test can tell


def best_shift(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[int, int]:
    """Rows and columns by which `other` must be moved to look most like `one`."""
    flat = [np.nan_to_num(plane - np.nanmedian(plane)) for plane in (one, other)]
    spectrum = np.fft.rfft2(flat[0]) * np.conj(np.fft.rfft2(flat[1]))
    likeness = np.fft.irfft2(spectrum, one.shape)
    peak = np.unravel_index(np.argmax(likeness), one.shape)
    row, col = ((int(at) + n // 2) % n - n // 2 for at, n in zip(peak, one.shape, strict=True))
    return row, col


def test_a_date_that_does_not_reach_a_site_is_left_out(real_data: Path) -> None:
    assert source(real_data / "brumadinho").scenes(WEST).dates == (date(2019, 1, 14),)


def test_the_same_ground_in_the_next_zone(real_data: Path, cube: Cube) -> None:
    to_22 = Transformer.from_crs("EPSG:32623", "EPSG:32622", always_xy=True)
    zone_22 = Grid.around("EPSG:32622", *to_22.transform(589_000, -2_227_000), size_px=100)

    far = source(real_data / "brumadinho").scenes(Site("z22", "z22", zone_22, 4))

    assert (far.dn > 0).mean() > 0.99
    assert set(np.unique(far.qa)) <= {1, 21824, 22018, 22280, 23888}
    assert np.nanmedian(far.values("nir08")) == pytest.approx(
        np.nanmedian(cube.values("nir08")), rel=0.02
    )


def test_the_patch_on_disk_is_the_cube(cube: Cube, tmp_path: Path) -> None:
    write_cube(tmp_path / "both.tif", cube)

    back = read_cube(tmp_path / "both.tif")

    np.testing.assert_array_equal(back.values(), cube.values())
    assert (back.grid, back.dates, back.bands) == (cube.grid, cube.dates, cube.bands)


def test_a_site_elsewhere_is_told_where_the_scenes_lie(real_data: Path) -> None:
    kivu = Site("kivu", "kivu", Grid.around("EPSG:32635", 700_000, -200_000, size_px=100), 8)

    with pytest.raises(SceneError, match=r"longitude -44\.\d+ to -44\.\d+, latitude -20\.\d+"):
        source(real_data / "brumadinho").scenes(kivu)


def test_bands_that_were_not_delivered_are_named(real_data: Path) -> None:
    whole = ProductFolder(str(real_data / "brumadinho"), 2, ["coastal", "blue", "lwir11"])

    with pytest.raises(SceneError, match=r"lacks \S+_SR_B1\.TIF, \S+_ST_B10\.TIF"):
        whole.scenes(BOTH)


@pytest.mark.parametrize(
    ("name", "n_bytes", "message"),
    [
        pytest.param(
            "SR_B4.TIF", 90_000, r"_SR_B4\.TIF cannot be read.*90000 bytes", id="band"
        ),
        pytest.param("MTL.txt", 2_000, r"_MTL\.txt cannot be read.*END is missing", id="MTL"),
    ],
)
def test_an_interrupted_download_is_named(
    real_data: Path, tmp_path: Path, name: str, n_bytes: int, message: str
) -> None:
    shutil.copytree(real_data / "brumadinho", tmp_path / "copy")
    (path,) = (tmp_path / "copy").glob(f"*0130*/*_{name}")
    path.write_bytes(path.read_bytes()[:n_bytes])

    with pytest.raises(SceneError, match=message):
        source(tmp_path / "copy").scenes(BOTH)


def test_the_footprints_are_on_the_lattice_900_m_apart(real_data: Path) -> None:
    before, after = (
        read_grid(path) for path in sorted((real_data / "brumadinho").glob("*/*_SR_B4.TIF"))
    )

    assert after.transform.c - before.transform.c == 900
    assert before.is_on(LANDSAT)
    assert after.is_on(LANDSAT)
