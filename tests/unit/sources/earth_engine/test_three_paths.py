"""Level-1 files, and reflectance and digital numbers from Earth Engine, agree."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from servers.ee_assets import PassRow, SimulatedAssets, pass_rows
from servers.ee_drawing import LocalService

from minecover.core.config import composed
from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.core.raster import write_planes
from minecover.core.sensors import OLI
from minecover.core.sensors import THERMAL as THERMAL_NAMES
from minecover.core.sites import Site
from minecover.sources.product_folder import ProductFolder
from minecover.sources.simulation.world import World

BANDS = tuple(OLI.bands)
REFLECTIVE = tuple(name for name in BANDS if name not in THERMAL_NAMES)
THERMAL = tuple(name for name in BANDS if name in THERMAL_NAMES)


@pytest.fixture(scope="module")
def assets() -> SimulatedAssets:
    """Return a world with scenes in two rows, as for a site on the border of two rows."""
    world = composed(["source=simulated", "world.n_dates=3"]).build("world")
    assert isinstance(world, World)
    return SimulatedAssets(world, rows=2)


@pytest.fixture(scope="module")
def site(assets: SimulatedAssets) -> Site:
    return Site("sim0000", "sim0000", assets.world.sites()["sim0000"], 8)


def put(folder: Path, scene: PassRow) -> None:
    """Write a scene as a Level-1 product."""
    name = f"LC08_L1TP_173{scene.row:03d}_{scene.day:%Y%m%d}_20200905_02_T1"
    product = folder / name
    product.mkdir(parents=True)
    natives = [band.native for band in OLI.bands.values()]
    planes = dict(zip(natives, scene.counts, strict=True)) | {
        "B8": scene.pan,
        "QA_PIXEL": scene.qa,
        "QA_RADSAT": np.zeros_like(scene.qa),
    }
    for part, plane in planes.items():
        grid: Grid = scene.pan_grid if part == "B8" else scene.grid
        write_planes(product / f"{name}_{part}.TIF", {part: plane}, grid)
    about = {key: str(value) for key, value in scene.properties.items()}
    groups = dict.fromkeys(
        ("IMAGE_ATTRIBUTES", "LEVEL1_RADIOMETRIC_RESCALING", "LEVEL1_THERMAL_CONSTANTS"), about
    )
    groups["PRODUCT_CONTENTS"] = {"COLLECTION_NUMBER": "02", "PROCESSING_LEVEL": "L1TP"}
    (product / f"{name}_MTL.json").write_text(json.dumps({"LANDSAT_METADATA_FILE": groups}))


@pytest.fixture
def paths(
    service: LocalService, assets: SimulatedAssets, site: Site, tmp_path: Path
) -> tuple[Cube, Cube, Cube]:
    """Return one site read from files, as reflectance, and as digital numbers."""
    for scene in pass_rows(assets, assets.world.plot_under(site.read_grid)).values():
        put(tmp_path, scene)
    service.server.catalogue = assets
    toa = replace(service.source(bands=BANDS), cloud_cover_max=100)
    dn = replace(service.counts(*BANDS), cloud_cover_max=100)
    files = ProductFolder(folder=str(tmp_path), level=1, bands=BANDS)
    return files.scenes(site), toa.scenes(site), dn.scenes(site)


@pytest.mark.parametrize("way", [pytest.param(1, id="toa"), pytest.param(2, id="dn")])
def test_all_agree(paths: tuple[Cube, Cube, Cube], way: int) -> None:
    files, served = paths[0], paths[way]

    difference = np.abs(served.values(*REFLECTIVE) - files.values(*REFLECTIVE))
    kelvin = np.abs(served.values(*THERMAL) - files.values(*THERMAL))

    assert files.dates == served.dates
    assert np.nanmax(difference) < 1e-4
    assert np.nanmax(kelvin) < 0.05
    np.testing.assert_array_equal(np.isnan(served.values()), np.isnan(files.values()))
    np.testing.assert_array_equal(served.qa, files.qa)
    np.testing.assert_array_equal(served.saturated, files.saturated)


def test_the_site_lies_on_the_border_of_two_rows(assets: SimulatedAssets, site: Site) -> None:
    rows = pass_rows(assets, assets.world.plot_under(site.read_grid)).values()

    shown = {scene.row: float((scene.counts[3] > 0).mean()) for scene in rows}

    assert set(shown) == {61, 62}
    assert all(0.4 < share < 0.7 for share in shown.values())
