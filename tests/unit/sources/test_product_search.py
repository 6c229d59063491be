"""Products lie flat, in folders of any depth and in archives; what is left out is named."""

import json
import logging
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from products import FOOTPRINT, SITE, DrawnProduct

from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.sources.product_folder import ProductFolder

ONE, TWO = DrawnProduct(), DrawnProduct(day="2017-01-31")


def source(folder: Path) -> ProductFolder:
    return ProductFolder(str(folder), 1, ["red"])


def days(folder: Path) -> list[str]:
    return [day.isoformat() for day in source(folder).scenes(SITE).dates]


def put(product: DrawnProduct, folder: Path) -> Path:
    return product.put(folder, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)


def tar(home: Path, path: Path, inside: str = "") -> Path:
    """Pack a product as USGS delivers it, and delete its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for file in sorted(home.iterdir()):
            archive.add(file, f"{inside}{file.name}")
    shutil.rmtree(home)
    return path


def zipped(home: Path, path: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(home.iterdir()):
            archive.write(file, f"{inside}{file.name}")
    shutil.rmtree(home)
    return path


def test_flat_products_do_not_hide_folders(tmp_path: Path) -> None:
    home = put(ONE, tmp_path)
    for path in home.iterdir():
        path.rename(tmp_path / path.name)
    put(TWO, tmp_path / "b")

    assert days(tmp_path) == ["2017-01-15", "2017-01-31"]


def test_folders_may_be_nested_by_year(tmp_path: Path) -> None:
    put(ONE, tmp_path / "2017/january")
    put(TWO, tmp_path)

    assert days(tmp_path) == ["2017-01-15", "2017-01-31"]


@pytest.mark.parametrize("inside", ["", "./", "LC08/", "a b, \u00e9/"])
@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize("name", ["LC08.{}", "SCENE.{}", "a b, #1 \u00e9.{}"])
def test_archives_are_read(tmp_path: Path, pack: object, name: str, inside: str) -> None:
    put(ONE, tmp_path)
    assert callable(pack)
    end = {tar: "tar", zipped: "ZIP"}[pack]
    pack(put(TWO, tmp_path), tmp_path / name.format(end), inside)

    cube = source(tmp_path).scenes(SITE)

    assert [day.isoformat() for day in cube.dates] == ["2017-01-15", "2017-01-31"]
    assert np.unique(cube.dn).tolist() == [12000]
    assert np.unique(cube.qa).tolist() == [21824]


def test_an_archive_may_be_the_source(tmp_path: Path) -> None:
    archive = tar(put(ONE, tmp_path), tmp_path / "LC08.tar")

    assert days(archive) == ["2017-01-15"]


def test_the_size_of_an_archived_product_is_known(tmp_path: Path) -> None:
    put(ONE, tmp_path / "a")
    expected = source(tmp_path / "a").estimate_reading([FOOTPRINT])

    tar(put(ONE, tmp_path / "b"), tmp_path / "b/LC08.tar")

    assert source(tmp_path / "b").estimate_reading([FOOTPRINT]) == expected


def test_a_product_in_a_folder_and_an_archive_is_read_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tar(put(ONE, tmp_path), tmp_path / "LC08.tar")
    put(ONE, tmp_path)

    assert days(tmp_path) == ["2017-01-15"]
    assert "products that are read: 1" in caplog.text
    assert "LC08.tar (the same product is read from" in caplog.text


def test_the_complete_copy_is_read(tmp_path: Path) -> None:
    # The tar was unpacked until the disk was full: the metadata and a band did not arrive.
    tar(put(ONE, tmp_path), tmp_path / "LC08.tar")
    home = put(ONE, tmp_path)
    for path in [*home.glob("*_MTL.json"), *home.glob("*_B4.TIF")]:
        path.unlink()

    assert days(tmp_path) == ["2017-01-15"]


def test_metadata_may_lie_beside_the_bands(tmp_path: Path) -> None:
    home = put(ONE, tmp_path)
    (metadata,) = home.glob("*_MTL.json")
    metadata.rename(tmp_path / metadata.name)

    assert days(tmp_path) == ["2017-01-15"]


def as_text(home: Path, **changed: str) -> None:
    """Write the metadata of a product as text beside its JSON, with some values changed."""
    path = next(home.glob("*_MTL.json"))
    lines = ["GROUP = LANDSAT_METADATA_FILE"]
    for name, keys in json.loads(path.read_text())["LANDSAT_METADATA_FILE"].items():
        values = {key: changed.get(key, value) for key, value in keys.items()}
        lines += [f"GROUP = {name}", *(f"{k} = {v}" for k, v in values.items())]
        lines += [f"END_GROUP = {name}"]
    path.with_suffix(".txt").write_text("\n".join([*lines, "END"]))


def test_two_metadata_files_that_agree_are_one(tmp_path: Path) -> None:
    as_text(put(ONE, tmp_path), REFLECTANCE_MULT_BAND_5="0.00002")

    assert days(tmp_path) == [ONE.day]


def test_two_metadata_files_that_disagree_are_refused(tmp_path: Path) -> None:
    as_text(put(ONE, tmp_path), REFLECTANCE_MULT_BAND_5="4.0000E-05")

    with pytest.raises(SceneError, match=r"BAND_5 is 4.0000E-05 in the first and 2.0000E-05"):
        days(tmp_path)


def test_two_parts_of_one_scene_are_refused(tmp_path: Path) -> None:
    rows, cols = FOOTPRINT.shape
    put(ONE, tmp_path / "west")
    put(DrawnProduct(grid=FOOTPRINT.cut(0, 2, rows, cols)), tmp_path / "east")

    with pytest.raises(SceneError, match="one scene twice, with different extents"):
        days(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("LC08.tar.gz", r"LC08\.tar\.gz \(compressed: unpack", id="tar.gz"),
        pytest.param("LC08.7z", r"LC08\.7z \(compressed", id="7z"),
        pytest.param("S2A_MSIL1C_2017.SAFE", "Sentinel-2 without MTD_MSIL1C", id="Sentinel-2"),
    ],
)
def test_what_is_left_out_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, reason: str
) -> None:
    put(ONE, tmp_path)
    (tmp_path / name).write_bytes(b"")

    assert days(tmp_path) == ["2017-01-15"]
    assert days(tmp_path) == ["2017-01-15"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "products that are read: 1; left out: " in record.message
    (tmp_path / name).rename(tmp_path / "away")
    shutil.rmtree(tmp_path / ONE.product_id)
    (tmp_path / "away").rename(tmp_path / name)
    with pytest.raises(SceneError, match=reason):
        days(tmp_path)


def test_the_other_level_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(ONE, tmp_path)
    DrawnProduct(level="L2SP").put(tmp_path, SR_B4=9000)

    assert days(tmp_path) == ["2017-01-15"]
    assert "LC08_L2SP_173061_20170115_20200905_02_T1 (level 2, not 1)" in caplog.text


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param(f"{TWO.product_id}_B4 (1).TIF", "a browser's copy", id="copy"),
        pytest.param(f"{ONE.product_id}_B4 (2).TIF", "a browser's copy", id="copy of the good"),
        pytest.param(f"{TWO.product_id}_B4.tiff", "not a .TIF", id="tiff"),
        pytest.param(f"{TWO.product_id}_QA_PIXEL.jp2", "not a .TIF", id="quality as jp2"),
        pytest.param(f"{TWO.product_id}_sr_band4.tif", "made by ESPA", id="ESPA"),
        pytest.param(f"{TWO.product_id}_pixel_qa.tif", "made by ESPA", id="quality of ESPA"),
        pytest.param("LC08_173061_20170131.tif", "not named as USGS does", id="Earth Engine"),
        pytest.param(
            "2017-01-31-00_00_Sentinel-2_L2A_B04_(Raw).tiff", "not named as", id="EO Browser"
        ),
    ],
)
@pytest.mark.parametrize("place", [".", "b", ONE.product_id])
def test_images_that_are_no_part_of_a_product_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, reason: str, place: str
) -> None:
    put(ONE, tmp_path)
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / name).write_bytes(b"")

    assert days(tmp_path) == ["2017-01-15"]
    assert f"{name} ({reason}" in caplog.text


def test_an_archive_of_a_product_and_another_image_names_that(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = put(ONE, tmp_path)
    (home / "export.tif").write_bytes(b"")
    zipped(home, tmp_path / "LC08.zip")

    assert days(tmp_path) == ["2017-01-15"]
    assert "LC08.zip/export.tif (not named as USGS does" in caplog.text


@pytest.mark.parametrize("part", ["SAA", "SR_QA_AEROSOL", "ST_CDIST", "refl"])
def test_other_parts_of_a_product_are_not_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    home = put(ONE, tmp_path)
    (home / f"{ONE.product_id}_{part}.TIF").write_bytes(b"")

    assert days(tmp_path) == ["2017-01-15"]
    assert "left out" not in caplog.text


def test_products_of_mss_are_left_out_with_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mss = "LM50490251987214PAC00"
    (tmp_path / f"{mss}_B4.TIF").write_bytes(b"")

    with pytest.raises(SceneError, match=rf"{mss} \(Landsat MSS, which has other bands"):
        days(tmp_path / ".")
    put(ONE, tmp_path)
    assert days(tmp_path) == ["2017-01-15"]
    assert f"{mss} (Landsat MSS" in caplog.text


def test_links_that_lead_back_are_followed_once(tmp_path: Path) -> None:
    put(ONE, tmp_path / "elsewhere")
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "scenes")

    assert days(tmp_path / "scenes") == ["2017-01-15"]


def test_files_of_other_systems_are_not_products(tmp_path: Path) -> None:
    home = put(ONE, tmp_path)
    (home / f"._{ONE.product_id}_B4.TIF").write_bytes(b"macOS")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / f"{TWO.product_id}_B4.TIF").write_bytes(b"macOS")

    assert days(tmp_path) == ["2017-01-15"]


@pytest.mark.parametrize("name", ["LC08.tar", "LC08.zip"])
@pytest.mark.parametrize("n_bytes", [0, 300, 2000])
def test_a_damaged_archive_is_named(tmp_path: Path, name: str, n_bytes: int) -> None:
    pack = tar if name.endswith("tar") else zipped
    path = pack(put(ONE, tmp_path), tmp_path / name)
    path.write_bytes(path.read_bytes()[:n_bytes])

    with pytest.raises(SceneError, match=name.replace(".", "[.]")):
        days(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        pytest.param("LC08.tar", b"\x1f\x8b\x08", "compressed by gzip", id="gzip as tar"),
        pytest.param("LC08.TAR", b"BZh91AY", "compressed by bzip2", id="bzip2 as tar"),
        pytest.param("LC08.zip", b"\x1f\x8b\x08", "compressed by gzip", id="gzip as zip"),
        pytest.param("LC08.tar", b"PK\x03\x04", "zipped in spite", id="zip as tar"),
        pytest.param("LC08.zip", b"<!DOCTYPE html>", "a web page", id="page of a login"),
    ],
)
def test_an_archive_of_another_kind_says_so(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    (tmp_path / name).write_bytes(content + bytes(2000))

    with pytest.raises(SceneError, match=f"{name} is {what}"):
        days(tmp_path)


def test_a_product_that_is_added_is_seen(tmp_path: Path) -> None:
    put(ONE, tmp_path / "2017")
    assert days(tmp_path) == ["2017-01-15"]

    put(TWO, tmp_path / "2017/late")

    assert days(tmp_path) == ["2017-01-15", "2017-01-31"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["", "_MTL.json", "_B4.TIF"])
def test_missing_permissions_are_named(tmp_path: Path, name: str) -> None:
    home = put(ONE, tmp_path)
    path = home / f"{ONE.product_id}{name}" if name else home
    path.chmod(0)

    try:
        with pytest.raises(SceneError, match=r"(may not be|cannot be) .*chmod"):
            days(tmp_path)
    finally:
        path.chmod(0o755)


def test_a_scene_in_an_older_collection_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(ONE, tmp_path)
    home = put(DrawnProduct(level="L1GT"), tmp_path)
    (metadata,) = home.glob("*_MTL.json")
    old = metadata.read_text().replace('"COLLECTION_NUMBER": "02"', '"COLLECTION_NUMBER": "01"')
    metadata.write_text(old)

    assert days(tmp_path) == ["2017-01-15"]
    assert (
        "LC08_L1GT_173061_20170115_20200905_02_T1 (the same scene, in an older" in caplog.text
    )


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    home = put(
        DrawnProduct(grid=Grid.around("EPSG:32635", 700_000, -200_000, size_px=60)), tmp_path
    )
    (band,) = home.glob("*_B4.TIF")
    band.write_bytes(band.read_bytes()[:500])
    tar(home, tmp_path / "LC08.tar")

    with pytest.raises(
        SceneError, match=r"LC08\.tar/LC08.*_B4\.TIF cannot be read as a raster"
    ):
        days(tmp_path)


def test_images_of_other_names_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("scene_1.tif", "a/scene_2.TIFF"):
        (tmp_path / name).write_bytes(b"")

    with pytest.raises(SceneError, match=r"but 2 images such as .*a/scene_2\.TIFF \(not named"):
        days(tmp_path)
