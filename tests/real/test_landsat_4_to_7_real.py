"""Real Landsat 4 to 7: reflectance from radiance by hand, and metadata of four generations."""

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio

from minecover.core.cube import Cube
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.sites import Site
from minecover.sources.mtl import read_mtl
from minecover.sources.product_folder import ProductFolder

SCENE = "LT52240631988227CUB02"
#: Inside the 310 x 287 pixels of the cut.
PARA = Site("para", "p", Grid.from_corner("EPSG:32622", 619_995.0, -410_805.0, 200, 200), 8)
#: Band, gain and bias of its MTL [W m-2 sr-1 um-1], and solar irradiance [W m-2 um-1].
BANDS = {
    "blue": (1, 0.671, -2.19134, 1983.0),
    "green": (2, 1.322, -4.16220, 1796.0),
    "red": (3, 1.044, -2.21398, 1536.0),
    "nir08": (4, 0.876, -2.38602, 1031.0),
    "swir16": (5, 0.120, -0.49035, 220.0),
    "swir22": (7, 0.066, -0.21555, 83.44),
}
#: Sun elevation of its MTL, and distance of the sun on 14 August [astronomical units].
SUN_DEG, DISTANCE_AU = 49.75588889, 1.0128


@pytest.fixture(scope="module")
def para(real_data: Path) -> Cube:
    folder = ProductFolder(str(real_data / "landsat5"), 1, (*BANDS, "lwir"), ["landsat-5"])
    return folder.scenes(PARA)


@pytest.mark.parametrize("band", BANDS)
def test_reflectance_is_the_formula_by_hand(para: Cube, real_data: Path, band: str) -> None:
    number, gain, bias, irradiance = BANDS[band]
    rng = np.random.default_rng(number)
    rows, cols = rng.integers(0, para.grid.shape[0], (2, 20))
    with rasterio.open(real_data / "landsat5" / f"{SCENE}_B{number}.TIF") as file:
        points = [para.grid.xy(row, col) for row, col in zip(rows, cols, strict=True)]
        counts = np.array([found.item() for found in file.sample(points)])

    values = para.values(band)[0, 0, rows, cols]

    radiance = gain * counts + bias
    expected = (
        math.pi * radiance * DISTANCE_AU**2 / (irradiance * math.sin(math.radians(SUN_DEG)))
    )
    np.testing.assert_allclose(values, expected, rtol=0.01, atol=1e-4)


def test_forest_is_warm_and_green(para: Cube) -> None:
    red, nir, kelvin = (np.median(para.values(band)) for band in ("red", "nir08", "lwir"))

    assert red < 0.06 < 0.2 < nir
    assert 290 < kelvin < 305


def test_the_scene_is_of_1988_and_has_no_quality_band(para: Cube) -> None:
    assert [day.isoformat() for day in para.dates] == ["1988-08-14"]
    assert para.qa_layout == "none"


@pytest.mark.parametrize(
    ("name", "platform", "collection", "day"),
    [
        pytest.param(
            "mtl/LC08_L1TP_193024_20180824_20200831_02_T1_MTL.txt",
            "landsat-8", "c2", "2018-08-24", id="Landsat 8",
        ),
        pytest.param(
            "mtl/LE07_L1TP_160031_20110416_20161210_01_T1_MTL.TXT",
            "landsat-7", "c1", "2011-04-16", id="Landsat 7",
        ),
        pytest.param(
            "mtl/LT05_L1TP_218072_20100801_20161015_01_T1_MTL.txt",
            "landsat-5", "c1", "2010-08-01", id="Landsat 5",
        ),
        pytest.param(
            f"landsat5/{SCENE}_MTL.txt", "landsat-5", "pre", "1988-08-14",
            id="Landsat 5, padded with NUL bytes",
        ),
    ],
)  # fmt: skip
def test_metadata_of_every_generation_are_read(
    real_data: Path, name: str, platform: str, collection: str, day: str
) -> None:
    mtl = read_mtl(real_data / name)

    assert (mtl.platform, mtl.collection, mtl.level) == (platform, collection, 1)
    assert mtl.day.isoformat() == day
    for band in mtl.sensor.bands:
        is_thermal = band.startswith("lwir")
        scale = mtl.thermal(band)["mult"] if is_thermal else mtl.reflectance(band)[0]
        assert scale > 0


def test_metadata_of_mss_are_refused_with_the_reason(real_data: Path) -> None:
    with pytest.raises(SceneError, match=r"landsat-5 \(sensor MSS\), whose bands are not read"):
        read_mtl(real_data / "mtl" / "LM50490251987214PAC00_MTL.txt")
