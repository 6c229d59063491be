"""Files that a stage reads lie in what DVC watches."""

from pathlib import Path

import pytest

from minecover.core.errors import ConfigError
from minecover.core.watched import check_watched, sidecars


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
