"""Landsat 4, 5 and 7 as files: bands, scaling, gaps and quality bits, and mixed folders."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from products import FOOTPRINT, SITE, DrawnProduct

from minecover.core.errors import ConfigError, SceneError
from minecover.core.grid import Grid
from minecover.core.raster import read_cube, write_cube
from minecover.core.sites import Site
from minecover.features.date_series import DateSeries
from minecover.features.neighbourhood import Neighbourhood
from minecover.features.validity import has_data
from minecover.sources.product_folder import ProductFolder

SURFACE = {
    "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {
        "REFLECTANCE_MULT_BAND_3": "2.75e-05",
        "REFLECTANCE_ADD_BAND_3": "-0.2",
        "REFLECTANCE_MULT_BAND_4": "2.75e-05",
        "REFLECTANCE_ADD_BAND_4": "-0.2",
    },
    "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS": {
        "TEMPERATURE_MULT_BAND_ST_B6": "0.00341802",
        "TEMPERATURE_ADD_BAND_ST_B6": "149.0",
    },
}
#: Level 1 of Landsat 7, with real coefficients of both gains of the thermal band.
ETM_THERMAL = {
    "LEVEL1_RADIOMETRIC_RESCALING": {
        "RADIANCE_MULT_BAND_6_VCID_1": "6.7087E-02",
        "RADIANCE_ADD_BAND_6_VCID_1": "-0.06709",
        "RADIANCE_MULT_BAND_6_VCID_2": "3.7205E-02",
        "RADIANCE_ADD_BAND_6_VCID_2": "3.16280",
    },
    "LEVEL1_THERMAL_CONSTANTS": {
        "K1_CONSTANT_BAND_6_VCID_1": "666.09",
        "K2_CONSTANT_BAND_6_VCID_1": "1282.71",
        "K1_CONSTANT_BAND_6_VCID_2": "666.09",
        "K2_CONSTANT_BAND_6_VCID_2": "1282.71",
    },
}
#: Old Level 1 of Landsat 4 and 5: radiance alone, without constants of the thermal band.
RADIANCE_ALONE = {
    "LEVEL1_RADIOMETRIC_RESCALING": {
        "RADIANCE_MULT_BAND_3": "1.044",
        "RADIANCE_ADD_BAND_3": "-2.21398",
        "RADIANCE_MULT_BAND_6": "0.055",
        "RADIANCE_ADD_BAND_6": "1.18243",
    },
    "LEVEL1_THERMAL_CONSTANTS": {},
}
TM = DrawnProduct(craft="LANDSAT_5", sensor="TM", level="L2SP", groups=SURFACE)
ETM = DrawnProduct(craft="LANDSAT_7", sensor="ETM", level="L2SP", groups=SURFACE)
OLI = DrawnProduct(level="L2SP", day="2017-01-31")
CLEAR = 5440


def source(
    folder: Path, platforms: Sequence[str], *bands: str, level: int = 2
) -> ProductFolder:
    return ProductFolder(str(folder), level, bands or ("red",), platforms)


@pytest.mark.parametrize(
    ("product", "platform"),
    [pytest.param(TM, "landsat-5", id="TM"), pytest.param(ETM, "landsat-7", id="ETM+")],
)
def test_level_2_has_the_scaling_of_its_own_bands(
    tmp_path: Path, product: DrawnProduct, platform: str
) -> None:
    product.put(tmp_path, SR_B3=10_000, SR_B4=20_000, ST_B6=44_000, QA_PIXEL=CLEAR)

    cube = source(tmp_path, [platform], "red", "nir08", "lwir").scenes(SITE)

    assert cube.values("red") == pytest.approx(10_000 * 2.75e-5 - 0.2)
    assert cube.values("nir08") == pytest.approx(20_000 * 2.75e-5 - 0.2)
    assert cube.values("lwir") == pytest.approx(44_000 * 0.00341802 + 149, abs=1e-3)
    assert cube.qa_layout == "c2"


def test_the_temperature_of_landsat_7_is_that_of_the_low_gain(tmp_path: Path) -> None:
    product = DrawnProduct(craft="LANDSAT_7", sensor="ETM", groups=ETM_THERMAL)
    counts = np.full(FOOTPRINT.shape, 140, np.uint8)
    product.put(tmp_path, B6_VCID_1=counts, B6_VCID_2=255, QA_PIXEL=CLEAR)

    cube = source(tmp_path, ["landsat-7"], "lwir", level=1).scenes(SITE)

    radiance = 140 * 6.7087e-2 - 0.06709
    assert cube.values("lwir") == pytest.approx(
        1282.71 / math.log(666.09 / radiance + 1), abs=4e-3
    )


@pytest.mark.parametrize(
    ("craft", "irradiance", "k1", "k2"),
    [
        pytest.param("LANDSAT_4", 1539.0, 671.62, 1284.30, id="Landsat 4"),
        pytest.param("LANDSAT_5", 1536.0, 607.76, 1260.56, id="Landsat 5"),
    ],
)
def test_radiance_alone_becomes_reflectance_and_temperature(
    tmp_path: Path, craft: str, irradiance: float, k1: float, k2: float
) -> None:
    product = DrawnProduct(
        craft=craft, sensor="TM", day="1988-08-14", sun=48.0, groups=RADIANCE_ALONE
    )
    counts = np.full(FOOTPRINT.shape, 40, np.uint8)
    product.put(tmp_path, B3=counts, B6=counts + np.uint8(100))
    platform = craft.lower().replace("_", "-")

    cube = source(tmp_path, [platform], "red", "lwir", level=1).scenes(SITE)

    # On 14 August the sun is 1.0128 astronomical units away.
    radiance = 40 * 1.044 - 2.21398
    toa = math.pi * radiance * 1.0128**2 / (irradiance * math.sin(math.radians(48)))
    assert cube.values("red") == pytest.approx(toa, rel=1e-3)
    kelvin = k2 / math.log(k1 / (140 * 0.055 + 1.18243) + 1)
    assert cube.values("lwir") == pytest.approx(kelvin, abs=4e-3)
    assert cube.dates == (date(1988, 8, 14),)


@pytest.mark.parametrize(
    ("bits", "is_rejected"),
    [
        pytest.param(1 << 0, True, id="band 1"),
        pytest.param(1 << 6, True, id="band 7"),
        pytest.param(1 << 9, True, id="dropped"),
        pytest.param(1 << 5, False, id="temperature, low gain"),
        pytest.param(1 << 8, False, id="temperature, high gain"),
        pytest.param(0, False, id="none"),
    ],
)
@pytest.mark.parametrize("product", [TM, ETM], ids=["TM", "ETM+"])
def test_saturation_is_read_by_the_sensor(
    tmp_path: Path, product: DrawnProduct, bits: int, is_rejected: bool
) -> None:
    product.put(tmp_path, SR_B3=10_000, QA_PIXEL=CLEAR, QA_RADSAT=bits)

    cube = source(tmp_path, ["landsat-5", "landsat-7"]).scenes(SITE)

    assert np.unique(cube.saturated).tolist() == [is_rejected]


#: A scene of 60 x 60 pixels, and a site of 40 x 40 in its middle.
WIDE = Grid.around("EPSG:32635", 700_000, -200_000, size_px=60)
WIDE_SITE = Site("site", "site", WIDE.cut(10, 10, 50, 50), 5)


def with_gaps() -> NDArray[np.bool_]:
    """Return the gaps of a scan line corrector that is off: stripes that widen to the east."""
    row, col = np.indices(WIDE.shape)
    return np.asarray((row + col // 8) % 14 < col // 8)


@pytest.fixture
def landsat_7(tmp_path: Path) -> ProductFolder:
    # Even ground: whatever a gap does to it shows.
    gaps = with_gaps()
    red = np.where(gaps, 0, 10_000).astype(np.uint16)
    qa = np.where(gaps, 1, CLEAR).astype(np.uint16)
    DrawnProduct(craft="LANDSAT_7", sensor="ETM", level="L2SP", groups=SURFACE, grid=WIDE).put(
        tmp_path, SR_B3=red, QA_PIXEL=qa, QA_RADSAT=0
    )
    return source(tmp_path, ["landsat-7"])


def test_gaps_are_not_observed(landsat_7: ProductFolder) -> None:
    cube = landsat_7.scenes(WIDE_SITE)

    gaps = with_gaps()[5:55, 5:55]
    assert 0.1 < gaps.mean() < 0.4
    np.testing.assert_array_equal(has_data(cube)[0], ~gaps)
    np.testing.assert_array_equal(np.isnan(cube.values()[0, 0]), gaps)
    np.testing.assert_array_equal(cube.qa[0] == 1, gaps)


@pytest.mark.parametrize("shift", [(0.5, 0.0), (0.3, 0.4), (-0.25, 0.5)], ids=str)
def test_resampling_smears_no_gap(landsat_7: ProductFolder, shift: tuple[float, float]) -> None:
    moved = Grid(WIDE.crs, WIDE.transform @ Affine.translation(*shift), WIDE.shape)
    site = Site("site", "site", moved.cut(10, 10, 50, 50), 5)

    cube = landsat_7.scenes(site)

    # The nearest pixel decides what is seen, and no digital number is mixed with fill.
    row, col = (np.arange(5, 55) + 0.5 + step for step in shift[::-1])
    nearest = with_gaps()[np.floor(row).astype(int)[:, None], np.floor(col).astype(int)]
    np.testing.assert_array_equal(cube.dn[0, 0] == 0, nearest)
    assert set(np.unique(cube.dn)) == {0, 10_000}
    np.testing.assert_array_equal(cube.qa[0] == 1, nearest)


def test_squares_do_not_see_the_edges_of_gaps(landsat_7: ProductFolder) -> None:
    cube = landsat_7.scenes(WIDE_SITE)
    series = DateSeries.from_planes(
        {"red": cube.values("red")[:, 0]}, has_data(cube), {}, pixel_m=30.0
    )

    means, deviations = Neighbourhood(planes=("red",), sizes_m=(90,)).over_dates(series)

    seen = np.isfinite(means)
    assert means[seen] == pytest.approx(0.075, abs=1e-6)
    assert deviations[seen] == pytest.approx(0, abs=1e-6)
    assert seen[has_data(cube)[0]].all()


def test_the_platforms_decide_what_is_read_of_a_mixed_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    TM.put(tmp_path, SR_B3=10_000, QA_PIXEL=CLEAR)
    OLI.put(tmp_path, SR_B4=12_000, QA_PIXEL=CLEAR)

    old = source(tmp_path, ["landsat-4", "landsat-5"]).scenes(SITE)
    new = source(tmp_path, ["landsat-8"]).scenes(SITE)
    both = source(tmp_path, ["landsat-5", "landsat-8"]).scenes(SITE)

    assert [np.unique(cube.dn).tolist() for cube in (old, new)] == [[10_000], [12_000]]
    assert both.dn[:, 0, 0, 0].tolist() == [10_000, 12_000]
    assert both.dates == (date(2017, 1, 15), date(2017, 1, 31))
    assert "(landsat-5, not landsat-8)" in caplog.text


def test_a_band_that_one_of_the_platforms_lacks_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        source(Path("folder"), ["landsat-5", "landsat-8"], "red", "lwir11")

    assert str(caught.value) == (
        "bands must be some of blue, green, red, nir08, swir16, swir22 (level 2 of landsat-5, "
        "landsat-8), each once, found red, lwir11. Fix source.bands."
    )


def test_a_folder_without_the_platform_is_refused(tmp_path: Path) -> None:
    TM.put(tmp_path, SR_B3=10_000, QA_PIXEL=CLEAR)

    with pytest.raises(SceneError, match=r"found level 2 of landsat-5.*source\.platforms"):
        source(tmp_path, ["landsat-8"]).scenes(SITE)


def test_the_first_days_of_landsat_4_are_kept(tmp_path: Path) -> None:
    product = DrawnProduct(
        craft="LANDSAT_4", sensor="TM", level="L2SP", groups=SURFACE, day="1982-08-22"
    )
    product.put(tmp_path / "in", SR_B3=10_000, QA_PIXEL=CLEAR, QA_RADSAT=0)

    cube = source(tmp_path / "in", ["landsat-4"]).scenes(SITE)

    write_cube(tmp_path / "cube.tif", cube)
    assert read_cube(tmp_path / "cube.tif").dates == (date(1982, 8, 22),)


def test_reflectance_is_turned_into_that_of_another_satellite_where_that_is_wanted(
    tmp_path: Path,
) -> None:
    ETM.put(tmp_path, SR_B3=10_000, SR_B4=20_000, ST_B6=44_000, QA_PIXEL=CLEAR)
    plain = source(tmp_path, ["landsat-7"], "red", "nir08", "lwir")

    turned = replace(plain, like="landsat-8").scenes(SITE)

    assert turned.values("red") == pytest.approx(0.9047 * (10_000 * 2.75e-5 - 0.2) + 0.0061)
    assert turned.values("nir08") == pytest.approx(0.8462 * (20_000 * 2.75e-5 - 0.2) + 0.0412)
    np.testing.assert_array_equal(turned.values("lwir"), plain.scenes(SITE).values("lwir"))


def test_scenes_of_the_wanted_satellite_stay_as_they_are(tmp_path: Path) -> None:
    OLI.put(tmp_path, SR_B4=10_000, SR_B5=20_000, QA_PIXEL=CLEAR)
    plain = source(tmp_path, ["landsat-8"], "red")

    turned = replace(plain, like="landsat-8").scenes(SITE)

    np.testing.assert_array_equal(turned.values("red"), plain.scenes(SITE).values("red"))


def test_an_unknown_satellite_to_be_like_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"source\.scenes\.like"):
        replace(source(tmp_path, ["landsat-7"]), like="landsat-99")


@pytest.mark.parametrize(
    ("platform", "like", "level"),
    [
        pytest.param("landsat-7", "landsat-8", 1, id="top of the atmosphere"),
        pytest.param("landsat-8", "landsat-7", 2, id="the other way round"),
    ],
)
def test_what_no_published_line_turns_is_refused(
    tmp_path: Path, platform: str, like: str, level: int
) -> None:
    plain = source(tmp_path, [platform], "red")

    with pytest.raises(ConfigError, match=rf"level {level} of {platform} into"):
        replace(plain, level=level, like=like)
