"""DVC watches every file that a stage reads by a path in conf/, or the stage refuses it."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
import yaml
from click.testing import CliRunner
from hydra.utils import get_object

from minecover.cli import main
from minecover.core.config import Params, composed
from minecover.core.errors import ConfigError
from minecover.pipeline.stages import context, imagery, labels, sites

ROOT = Path(__file__).parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
#: How a parameter's description begins whose value is a path.
A_PATH = re.compile(
    r"(Path of|Files? of|The file|A file|An \S+ file|The folder|Folder of|CSV,)"
)
PATH_INSIDE = re.compile(r"\bpath of\b")
#: Paths of what is written or of keys to a service: no stage reads data there.
NO_DATA = {
    "minecover.features.context.CachedSurface.store",
    "minecover.sources.earth_engine.EarthEngine.credentials",
    "minecover.tracking.types.Tracking.folder",
}
#: What options need beside the path that is tried.
NEEDS = {
    "labels": ["labels.input=in"],
    "context": ["context.input=in"],
    "sites": [],
    "source": ["source.input=in", "labels=files", "labels.input=in", "context=none"],
}
#: Stages that refuse paths outside of what is watched.
CHECKS = {
    "labels": labels.check_files,
    "sites": sites.check_files,
    "imagery": imagery.check_files,
    "context": context.check_files,
}


def described(target: str, name: str) -> str:
    """What a docstring says of a parameter."""
    text = inspect.getdoc(get_object(target)) or ""
    found = re.search(
        rf"^(?:\w+, )*{name}(?:, \w+)* : .*\n((?:    .*\n?)+)", text, re.MULTILINE
    )
    return " ".join(found[1].split()) if found else ""


def is_path(target: str, name: str) -> bool:
    text = described(target, name)
    return bool(A_PATH.match(text) or PATH_INSIDE.search(text))


def found_paths(node: object, key: str) -> Iterator[tuple[str, str]]:
    """Key, and class and parameter, of every path below a node of conf/."""
    if not isinstance(node, dict):
        return
    target = node.get("_target_")
    for name, value in node.items():
        below = f"{key}.{name}" if key else name
        if target and name != "_target_" and is_path(target, name):
            yield below, f"{target}.{name}"
        yield from found_paths(value, below)


def all_paths() -> Iterator[tuple[str, str, str]]:
    """Choice of an option, key, and class and parameter of every path in conf/."""
    for file in sorted((ROOT / "conf").rglob("*.yaml")):
        group = file.parent.relative_to(ROOT / "conf").as_posix()
        text = file.read_text()
        package = re.match(r"# @package (\S+)", text)
        prefix = package[1].replace("_global_", "") if package else group.replace(".", "")
        choice = "" if group == "." else f"{group}={file.stem}"
        for key, parameter in found_paths(yaml.safe_load(text), prefix):
            yield choice, key, parameter


PATHS = [one for one in all_paths() if one[2] not in NO_DATA]


def dependencies(stage: str, params: Params) -> list[Path]:
    """The dependencies of a stage, with the values of the configuration filled in."""

    def fill(match: re.Match[str]) -> str:
        key, _, number = match[1].partition("[")
        value = params.value(key)
        return str(value[int(number.rstrip("]"))] if number else value)

    return [Path(re.sub(r"\$\{(.+?)\}", fill, dep)) for dep in STAGES[stage]["deps"]]


def readers(key: str) -> list[str]:
    """The stages that read a key or a node that it lies in."""
    return [
        stage
        for stage, node in STAGES.items()
        if any(f"{key}.".startswith(f"{read}.") for read in node.get("params", []))
    ]


def is_refused(stage: str, params: Params) -> bool:
    try:
        CHECKS[stage](params)
    except ConfigError:
        return True
    return False


def test_the_paths_of_conf_are_found() -> None:
    assert {parameter.rpartition(".")[2] for _, _, parameter in PATHS} == {
        "area", "catalogue", "folder", "mine_masks", "path", "points", "polygons", "visits",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "key", "parameter"), PATHS, ids=[f"{one[0]} {one[1]}" for one in PATHS]
)
def test_a_path_is_watched_or_refused(
    choice: str, key: str, parameter: str, tmp_path: Path
) -> None:
    path = tmp_path / "read.gpkg"
    path.touch()
    needs = NEEDS.get(choice.partition("=")[0], [])

    params = composed([*filter(None, [choice]), *needs, f"{key}={path}"])

    stages = [stage for stage in readers(key) if stage in STAGES]
    unwatched = [
        stage
        for stage in stages
        if not any(dep in (path, *path.parents) for dep in dependencies(stage, params))
    ]
    assert stages
    assert [stage for stage in unwatched if not is_refused(stage, params)] == []


def test_a_shapefile_of_an_area_is_watched_as_a_whole(tmp_path: Path) -> None:
    for ending in ("shp", "dbf", "shx", "prj"):
        (tmp_path / f"area.{ending}").touch()

    params = composed(["sites=tiled", f"sites.layouts.tiles.area={tmp_path / 'area.shp'}"])

    assert set(dependencies("sites", params)) >= set(tmp_path.iterdir())
    sites.check_files(params)


def test_more_files_of_areas_than_are_watched_are_refused(tmp_path: Path) -> None:
    (tmp_path / "area.shp").touch()
    params = composed(["sites=tiled", f"sites.layouts.tiles.area={tmp_path / 'area.shp'}"])
    (tmp_path / "area.dbf").touch()

    with pytest.raises(ConfigError, match=r"does not watch .*area\.dbf.* params --write"):
        sites.check_files(params)


def test_one_shapefile_is_no_context_input(tmp_path: Path) -> None:
    for ending in ("shp", "dbf"):
        (tmp_path / f"roads.{ending}").touch()
    params = composed(["context=drc", f"context.input={tmp_path / 'roads.shp'}"])
    path = str(tmp_path / "roads.shp")
    params = params.updated({"context": {"planes": {}, "provinces": None, "outlines": {}}})

    with pytest.raises(ConfigError, match=rf"roads\.dbf lies outside of {path}.*one folder"):
        context.check_files(params)


def test_an_area_that_names_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "area.gpkg").touch()
    path = tmp_path / "area.vrt"
    path.write_text(
        "<OGRVRTDataSource><OGRVRTLayer name='area'><SrcDataSource relativeToVRT='1'>area.gpkg"
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )

    params = composed(["sites=tiled", f"sites.layouts.tiles.area={path}"])

    assert is_refused("sites", params)


@pytest.mark.parametrize("source", ["product_folder", "embeddings_folder", "sentinel2_folder"])
def test_scenes_in_a_linked_folder_are_refused(tmp_path: Path, source: str) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/scenes").symlink_to(tmp_path / "disk")

    needs = [one for one in NEEDS["source"] if not one.startswith("source.input")]

    params = composed([f"source={source}", f"source.input={tmp_path / 'in'}", *needs])

    assert is_refused("imagery", params)


def test_labels_check_refuses_what_the_build_would_not_watch(tmp_path: Path) -> None:
    outline = shapely.box(28.8, -2.5, 28.81, -2.49)
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[outline], crs="EPSG:4326")
    frame.to_file(tmp_path / "mines.gpkg")
    path = tmp_path / "mines.vrt"
    path.write_text(
        "<OGRVRTDataSource><OGRVRTLayer name='mines'><SrcDataSource relativeToVRT='1'>"
        "mines.gpkg</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )

    done = CliRunner().invoke(main, ["labels", "check", str(path)])

    assert done.exit_code == 1
    assert "is a virtual file that names" in done.stderr
