"""Files that a stage reads lie in what DVC watches."""

from pathlib import Path

import pytest

from minecover.core.errors import ConfigError
from minecover.core.watched import check_named_files, check_watched, sidecars


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, a linked file, and a linked folder."""
    (tmp_path / "in").mkdir()
    (tmp_path / "elsewhere").mkdir()
    for name in ("in/mines.gpkg", "elsewhere/points.gpkg"):
        (tmp_path / name).touch()
    (tmp_path / "in/file.gpkg").symlink_to(tmp_path / "elsewhere/points.gpkg")
    (tmp_path / "in/link").symlink_to(tmp_path / "elsewhere")
    return tmp_path


def check(folder: Path, path: str, watched: str) -> None:
    files = {"labels.reader.points": str(folder / path)}
    check_watched(files, watched=str(folder / watched), fix="Set labels.input.")


@pytest.mark.parametrize(
    ("path", "watched"),
    [
        pytest.param("in/mines.gpkg", "in/mines.gpkg", id="the file"),
        pytest.param("in/mines.gpkg", "in", id="in the folder"),
        pytest.param("in/../in/mines.gpkg", "in", id="by a detour"),
        pytest.param("in/file.gpkg", "in", id="a linked file"),
        pytest.param("in/link/points.gpkg", "in/link", id="the link itself is watched"),
    ],
)
def test_files_that_are_watched_are_read(folder: Path, path: str, watched: str) -> None:
    check(folder, path, watched)


@pytest.mark.parametrize(
    ("path", "watched"),
    [
        pytest.param("elsewhere/points.gpkg", "in", id="elsewhere"),
        pytest.param("in/file.gpkg", "in/mines.gpkg", id="beside the file"),
        pytest.param("in/link/points.gpkg", "in", id="in a linked folder"),
    ],
)
def test_files_that_are_not_watched_are_refused(folder: Path, path: str, watched: str) -> None:
    with pytest.raises(ConfigError, match=r"labels\.reader\.points=.*Set labels\.input"):
        check(folder, path, watched)


@pytest.mark.parametrize(
    ("link", "path"),
    [
        pytest.param("in/product", "in", id="a product in the source"),
        pytest.param("in/2017/march", "in", id="a deeper folder"),
        pytest.param("in/dem", "in/dem", id="a folder of tiles in the folder of layers"),
    ],
)
def test_folders_that_contain_linked_folders_are_refused(
    tmp_path: Path, link: str, path: str
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / link).parent.mkdir(parents=True)
    (tmp_path / link).symlink_to(tmp_path / "disk")

    with pytest.raises(ConfigError, match=r"link.*Set source\.input"):
        check_watched(
            {"source.scenes.folder": str(tmp_path / path)},
            watched=str(tmp_path / "in"),
            fix="Set source.input.",
        )


def test_links_of_files_and_links_inside_are_read(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/one.tif").touch()
    (tmp_path / "in/own").mkdir(parents=True)
    (tmp_path / "in/one.tif").symlink_to(tmp_path / "disk/one.tif")
    (tmp_path / "in/again").symlink_to(tmp_path / "in/own")

    check_watched({"source.input": str(tmp_path / "in")}, watched=str(tmp_path / "in"), fix="")


def mosaic(path: Path, name: str, *, beside: bool = True) -> Path:
    path.write_text(
        f'<VRTDataset rasterXSize="9">\n <SourceFilename relativeToVRT="{int(beside)}">{name}'
        "</SourceFilename></VRTDataset>"
    )
    return path


def layers(path: Path, name: str) -> Path:
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="m"><SrcDataSource>{name}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    return path


def test_virtual_files_whose_sources_are_watched_are_read(tmp_path: Path) -> None:
    for name in ("a & b.tif", "mines.gpkg", "dem.zip"):
        (tmp_path / name).touch()
    inner = mosaic(tmp_path / "inner.vrt", "a &amp; b.tif")
    packed = mosaic(tmp_path / "z.vrt", f"/vsizip/{tmp_path}/dem.zip/dem.tif", beside=False)
    files = {
        "mosaic": str(mosaic(tmp_path / "outer.vrt", inner.name)),
        "packed": str(packed),
        "layers": str(layers(tmp_path / "m.vrt", str(tmp_path / "mines.gpkg"))),
    }

    check_watched(files, watched=str(tmp_path), fix="")


@pytest.mark.parametrize(
    "name", ["../dem.tif", "missing.tif", "PG:dbname=mines", "/vsicurl/https://x.org/dem.tif"]
)
@pytest.mark.parametrize("ending", ["vrt", "tif"])
def test_virtual_files_that_name_others_are_refused(
    tmp_path: Path, name: str, ending: str
) -> None:
    (tmp_path / "dem.tif").touch()
    (tmp_path / "in").mkdir()
    inner = mosaic(tmp_path / f"in/inner.{ending}", name)
    outer = layers(tmp_path / "in/outer.vrt", str(inner))

    with pytest.raises(ConfigError, match=r"inner.* is a virtual file .*gdal_translate"):
        check_watched({"context": str(inner)}, watched=str(tmp_path / "in"), fix="")
    with pytest.raises(ConfigError, match=r"outer.* is a virtual file .*gdal_translate"):
        check_watched({"context": str(outer)}, watched=str(tmp_path / "in"), fix="")


def test_a_virtual_file_that_is_watched_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "area.gpkg").touch()
    path = str(layers(tmp_path / "area.vrt", str(tmp_path / "area.gpkg")))

    with pytest.raises(ConfigError, match="area.gpkg"):
        check_named_files("sites.layouts.tiles.area", path, watched=path)


def test_the_sidecars_of_a_shapefile_are_watched(tmp_path: Path) -> None:
    for name in ("mines.shp", "mines.dbf", "mines.PRJ", "other.dbf"):
        (tmp_path / name).touch()
    mines = (tmp_path / "mines.shp").as_posix()

    assert sidecars(mines) == [
        (tmp_path / "mines.dbf").as_posix(),
        (tmp_path / "mines.PRJ").as_posix(),
        mines,
        mines,
    ]


@pytest.mark.parametrize("path", ["mines.gpkg", "folder", ""])
def test_without_sidecars_the_input_itself_is_watched(path: str) -> None:
    assert sidecars(path) == [path] * 4
