"""Sentinel-2 products: scaling by baseline, classes, tiles of one pass, and error messages."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from products import DrawnProduct
from safe_products import SIDE_M, DrawnSafe, write_image

from minecover.core.errors import ConfigError, SceneError
from minecover.core.grid import Grid
from minecover.core.lattice import Lattice
from minecover.core.quality_bits import UNKNOWN_SCORE
from minecover.core.sensors import MSI
from minecover.core.sites import Site
from minecover.sources.product_folder import ProductFolder

PRODUCT = DrawnSafe()
TEN_M = Lattice("sentinel_2", 10.0)
#: A site of 40 x 40 pixels of 10 m inside the square that drawn products show.
SITE = Site("site", "site", PRODUCT.grid.cut(40, 40, 80, 80), 2)


def source(folder: Path, level: int = 2, *bands: str) -> ProductFolder:
    return ProductFolder(str(folder), level, bands or ("red",), MSI.platforms, TEN_M)


@pytest.mark.parametrize(
    ("product", "dn", "reflectance"),
    [
        pytest.param(DrawnSafe(baseline="02.12", offset=None), 1234, 0.1234, id="02.12"),
        pytest.param(DrawnSafe(baseline="04.00"), 2234, 0.1234, id="04.00"),
        pytest.param(DrawnSafe(baseline="05.09"), 2234, 0.1234, id="05.09"),
        pytest.param(
            DrawnSafe(level=1, baseline="03.01", offset=None), 1234, 0.1234, id="L1C 03.01"
        ),
        pytest.param(DrawnSafe(level=1, baseline="05.00"), 900, -0.01, id="L1C, below 0"),
        pytest.param(
            DrawnSafe(day="2018-03-01", baseline="05.00"), 2234, 0.1234, id="reprocessed"
        ),
    ],
)
def test_reflectance_is_scaled_as_the_metadata_say(
    tmp_path: Path, product: DrawnSafe, dn: int, reflectance: float
) -> None:
    product.put(tmp_path, B04=dn, SCL=4)

    cube = source(tmp_path, product.level).scenes(SITE)

    assert cube.values("red") == pytest.approx(reflectance, abs=1e-6)
    assert [day.isoformat() for day in cube.dates] == [product.day]


def test_each_band_has_its_offset(tmp_path: Path) -> None:
    home = PRODUCT.put(tmp_path, B04=2000, B8A=2000, SCL=4)
    path = home / "MTD_MSIL2A.xml"
    path.write_text(path.read_text().replace('band_id="8">-1000', 'band_id="8">-900'))

    cube = source(tmp_path, 2, "red", "nir08").scenes(SITE)

    assert cube.values()[0, :, 0, 0].tolist() == pytest.approx([0.10, 0.11], abs=1e-6)


@pytest.mark.parametrize("suffix", [".jp2", ".tif"])
def test_pixels_lie_where_they_were(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(7)
    red = rng.integers(1, 9000, (120, 120)).astype(np.uint16)
    swir = rng.integers(1, 9000, (60, 60)).astype(np.uint16)
    scl = rng.integers(0, 12, (60, 60)).astype(np.uint8)
    replace(PRODUCT, suffix=suffix).put(tmp_path, B04=red, B11=swir, SCL=scl)

    cube = source(tmp_path, 2, "red", "swir16").scenes(SITE)

    here, double = slice(38, 82), slice(19, 41)
    np.testing.assert_array_equal(cube.dn[0, 0], red[here, here])
    repeated = swir[double, double].repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(cube.dn[0, 1], repeated)
    classes = scl[double, double].astype(np.uint16).repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(cube.qa[0], classes | UNKNOWN_SCORE << 4)
    assert cube.qa_layout == "s2"


def test_a_converted_image_goes_before_the_one_delivered(tmp_path: Path) -> None:
    PRODUCT.put(tmp_path, B04=2000, SCL=4)
    replace(PRODUCT, suffix=".tif").put(tmp_path, B04=2001)

    assert np.unique(source(tmp_path).scenes(SITE).dn).tolist() == [2001]


def test_saturated_and_missing_pixels_are_told_apart(tmp_path: Path) -> None:
    red = np.full((120, 120), 2000, np.uint16)
    red[40, 40:42] = [0, 65535]
    PRODUCT.put(tmp_path, B04=red, SCL=4)

    cube = source(tmp_path).scenes(SITE)

    assert cube.saturated[0, 2, 2:5].tolist() == [False, True, False]
    assert cube.dn[0, 0, 2, 2:5].tolist() == [0, 65535, 2000]
    assert (cube.qa[0, 2, 2:5] & 15).tolist() == [0, 4, 4]
    assert cube.saturated.sum() == 1


def test_pixels_of_10_m_are_averaged_to_30_m(tmp_path: Path) -> None:
    lattice = Lattice("sentinel_2", 30.0)
    red = np.random.default_rng(7).integers(1, 9000, (120, 120)).astype(np.uint16)
    PRODUCT.put(tmp_path, B04=red, SCL=4)
    left, top = (lattice.below(at) for at in SITE.grid.transform @ (0, 0))
    grid = Grid.from_corner(SITE.grid.crs, left, top, 5, 5)
    row, col = PRODUCT.grid.rowcol(left + 1, top - 1)

    cube = source(tmp_path).scenes(Site("coarse", "c", grid, 0))

    part = red[row : row + 15, col : col + 15].astype(np.float64)
    mean = part.reshape(5, 3, 5, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(cube.dn[0, 0], np.rint(mean))


def test_one_pass_in_two_tiles_is_one_observation(tmp_path: Path) -> None:
    # West of x the first tile has no data; the second one, of older processing, has.
    red = np.full((120, 120), 3000, np.uint16)
    red[:, :60] = 0
    PRODUCT.put(tmp_path, B04=red, SCL=4)
    other = replace(PRODUCT, tile="35MRU", baseline="03.01", offset=None)
    other.put(tmp_path, B04=1000, SCL=5)

    cube = source(tmp_path).scenes(SITE)

    assert len(cube.dates) == 1
    np.testing.assert_allclose(cube.values()[0, 0, :, :22], 0.1, atol=1e-6)
    np.testing.assert_allclose(cube.values()[0, 0, :, 22:], 0.2, atol=1e-6)
    assert np.unique(cube.qa[0, :, :22] & 15).tolist() == [5]


def test_one_tile_in_two_parts_of_a_pass_is_one_observation(tmp_path: Path) -> None:
    west, east = (np.full((120, 120), 3000, np.uint16) for _ in range(2))
    west[:, 60:], east[:, :60] = 0, 0
    PRODUCT.put(tmp_path, B04=west, SCL=4)
    later = replace(PRODUCT, strip="08:30:02", generated="2021-06-02T09:00:00.000Z")
    later.put(tmp_path, B04=east, SCL=4)

    cube = source(tmp_path).scenes(SITE)

    assert len(cube.dates) == 1
    np.testing.assert_allclose(cube.values(), 0.2, atol=1e-6)


def test_tiles_of_two_zones_are_one_observation(tmp_path: Path) -> None:
    # 30 E, 2.2 S is the border of zones 35 and 36: the same ground in both.
    west = DrawnSafe(corner=(832_980.0, 9_756_720.0), tile="35MRT")
    east = DrawnSafe(corner=(166_020.0, 9_756_720.0), crs="EPSG:32736", tile="36MTC")
    image = np.full((120, 120), 2000, np.uint16)
    image[:, 50:] = 0
    west.put(tmp_path, B04=image, SCL=4)
    east.put(tmp_path, B04=2000, SCL=4)
    site = Site("border", "b", west.grid.cut(30, 20, 60, 80), 0)

    cube = source(tmp_path).scenes(site)

    assert len(cube.dates) == 1
    assert (cube.dn[0, 0, :, :30] == 2000).all()
    assert (cube.dn[0, 0] == 2000).mean() > 0.95


def test_two_passes_of_a_day_are_one_observation(tmp_path: Path) -> None:
    PRODUCT.put(tmp_path, B04=2000, SCL=4)
    replace(PRODUCT, craft="Sentinel-2B", start="08:16:09").put(tmp_path, B04=2500, SCL=4)

    cube = source(tmp_path).scenes(SITE)

    assert len(cube.dates) == 1
    assert len(source(tmp_path).product_ids()) == 2


def test_the_newest_processing_of_a_scene_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = replace(PRODUCT, baseline="02.12", offset=None, generated="2021-06-01T10:00:00.000Z")
    old.put(tmp_path, B04=1000, SCL=4)
    PRODUCT.put(tmp_path, B04=3000, SCL=4)

    cube = source(tmp_path).scenes(SITE)

    assert np.unique(cube.dn).tolist() == [3000]
    assert f"{old.product_id} (the same scene, in an older version)" in caplog.text


def test_clouds_of_level_1_come_from_their_raster(tmp_path: Path) -> None:
    product = DrawnSafe(level=1, classi=True)
    home = product.put(tmp_path, B04=2000)
    layers = np.zeros((3, 20, 20), np.uint8)
    layers[0, :, 9], layers[1, :, 10], layers[2, :, 11] = 1, 1, 1
    path = home / f"{product.granule}/QI_DATA/MSK_CLASSI_B00.jp2"
    write_image(path, layers, product.crs, product.corner)

    cube = source(tmp_path, 1).scenes(SITE)

    assert cube.qa_layout == "s2"
    row = (cube.qa[0, 0] & 15).tolist()
    assert row == [5] * 16 + [9] * 6 + [10] * 6 + [11] * 6 + [5] * 10


@pytest.mark.parametrize(
    ("product", "missing"),
    [
        pytest.param(DrawnSafe(day="2021-07-01", level=1), "raster of clouds", id="L1C"),
        pytest.param(DrawnSafe(day="2021-07-01"), "SCL_20m", id="L2A"),
    ],
)
def test_without_classes_there_is_no_layout(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, product: DrawnSafe, missing: str
) -> None:
    product.put(tmp_path, B04=2000)

    cube = source(tmp_path, product.level).scenes(SITE)

    assert cube.qa_layout == "none"
    assert f"{missing}, so no pixel is masked" in caplog.text.replace(" (MSK_CLASSI)", "")


@pytest.mark.parametrize("inside", ["", "delivered/"])
def test_a_zip_as_downloaded_is_read(tmp_path: Path, inside: str) -> None:
    home = PRODUCT.put(tmp_path, B04=2000, SCL=4)
    expected = source(tmp_path).estimate_reading([SITE.grid])
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in home.rglob("*.*"):
            if path.is_file():
                archive.write(path, f"{inside}{path.relative_to(tmp_path)}")
    shutil.rmtree(home)

    cube = source(tmp_path).scenes(SITE)

    assert np.unique(cube.dn).tolist() == [2000]
    assert np.unique(cube.qa & 15).tolist() == [4]
    assert source(tmp_path).estimate_reading([SITE.grid]) == expected


def test_a_product_in_a_folder_and_a_zip_is_read_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = PRODUCT.put(tmp_path / "a/b", B04=2000, SCL=4)
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for path in home.rglob("*.*"):
            archive.write(path, str(path.relative_to(home.parent)))
    home.rename(home.parent / "renamed")

    assert source(tmp_path).product_ids() == [PRODUCT.product_id]
    assert "c.zip" in caplog.text
    assert "(the same product is read from" in caplog.text


def test_both_families_lie_in_one_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    PRODUCT.put(tmp_path, B04=2000, SCL=4)
    landsat = DrawnProduct(level="L2SP")
    landsat.put(tmp_path, SR_B4=9000)

    assert source(tmp_path).product_ids() == [PRODUCT.product_id]
    assert ProductFolder(str(tmp_path), 2, ["red"]).product_ids() == [landsat.product_id]
    assert f"{PRODUCT.product_id} (sentinel-2a, not landsat-8 or landsat-9)" in caplog.text
    assert f"{landsat.product_id} (landsat-8, not sentinel-2a or" in caplog.text


def test_the_other_level_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    PRODUCT.put(tmp_path, B04=2000, SCL=4)
    DrawnSafe(level=1).put(tmp_path, B04=3000)

    assert np.unique(source(tmp_path, 2).scenes(SITE).dn).tolist() == [2000]
    assert "(level 1, not 2)" in caplog.text


def test_a_damaged_product_is_left_out_with_its_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    PRODUCT.put(tmp_path, B04=2000, SCL=4)
    bad = replace(PRODUCT, day="2021-06-11", offset=None)
    bad.put(tmp_path, B04=2000, SCL=4)

    assert source(tmp_path).product_ids() == [PRODUCT.product_id]
    assert "has no BOA_ADD_OFFSET for B01, " in caplog.text


def test_an_l1c_is_not_taken_for_an_l2a(tmp_path: Path) -> None:
    DrawnSafe(level=1).put(tmp_path, B04=2000)

    with pytest.raises(
        SceneError,
        match=r"no product of level 2 of sentinel-2a, .*, found level 1 of sentinel-2a\. Name",
    ):
        source(tmp_path, 2).scenes(SITE)


def test_a_product_without_metadata_is_refused(tmp_path: Path) -> None:
    replace(PRODUCT, without=frozenset({"MTD"})).put(tmp_path, B04=2000, SCL=4)

    with pytest.raises(
        SceneError, match=r"\.SAFE \(Sentinel-2 without MTD_MSIL1C\.xml or .*download the whole"
    ):
        source(tmp_path).scenes(SITE)


@pytest.mark.parametrize("outer", ["{}.SAFE", "{}.SAFE/unpacked", "2021.safe/june.SAFE"])
def test_a_product_may_lie_in_a_folder_of_its_own_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, outer: str
) -> None:
    PRODUCT.put(tmp_path / outer.format(PRODUCT.product_id), B04=2000, SCL=4)

    assert source(tmp_path).product_ids() == [PRODUCT.product_id]
    assert "left out" not in caplog.text


def test_a_zip_in_a_folder_named_as_its_product_is_read(tmp_path: Path) -> None:
    home = PRODUCT.put(tmp_path, B04=2000, SCL=4)
    (tmp_path / "in" / home.name).mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "in" / home.name / "a.zip", "w") as archive:
        for path in home.rglob("*.*"):
            archive.write(path, str(path.relative_to(tmp_path)))

    assert source(tmp_path / "in").product_ids() == [PRODUCT.product_id]


def test_loose_images_are_refused(tmp_path: Path) -> None:
    home = PRODUCT.put(tmp_path, B04=2000)
    (image,) = home.rglob("*.jp2")
    image.rename(tmp_path / image.name)
    shutil.rmtree(home)

    with pytest.raises(SceneError, match="Sentinel-2 without MTD_MSIL1C"):
        source(tmp_path).scenes(SITE)


def test_an_offset_that_the_baseline_needs_is_not_guessed(tmp_path: Path) -> None:
    replace(PRODUCT, baseline="04.00", offset=None).put(tmp_path, B04=2000, SCL=4)

    with pytest.raises(
        SceneError,
        match=r"has no BOA_ADD_OFFSET for B01, .*baseline 04\.00 needs.*wrong by 0\.1",
    ):
        source(tmp_path).scenes(SITE)


def test_all_missing_bands_are_named(tmp_path: Path) -> None:
    PRODUCT.put(tmp_path, B04=2000, SCL=4)

    with pytest.raises(
        SceneError,
        match=r"\.SAFE lacks T35MQU_\w+_B02_10m, T35MQU_\w+_B12_20m \(.*remove blue, swir22",
    ):
        source(tmp_path, 2, "blue", "red", "swir22").scenes(SITE)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_image_is_refused(tmp_path: Path, share: float) -> None:
    noise = np.random.default_rng(7).integers(1, 9000, (120, 120)).astype(np.uint16)
    home = PRODUCT.put(tmp_path, B04=noise, SCL=4)
    (path,) = home.rglob("*_B04_10m.jp2")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    with pytest.raises(SceneError, match=r"B04_10m\.jp2 is cut short: .*FFD9.*Download it"):
        source(tmp_path).scenes(SITE)


def test_a_truncated_image_in_a_zip_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(1, 9000, (120, 120)).astype(np.uint16)
    home = PRODUCT.put(tmp_path, B04=noise, SCL=4)
    (image,) = home.rglob("*_B04_10m.jp2")
    image.write_bytes(image.read_bytes()[:-2000])
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in home.rglob("*.*"):
            archive.write(path, str(path.relative_to(tmp_path)))
    shutil.rmtree(home)

    with pytest.raises(SceneError, match=r"a\.zip/.*B04_10m\.jp2 is cut short"):
        source(tmp_path).scenes(SITE)


def test_an_image_of_another_tile_is_refused(tmp_path: Path) -> None:
    home = PRODUCT.put(tmp_path, SCL=4)
    path = home / f"{PRODUCT.image('B04')}.jp2"
    write_image(path, np.full((120, 120), 2000, np.uint16), "EPSG:32736", PRODUCT.corner)

    with pytest.raises(SceneError, match=r"pixels of 10, 20, 60 m of EPSG:32735 in the tile"):
        source(tmp_path).scenes(SITE)


def test_metadata_that_are_no_xml_are_named(tmp_path: Path) -> None:
    home = PRODUCT.put(tmp_path, B04=2000, SCL=4)
    (home / "MTD_MSIL2A.xml").write_text("<Product>")

    with pytest.raises(SceneError, match=r"MTD_MSIL2A\.xml cannot be read as XML"):
        source(tmp_path).scenes(SITE)


@pytest.mark.parametrize(
    ("platforms", "bands", "message"),
    [
        pytest.param(("sentinel-2d",), ["red"], "found sentinel-2d", id="unknown"),
        pytest.param((), ["red"], "found none", id="none"),
        pytest.param(("landsat-8", "sentinel-2a"), ["red"], "one family", id="two families"),
        pytest.param(MSI.platforms, ["lwir11"], "bands must be some of coastal", id="thermal"),
        pytest.param(MSI.platforms, ["cirrus"], "bands must be", id="cirrus at level 2"),
    ],
)
def test_invalid_settings_are_refused_at_once(
    platforms: tuple[str, ...], bands: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        ProductFolder("nowhere", 2, bands, platforms, TEN_M)


def test_the_extent_lies_on_the_lattice_in_the_northern_zone(tmp_path: Path) -> None:
    PRODUCT.put(tmp_path, B04=2000, SCL=4)

    extent = source(tmp_path).extent()

    assert extent == PRODUCT.grid
    assert extent.bounds[2] - extent.bounds[0] == SIDE_M
