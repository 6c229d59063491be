"""The simulated source: scenes, labels and layers have the usual form."""

import os
import subprocess
import sys
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from minecover.core import landsat
from minecover.core.config import composed
from minecover.core.errors import ConfigError, SiteError
from minecover.core.grid import Grid, project, utm_crs
from minecover.core.raster import burn
from minecover.core.sensors import OLI
from minecover.core.sites import Site
from minecover.sources.simulated import SimulatedLabels, SimulatedLayer, SimulatedScenes
from minecover.sources.simulation.world import World


@pytest.fixture(scope="module")
def world() -> World:
    params = composed(["source=simulated", "world.n_sites=8", "world.n_dates=2"])
    built = params.build("world")
    assert isinstance(built, World)
    return built


@pytest.fixture(scope="module")
def labels(world: World) -> gpd.GeoDataFrame:
    return SimulatedLabels(world)()


def site(world: World, site_id: str, halo_px: int) -> Site:
    return Site(site_id, site_id, world.sites()[site_id], halo_px)


def test_scenes_have_the_form_of_collection_2(world: World) -> None:
    cube = SimulatedScenes(world).scenes(site(world, "sim0003", 4))

    assert cube.bands == tuple(OLI.bands)
    assert cube.qa_layout == "c2"
    assert cube.dn.dtype == np.uint16
    assert cube.grid == site(world, "sim0003", 4).read_grid
    assert cube.core(cube.qa).shape[1:] == (100, 100)
    assert not cube.saturated.any()
    assert (cube.scale[:, :9] > landsat.TOA_SCALE).all()
    assert (cube.scale[:, 9:] == landsat.KELVIN_SCALE).all()


def test_background_ground_is_labelled_as_such(world: World) -> None:
    table = SimulatedLabels(replace(world, n_background=2))()

    kinds = table.set_index("label_id")["kind"]
    assert kinds.loc[["background0000", "background0001"]].tolist() == ["background"] * 2
    assert (kinds == "point").sum() == 8


def test_values_are_physical(world: World) -> None:
    cube = SimulatedScenes(world).scenes(site(world, "sim0003", 0))

    reflectance, kelvin = (
        cube.values("blue", "nir08", "swir22"),
        cube.values("lwir11", "lwir12"),
    )

    assert 0.0 <= np.nanmin(reflectance) < np.nanmax(reflectance) < 1.2
    assert 240 < np.nanmin(kelvin) < np.nanmax(kelvin) < 340


def test_a_halo_adds_pixels_and_changes_none(world: World) -> None:
    bare = SimulatedScenes(world).scenes(site(world, "sim0001", 0))
    wide = SimulatedScenes(world).scenes(site(world, "sim0001", 25))

    np.testing.assert_array_equal(wide.core(wide.dn), bare.dn)
    np.testing.assert_array_equal(wide.core(wide.qa), bare.qa)


def test_a_halo_that_is_too_wide_names_its_key(world: World) -> None:
    with pytest.raises(SiteError, match=r"halo_m to less than 750"):
        SimulatedScenes(world).scenes(site(world, "sim0001", 26))


DIGEST = """
import hashlib
from minecover.core.config import composed
from minecover.core.sites import Site
from minecover.sources.simulated import SimulatedScenes
world = composed(["source=simulated", "world.n_dates=2"]).build("world")
cube = SimulatedScenes(world).scenes(Site("sim0000", "", world.sites()["sim0000"], 0))
parts = (cube.dn, cube.qa, cube.scale, cube.offset)
print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""


def test_bytes_do_not_depend_on_the_processors_vector_units() -> None:
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    plain = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(found)}

    digests = [
        subprocess.run([sys.executable, "-c", DIGEST], env=env, capture_output=True, check=True)
        for env in (dict(os.environ), plain)
    ]

    assert len(digests[0].stdout) == 65
    assert digests[0].stdout == digests[1].stdout


def test_scenes_are_the_same_bytes_as_ever() -> None:
    """Another digest changes every simulated result in docs/results."""
    done = subprocess.run(
        [sys.executable, "-c", DIGEST], capture_output=True, check=True, text=True
    )

    assert done.stdout.strip() == (
        "1872c1af97b6d2dfb63cde0144f809648152007260a5b066222a9308b9482717"
    )


def test_a_site_in_another_zone_is_refused(world: World) -> None:
    elsewhere = replace(world.sites()["sim0001"], crs="EPSG:32636")

    with pytest.raises(SiteError, match="no simulated ground"):
        SimulatedScenes(world).scenes(Site("sim0001", "", elsewhere, 0))


def test_overlapping_sites_see_the_same_ground_on_the_same_days(world: World) -> None:
    first = SimulatedScenes(world).scenes(site(world, "sim0006", 0))
    second = SimulatedScenes(world).scenes(site(world, "sim0007", 0))
    row, col = first.grid.rowcol(*second.grid.xy(0, 0))

    assert first.dates == second.dates
    assert 20 <= abs(row) <= 60
    assert 20 <= abs(col) <= 60
    np.testing.assert_array_equal(
        first.dn[..., _overlap(row), _overlap(col)],
        second.dn[..., _overlap(-row), _overlap(-col)],
    )


def _overlap(shift: int) -> slice:
    """Return the part of a site of 100 pixels that overlaps one shifted by `shift` pixels."""
    return slice(max(shift, 0), 100 + min(shift, 0))


def test_points_reproduce_the_sites(world: World, labels: gpd.GeoDataFrame) -> None:
    points = labels[labels["kind"] == "point"].set_index("label_id").geometry

    laid = {
        site_id: Grid.around(crs, *project(point.x, point.y, crs), size_px=100)
        for site_id, point in points.items()
        for crs in [utm_crs(point.x, point.y)]
    }

    assert laid == world.sites()


@pytest.mark.parametrize("kind", ["mine", "truth"])
def test_rasterised_outlines_equal_their_masks(
    world: World, labels: gpd.GeoDataFrame, kind: str
) -> None:
    shapes = labels[labels["kind"] == kind].to_crs("EPSG:32635").geometry
    plots = world.plots()
    mines = [world.mines(plot, world.network(plot)) for plot in plots]
    masks = [
        np.any([m.outline if kind == "mine" else m.active for m in dug], axis=0)
        for dug in mines
    ]

    burnt = [burn(shapes, plot.grid, all_touched=True) for plot in plots]

    assert [m.sum() for m in masks] == [b.sum() for b in burnt]
    assert all(np.array_equal(m, b) for m, b in zip(masks, burnt, strict=True))


def test_a_shared_ground_is_labelled_once(labels: gpd.GeoDataFrame) -> None:
    drawn = labels[labels["kind"] == "mine"]

    assert not drawn.geometry.duplicated().any()
    assert not drawn["label_id"].str.startswith("sim0007").any()


def test_labels_are_valid_and_sorted(labels: gpd.GeoDataFrame) -> None:
    keys = list(zip(labels["kind"], labels["label_id"], strict=True))

    assert keys == sorted(keys)
    assert labels.geometry.is_valid.all()
    assert set(labels["kind"]) == {"mine", "point", "truth"}


def test_rivers_run_where_the_water_is(world: World) -> None:
    rivers = SimulatedLayer(world, "rivers")().to_crs("EPSG:32635").geometry.union_all()
    plot = world.plots()[0]
    shore_px = world.network(plot).shore_px
    rows, cols = np.nonzero(shore_px == 0)

    points = shapely.points(
        [plot.grid.xy(float(r), float(c)) for r, c in zip(rows, cols, strict=True)]
    )

    assert shapely.distance(points, rivers).max() < 30 * 5


def test_every_site_lies_in_one_province(world: World, labels: gpd.GeoDataFrame) -> None:
    provinces = SimulatedLayer(world, "provinces")()
    points = labels[labels["kind"] == "point"]

    joined = points.drop(columns="name").sjoin(provinces, predicate="within")

    assert len(joined) == len(points)
    assert provinces["name"].is_unique


def test_roads_are_lines(world: World) -> None:
    roads = SimulatedLayer(world, "roads")()

    assert set(roads.geom_type) == {"LineString"}
    assert roads.crs == "EPSG:4326"


def test_an_unknown_layer_is_refused(world: World) -> None:
    with pytest.raises(ConfigError, match="rivers, roads, provinces"):
        SimulatedLayer(world, "railways")
