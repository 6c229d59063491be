"""MTL files of three generations: numbers are read from the right group."""

import json
import math
from pathlib import Path

import pytest

from minecover.core.errors import SceneError
from minecover.sources.mtl import read_mtl

#: A Level-2 file contains REFLECTANCE_MULT_BAND_4 twice.
LEVEL_2 = """GROUP = LANDSAT_METADATA_FILE
  GROUP = PRODUCT_CONTENTS
    LANDSAT_PRODUCT_ID = "LC08_L2SP_001070_20190114_20200830_02_T2"
    PROCESSING_LEVEL = "L2SP"
    COLLECTION_NUMBER = 02
  END_GROUP = PRODUCT_CONTENTS
  GROUP = IMAGE_ATTRIBUTES
    SPACECRAFT_ID = "LANDSAT_8"
    SENSOR_ID = "OLI_TIRS"
    WRS_PATH = 1
    WRS_ROW = 70
    DATE_ACQUIRED = 2019-01-14
    SUN_ELEVATION = 59.49769\t
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
    REFLECTANCE_MULT_BAND_4 = 2.75e-05
    REFLECTANCE_ADD_BAND_4 = -0.2
  END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
  GROUP = LEVEL2_SURFACE_TEMPERATURE_PARAMETERS
    TEMPERATURE_MULT_BAND_ST_B10 = 0.00341802
    TEMPERATURE_ADD_BAND_ST_B10 = 149.0
  END_GROUP = LEVEL2_SURFACE_TEMPERATURE_PARAMETERS
  GROUP = LEVEL1_RADIOMETRIC_RESCALING
    REFLECTANCE_MULT_BAND_4 = 2.0000E-05
    REFLECTANCE_ADD_BAND_4 = -0.100000
    RADIANCE_MULT_BAND_10 = 3.3420E-04
    RADIANCE_ADD_BAND_10 = 0.10000
  END_GROUP = LEVEL1_RADIOMETRIC_RESCALING
  GROUP = LEVEL1_THERMAL_CONSTANTS
    K1_CONSTANT_BAND_10 = 774.8853
    K2_CONSTANT_BAND_10 = 1321.0789
  END_GROUP = LEVEL1_THERMAL_CONSTANTS
END_GROUP = LANDSAT_METADATA_FILE
END
"""
LEVEL_1 = LEVEL_2.replace('"L2SP"', '"L1TP"')
COLLECTION_1 = (
    LEVEL_1.replace("COLLECTION_NUMBER = 02", "COLLECTION_NUMBER = 01")
    .replace("PRODUCT_CONTENTS", "METADATA_FILE_INFO")
    .replace("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING")
    .replace("LEVEL1_THERMAL_CONSTANTS", "TIRS_THERMAL_CONSTANTS")
)
PRE_COLLECTION = COLLECTION_1.replace("    COLLECTION_NUMBER = 01\n", "")
SUN = math.sin(math.radians(59.49769))


def written(folder: Path, text: str) -> Path:
    path = folder / "LC08_MTL.txt"
    path.write_text(text)
    return path


def test_a_level_2_product_has_surface_coefficients(tmp_path: Path) -> None:
    mtl = read_mtl(written(tmp_path, LEVEL_2))

    assert (mtl.collection, mtl.level) == ("c2", 2)
    assert mtl.reflectance("red") == (2.75e-05, -0.2)
    assert mtl.surface_temperature("lwir11") == (0.00341802, 149.0)
    assert mtl.day.isoformat() == "2019-01-14"
    assert mtl.path_row == (1, 70)


@pytest.mark.parametrize(
    ("text", "collection"),
    [
        pytest.param(LEVEL_1, "c2", id="collection 2"),
        pytest.param(COLLECTION_1, "c1", id="collection 1"),
        pytest.param(PRE_COLLECTION, "pre", id="before the collections"),
    ],
)
def test_a_level_1_product_has_sun_corrected_coefficients(
    tmp_path: Path, text: str, collection: str
) -> None:
    mtl = read_mtl(written(tmp_path, text))

    scale, offset = mtl.reflectance("red")

    assert (mtl.collection, mtl.level) == (collection, 1)
    assert (scale, offset) == (2e-5 / SUN, -0.1 / SUN)
    assert 12000 * scale + offset == pytest.approx(0.16248, abs=1e-5)
    assert mtl.thermal("lwir11") == {
        "mult": 3.342e-4,
        "add": 0.1,
        "k1": 774.8853,
        "k2": 1321.0789,
    }


def test_json_and_text_are_equal(tmp_path: Path) -> None:
    groups = read_mtl(written(tmp_path, LEVEL_2)).groups
    path = tmp_path / "LC08_MTL.json"
    path.write_text(json.dumps({"LANDSAT_METADATA_FILE": groups}))

    assert read_mtl(path).groups == groups


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(LEVEL_1[:300], "the line END is missing", id="cut short"),
        pytest.param("", "the line END is missing, found 0 characters", id="empty"),
        pytest.param(
            LEVEL_1.replace("LANDSAT_8", "LANDSAT_7"),
            "landsat-7 with the sensor OLI",
            id="ETM+",
        ),
        pytest.param(
            LEVEL_1.replace("END_GROUP = PRODUCT_CONTENTS", "END_GROUP = OTHER"),
            "END_GROUP = OTHER does not match a GROUP",
            id="crossed groups",
        ),
        pytest.param(
            LEVEL_1.replace("SUN_ELEVATION", "SUN_ELEVATION = 10\n    SUN_ELEVATION"),
            "SUN_ELEVATION is there twice, with different values",
            id="a key twice",
        ),
    ],
)
def test_invalid_metadata_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        read_mtl(written(tmp_path, text))


@pytest.mark.parametrize("text", ["{}", "[1]", '{"LANDSAT_METADATA_FILE": "x"}', "{"])
def test_broken_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "LC08_MTL.json"
    path.write_text(text)

    with pytest.raises(SceneError, match="cannot be read as metadata"):
        read_mtl(path)


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        pytest.param(
            "REFLECTANCE_MULT_BAND_4 = 2.0000E-05",
            "",
            "has no REFLECTANCE_MULT_BAND_4 in LEVEL1_RADIOMETRIC_RESCALING",
            id="no coefficient",
        ),
        pytest.param("= 59.49769", "= -3.1", "found an elevation of -3.1 degrees", id="night"),
        pytest.param("= 59.49769", "= high", "SUN_ELEVATION must be a number", id="no number"),
        pytest.param(
            "= 59.49769", "= nan", "SUN_ELEVATION must be a number", id="not a number"
        ),
        pytest.param("= 59.49769", "= 159", "must lie in 0..90 degrees, found 159", id="sun"),
        pytest.param(
            "= 2.0000E-05",
            "= 0",
            "REFLECTANCE_MULT_BAND_4 must be greater than 0, found 0",
            id="no scale",
        ),
        pytest.param("= 2.0000E-05", "= 1e308", r"are 1e\+308, -0.1", id="huge scale"),
        pytest.param("= -0.100000", "= -9999", "are 2e-05, -9999", id="huge offset"),
    ],
)
def test_a_missing_coefficient_is_named(
    tmp_path: Path, line: str, instead: str, message: str
) -> None:
    mtl = read_mtl(written(tmp_path, LEVEL_1.replace(line, instead)))

    with pytest.raises(SceneError, match=message):
        mtl.reflectance("red")


def test_an_invalid_day_is_named(tmp_path: Path) -> None:
    mtl = read_mtl(written(tmp_path, LEVEL_1.replace("2019-01-14", "2019-14-01")))

    with pytest.raises(SceneError, match="DATE_ACQUIRED must be a date, found '2019-14-01'"):
        _ = mtl.day


def test_an_unknown_collection_is_refused(tmp_path: Path) -> None:
    mtl = read_mtl(written(tmp_path, LEVEL_1.replace("NUMBER = 02", "NUMBER = 03")))

    with pytest.raises(SceneError, match="Collection 03"):
        _ = mtl.collection


@pytest.mark.parametrize("axis", ["PATH", "ROW"])
def test_an_invalid_path_or_row_is_named(tmp_path: Path, axis: str) -> None:
    text = LEVEL_1.replace("WRS_PATH = 1", "WRS_PATH = nan").replace("ROW = 70", "ROW = inf")
    mtl = read_mtl(written(tmp_path, text.replace("nan", "nan" if axis == "PATH" else "1")))

    with pytest.raises(SceneError, match=f"WRS_{axis} must be a number"):
        _ = mtl.path_row


@pytest.mark.parametrize(
    ("band", "size_m"), [("red", 30.0), ("pan", 15.0), ("lwir11", 100.0)], ids=str
)
def test_the_size_of_a_pixel_is_that_of_the_band(
    tmp_path: Path, band: str, size_m: float
) -> None:
    group = "  GROUP = PROJECTION_ATTRIBUTES\n" + "".join(
        f"    GRID_CELL_SIZE_{kind} = {size}\n"
        for kind, size in (("PANCHROMATIC", 15), ("REFLECTIVE", 30), ("THERMAL", 100))
    )
    start = "GROUP = LANDSAT_METADATA_FILE\n"
    text = LEVEL_1.replace(start, f"{start}{group}  END_GROUP = PROJECTION_ATTRIBUTES\n", 1)

    assert read_mtl(written(tmp_path, text)).cell_size_m(band) == size_m
    assert read_mtl(written(tmp_path, LEVEL_1)).cell_size_m(band) is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LEVEL_1.encode("utf-16"), id="UTF-16"),
        pytest.param(bytes(range(256)) * 40, id="binary"),
        pytest.param(b"<html>404 not found</html>", id="an error page"),
        pytest.param(b"{" * 100_000, id="braces"),
    ],
)
@pytest.mark.parametrize("name", ["LC08_MTL.txt", "LC08_MTL.json"])
def test_a_file_that_is_no_metadata_is_named(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SceneError, match=name):
        read_mtl(tmp_path / name)


def test_nested_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "LC08_MTL.json").write_text("[" * 100_000)

    with pytest.raises(SceneError, match=r"LC08_MTL\.json cannot be read as metadata"):
        read_mtl(tmp_path / "LC08_MTL.json")


def test_a_folder_in_place_of_metadata_is_named(tmp_path: Path) -> None:
    (tmp_path / "LC08_MTL.txt").mkdir()

    with pytest.raises(SceneError, match=r"LC08_MTL\.txt cannot be read: Is a directory"):
        read_mtl(tmp_path / "LC08_MTL.txt")


def test_old_files_are_padded(tmp_path: Path) -> None:
    padded = LEVEL_1.rstrip("\n") + "\0" * 100

    assert read_mtl(written(tmp_path, padded)).level == 1


@pytest.mark.parametrize("name", ["LC08_MTL.txt", "LC08_MTL.json"])
def test_a_byte_order_mark_is_no_part_of_the_metadata(tmp_path: Path, name: str) -> None:
    groups = read_mtl(written(tmp_path, LEVEL_2)).groups
    text = LEVEL_2 if name.endswith("txt") else json.dumps({"LANDSAT_METADATA_FILE": groups})
    path = tmp_path / name
    path.write_text(text, encoding="utf-8-sig")

    assert read_mtl(path).groups == groups


def test_another_sensor_is_named(tmp_path: Path) -> None:
    text = LEVEL_1.replace('"LANDSAT_8"', '"LANDSAT_5"').replace("OLI_TIRS", "MSS")

    with pytest.raises(SceneError) as caught:
        read_mtl(written(tmp_path, text))

    assert "is of landsat-5 (sensor MSS), whose bands are not read" in str(caught.value)
    assert "Landsat 4 to 9" in str(caught.value)


def test_a_file_without_sensor_is_of_the_only_one(tmp_path: Path) -> None:
    text = LEVEL_1.replace('    SENSOR_ID = "OLI_TIRS"\n', "")

    assert read_mtl(written(tmp_path, text)).sensor.name == "OLI/TIRS"
    with pytest.raises(SceneError, match="has no SENSOR_ID"):
        read_mtl(written(tmp_path, text.replace("LANDSAT_8", "LANDSAT_5")))
