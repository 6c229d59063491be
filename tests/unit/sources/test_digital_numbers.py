"""Bands hold digital numbers and 30 m pixels, say how they are scaled, or are refused."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from products import FOOTPRINT, SITE, DrawnProduct

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster import Band
from minecover.sources.product_folder import ProductFolder

#: Reflectance 0.05 ... 0.30 and temperature 280 ... 310 K over the footprint.
REFLECTANCE = np.linspace(0.05, 0.30, FOOTPRINT.shape[0] * FOOTPRINT.shape[1]).reshape(
    FOOTPRINT.shape
)
KELVIN = 280 + 120 * (REFLECTANCE - 0.05)


def put(folder: Path, part: str, pixels: Band, level: int = 1) -> Path:
    """Write a product with one band; return its file."""
    product = DrawnProduct(level="L1TP" if level == 1 else "L2SP")
    home = product.put(folder, **{part: pixels}, QA_PIXEL=21824, QA_RADSAT=0)
    return home / f"{product.product_id}_{part}.TIF"


def declare(path: Path, scale: float, offset: float) -> None:
    """Write scale and offset into a file, as `gdal_edit.py` does."""
    with rasterio.open(path, "r+") as opened:
        opened.scales, opened.offsets = (scale,), (offset,)


def read(folder: Path, band: str, level: int = 1) -> NDArray[np.float32]:
    """Return the values of a band inside of the site."""
    values = ProductFolder(str(folder), level, [band]).scenes(SITE).values(band)
    return values[0, 0, 1:-1, 1:-1]


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(
    ("pixels", "guess"),
    [
        pytest.param(REFLECTANCE.astype(np.float32), "reflectances from 0 to 1", id="0 to 1"),
        pytest.param(REFLECTANCE, "reflectances from 0 to 1", id="0 to 1, float64"),
        pytest.param(np.rint(REFLECTANCE * 100).astype(np.uint8), "times 100", id="percent"),
        pytest.param(np.rint(REFLECTANCE * 1e4).astype(np.int16), "10,000", id="x 10,000"),
        pytest.param(np.rint(REFLECTANCE * 1e4).astype(np.uint16), "10,000", id="unsigned"),
        pytest.param((REFLECTANCE * 1e4).astype(np.float32), "10,000", id="floats x 10,000"),
    ],
)
def test_reflectance_without_scale_is_refused(
    tmp_path: Path, pixels: Band, guess: str, level: int
) -> None:
    path = put(tmp_path, "B4" if level == 1 else "SR_B4", pixels, level)

    with pytest.raises(SceneError) as caught:
        read(tmp_path, "red", level)

    assert str(caught.value).startswith(f"{path} must contain digital numbers")
    assert guess in str(caught.value)
    assert "unscaled" in str(caught.value)


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(
    ("pixels", "guess"),
    [
        pytest.param(KELVIN.astype(np.float32), "kelvin", id="kelvin"),
        pytest.param(np.rint(KELVIN).astype(np.uint16), "kelvin", id="whole kelvin"),
        pytest.param((KELVIN - 273.15).astype(np.float32), "Celsius", id="Celsius"),
        pytest.param(np.rint(KELVIN - 273.15).astype(np.uint8), "Celsius", id="whole Celsius"),
    ],
)
def test_temperatures_without_scale_are_refused(
    tmp_path: Path, pixels: Band, guess: str, level: int
) -> None:
    put(tmp_path, "B10" if level == 1 else "ST_B10", pixels, level)

    with pytest.raises(SceneError, match=f"digital numbers.*temperatures in .*{guess}.*unscal"):
        read(tmp_path, "lwir11", level)


@pytest.mark.parametrize("level", [1, 2])
def test_kelvin_times_ten_is_refused(tmp_path: Path, level: int) -> None:
    """Level 1 would take them for 200 to 202 K, the tops of storms everywhere."""
    stored = np.rint(KELVIN * 10).astype(np.uint16)
    put(tmp_path, "B10" if level == 1 else "ST_B10", stored, level)

    with pytest.raises(SceneError, match=r"digital numbers.*temperatures times 10.*-scale"):
        read(tmp_path, "lwir11", level)


def test_a_storm_over_most_of_a_scene_is_read(tmp_path: Path) -> None:
    dn = np.full(FOOTPRINT.shape, 2900, np.uint16)  # 200 K
    dn[0, :4] = 22_000  # ground at the rim, 4 % of the pixels
    put(tmp_path, "B10", dn)

    np.testing.assert_allclose(read(tmp_path, "lwir11"), 200.9, atol=1)


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(
    ("dtype", "scale", "offset"),
    [
        pytest.param(np.int16, 1e-4, 0.0, id="x 10,000"),
        pytest.param(np.uint16, 1e-4, -0.1, id="x 10,000 from -1,000"),
        pytest.param(np.float32, 0.01, 0.0, id="percent"),
    ],
)
def test_reflectance_is_read_right_where_the_file_says_its_scale(
    tmp_path: Path, dtype: type, scale: float, offset: float, level: int
) -> None:
    stored = (REFLECTANCE - offset) / scale
    stored = np.rint(stored) if np.issubdtype(dtype, np.integer) else stored
    path = put(tmp_path, "B4" if level == 1 else "SR_B4", stored.astype(dtype), level)
    declare(path, scale, offset)

    np.testing.assert_allclose(read(tmp_path, "red", level), REFLECTANCE[3:-3, 3:-3], atol=6e-5)


@pytest.mark.parametrize("level", [1, 2])
def test_temperature_is_read_right_where_the_file_says_its_scale(
    tmp_path: Path, level: int
) -> None:
    stored = np.rint(KELVIN * 10).astype(np.uint16)
    declare(put(tmp_path, "B10" if level == 1 else "ST_B10", stored, level), 0.1, 0.0)

    np.testing.assert_allclose(read(tmp_path, "lwir11", level), KELVIN[3:-3, 3:-3], atol=0.06)


@pytest.mark.parametrize(
    ("scale", "offset"),
    [
        pytest.param(2e-5, -0.1, id="of the MTL"),
        pytest.param(2e-5 / 0.8616, -0.1 / 0.8616, id="corrected for the sun"),
    ],
)
def test_digital_numbers_may_say_their_scale(
    tmp_path: Path, scale: float, offset: float
) -> None:
    dn = np.rint(10_000 * (1 + REFLECTANCE)).astype(np.uint16)
    declare(put(tmp_path, "B4", dn), scale, offset)

    cube = ProductFolder(str(tmp_path), 1, ["red"]).scenes(SITE)

    np.testing.assert_array_equal(cube.dn[0, 0], dn[2:-2, 2:-2])


@pytest.mark.parametrize(
    ("part", "band", "scale"),
    [
        pytest.param("B4", "red", 1e-2, id="reflectances up to 140"),
        pytest.param("B10", "lwir11", 1e-3, id="14 kelvin"),
    ],
)
def test_an_impossible_scale_is_refused(
    tmp_path: Path, part: str, band: str, scale: float
) -> None:
    declare(put(tmp_path, part, np.full(FOOTPRINT.shape, 14_000, np.uint16)), scale, 0.0)

    with pytest.raises(SceneError, match=r"stored \* 0\.0.*unscaled digital numbers"):
        read(tmp_path, band)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_digital_numbers_may_have_another_dtype(tmp_path: Path, dtype: type) -> None:
    dn: Band = np.rint(10_000 * (1 + REFLECTANCE)).astype(dtype)
    put(tmp_path, "B4", dn)

    cube = ProductFolder(str(tmp_path), 1, ["red"]).scenes(SITE)

    np.testing.assert_array_equal(cube.dn[0, 0], dn[2:-2, 2:-2])


def test_a_band_of_dark_pixels_and_noise_is_not_refused(tmp_path: Path) -> None:
    # The cirrus band sees almost nothing: digital numbers around 5000, reflectance around 0.
    dark = np.where(REFLECTANCE > 0.2, 5050, 4900).astype(np.uint16)
    put(tmp_path, "B9", dark)

    assert np.abs(read(tmp_path, "cirrus")).max() < 0.003


@pytest.mark.parametrize(
    ("crs", "transform", "found"),
    [
        pytest.param(
            "EPSG:4326", Affine(3e-4, 0, 28.79, 0, -3e-4, -1.8), "degree", id="degrees"
        ),
        pytest.param(
            "EPSG:4326", Affine(0.004, 0, 28.7, 0, -0.004, -1.7), "degree", id="445 m"
        ),
        pytest.param("EPSG:2263", Affine(98, 0, 98e4, 0, -98, 2e5), "foot", id="feet"),
    ],
)
def test_a_product_that_is_not_in_metres_is_refused(
    tmp_path: Path, crs: str, transform: Affine, found: str
) -> None:
    DrawnProduct(grid=Grid(crs, transform, (40, 40))).put(tmp_path, B4=12000, QA_PIXEL=21824)

    with pytest.raises(SceneError, match=f"must have pixels in metres.*{crs} in.*{found}"):
        read(tmp_path, "red")


@pytest.mark.parametrize(
    ("pixel_m", "cell_m"),
    [
        pytest.param(445, None, id="no word of the size in the MTL"),
        pytest.param(445, 30.0, id="445 m"),
        pytest.param(60, 30.0, id="60 m"),
        pytest.param(10, 30.0, id="10 m"),
    ],
)
def test_pixels_of_another_size_than_the_mtl_says_are_refused(
    tmp_path: Path, pixel_m: float, cell_m: float | None
) -> None:
    t = FOOTPRINT.transform
    other = Grid(FOOTPRINT.crs, Affine(pixel_m, 0, t.c, 0, -pixel_m, t.f), (20, 20))
    DrawnProduct(grid=other, cell_m=cell_m).put(tmp_path, B4=12000, QA_PIXEL=21824)

    with pytest.raises(
        SceneError, match=f"must have pixels of 30 m.*found {pixel_m} x {pixel_m} m"
    ):
        read(tmp_path, "red")


def test_pixels_of_the_size_that_the_mtl_says_are_read(tmp_path: Path) -> None:
    DrawnProduct(cell_m=30.0).put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)

    assert read(tmp_path, "red").shape == SITE.grid.shape


def test_a_file_is_sampled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "B4", np.full(FOOTPRINT.shape, 12_000, np.uint16))
    source = ProductFolder(str(tmp_path), 1, ["red"])
    first = source.scenes(SITE)

    monkeypatch.setattr("minecover.sources.digital_numbers.read_sample", None)

    np.testing.assert_array_equal(source.scenes(SITE).dn, first.dn)
