"""The context stage: planes, provinces and outlines from files, or without them."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from minecover.core import paths
from minecover.core.config import Params, composed
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.core.raster import read_planes, write_planes
from minecover.core.sites import Site, square, write_sites
from minecover.features.context import LoadedLayer, Provinces
from minecover.pipeline.stages import context

CONF = Path(__file__).parents[4] / "conf"
GRID = Grid.from_corner("EPSG:32635", 600_015.0, 15.0, 10, 10)
SITES = [
    Site("here", "here", GRID, 2),
    Site("there", "there", GRID.cut(0, 1000, 10, 1010), 2),
    Site("without", "without", GRID.cut(0, 2000, 10, 2010), 2),
]


def centre(site: Site) -> shapely.Point:
    return square(site.grid).centroid


def areas(**names: str) -> gpd.GeoDataFrame:
    """Return a province around each named site."""
    outlines = {site.site_id: centre(site).buffer(0.01) for site in SITES}
    shapes = [outlines[site] for site in names]
    return gpd.GeoDataFrame({"name": list(names.values())}, geometry=shapes, crs="EPSG:4326")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create three sites, two of them with imagery, and every layer but roads; work there."""
    monkeypatch.chdir(tmp_path)
    write_sites(paths.SITES, SITES)
    paths.SCENES.mkdir(parents=True)
    index = pd.DataFrame(
        {
            "site_id": ["here", "there", "without"],
            "status": ["ok", "ok", "empty"],
            "dates": ["2017-01-14", "2017-01-14", ""],
        }
    )
    index.to_csv(paths.SCENE_INDEX, index=False)
    river = shapely.LineString([(600_165, -5_000), (600_165, 5_000)])
    lines = gpd.GeoDataFrame(geometry=[river], crs=GRID.crs)
    (tmp_path / "layers").mkdir()
    lines.to_file("layers/rivers.gpkg")
    lines.buffer(45).to_file("layers/water.gpkg")
    areas(here="West", there="East").to_file("layers/provinces.gpkg")
    wide = GRID.grown(300)
    height = np.full(wide.shape, 700, np.float32)
    for name in ("dem", "dem_before", "water_occurrence"):
        write_planes(Path(f"layers/{name}.tif"), {"z": height}, wide)
    return tmp_path


@pytest.fixture
def params() -> Params:
    without_roads = ["~context.planes.distance_to_road", "~context.outlines.road"]
    return composed(["context=files", "context.input=layers", *without_roads], conf=CONF)


def test_every_site_with_imagery_has_every_configured_plane(
    folder: Path, params: Params
) -> None:
    context.run(params)

    planes = read_planes(paths.CONTEXT / "here.tif")
    assert list(planes) == [
        "distance_to_water",
        "distance_to_river",
        "elevation",
        "slope",
        "northness",
        "eastness",
        "tpi_300m",
        "tpi_1km",
        "elevation_change",
        "elevation_change_error",
        "water_occurrence",
    ]
    assert {plane.shape for plane in planes.values()} == {(14, 14)}
    assert planes["distance_to_river"][7, :8].tolist() == [210, 180, 150, 120, 90, 60, 30, 0]
    assert (planes["elevation"] == 700).all()
    assert (planes["elevation_change"] == 0).all()
    assert (planes["elevation_change_error"] == 0).all()
    assert (paths.CONTEXT / "there.tif").exists()
    assert not (paths.CONTEXT / "without.tif").exists()


def test_every_site_has_a_row_with_its_province(folder: Path, params: Params) -> None:
    context.run(params)

    table = (paths.CONTEXT / "sites.csv").read_text()
    assert table == "site_id,province\nhere,West\nthere,East\nwithout,\n"


def test_outlines_are_written_for_maps(folder: Path, params: Params) -> None:
    context.run(params)

    found = {path.stem: len(gpd.read_file(path)) for path in paths.CONTEXT.glob("*.geojson")}
    assert found == {"provinces": 2, "river": 1}


def test_a_second_run_writes_the_same_bytes(folder: Path, params: Params) -> None:
    context.run(params)
    first = {path.name: path.read_bytes() for path in paths.CONTEXT.iterdir()}

    context.run(params)

    assert {path.name: path.read_bytes() for path in paths.CONTEXT.iterdir()} == first


@pytest.mark.parametrize(
    ("missing", "key"),
    [
        pytest.param("water.gpkg", "context.planes.distance_to_water.layer", id="a layer"),
        pytest.param("dem.tif", "context.planes.elevation", id="a surface"),
        pytest.param("provinces.gpkg", "context.outlines.provinces", id="an outline"),
    ],
)
def test_a_configured_file_that_is_missing_names_its_key(
    folder: Path, params: Params, missing: str, key: str
) -> None:
    (folder / "layers" / missing).unlink()

    with pytest.raises(ConfigError, match=rf"{key}: there is no \w+ .*{missing}"):
        context.run(params)


def test_without_context_there_is_still_a_list_of_sites(folder: Path) -> None:
    context.run(composed(["context=none"], conf=CONF))

    table = pd.read_csv(paths.CONTEXT / "sites.csv", keep_default_na=False)
    assert table["province"].tolist() == [""] * 3
    assert list(paths.CONTEXT.glob("*.tif")) == []


@pytest.mark.parametrize(
    ("within_m", "names"),
    [
        pytest.param(0, ["", "", ""], id="no point within reach"),
        pytest.param(2_000, ["North", "", ""], id="a point 1.1 km away"),
        pytest.param(40_000, ["North", "North", "South"], id="the nearest point of several"),
    ],
)
def test_the_nearest_point_names_the_province(within_m: float, names: list[str]) -> None:
    points = gpd.GeoDataFrame(
        {"name": ["South", "North", None]},
        geometry=[
            shapely.Point(centre(SITES[2]).x, centre(SITES[2]).y - 0.2),
            shapely.Point(centre(SITES[0]).x, centre(SITES[0]).y + 0.01),
            centre(SITES[0]),
        ],
        crs="EPSG:4326",
    )

    assert Provinces(LoadedLayer(points), "name", within_m)(SITES) == names


def test_a_column_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no column 'NAME_1' \(found: name\)"):
        Provinces(LoadedLayer(areas(here="West")), "NAME_1", 0)(SITES)
