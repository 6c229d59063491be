"""One real site and one real layer from Earth Engine, for whoever has an account.

Type ``pytest tests/online -m online`` after ``earthengine authenticate``. The project is that
of the credentials, or the one named in MINECOVER_EE_PROJECT.
"""

import os

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.grid import Grid, project
from minecover.core.lattice import Lattice
from minecover.core.quality_bits import clear_percent
from minecover.core.sites import Site
from minecover.sources.earth_engine import EarthEngine, EarthEngineScenes, EarthEngineSurface

pytestmark = pytest.mark.online

#: South Kivu, near Kamituga: a town of gold miners, in the middle of path 173, row 62.
LON, LAT = 28.18, -3.06
CRS = "EPSG:32635"
SITE = Site("kamituga", "kamituga", Grid.around(CRS, *project(LON, LAT, CRS), size_px=100), 8)
CHOICE = ["source=earth_engine", "labels=files", "labels.input=none", "context=none"]
PROJECT = os.environ.get("MINECOVER_EE_PROJECT")


def built(*overrides: str) -> EarthEngineScenes:
    own = [f"source.client.project={PROJECT}"] if PROJECT else []
    source = composed([*CHOICE, *own, *overrides]).build("source.scenes")
    assert isinstance(source, EarthEngineScenes)
    return source


def test_a_site_arrives_with_a_season_of_scenes() -> None:
    cube = built().scenes(SITE)

    reflectance, kelvin = cube.values("blue", "nir08", "pan"), cube.values("lwir11", "lwir12")
    assert 3 <= len(cube.dates) <= 26
    assert cube.dn.shape[1:] == (11, 116, 116)
    assert 0 < np.nanmedian(reflectance) < 1
    assert 230 < np.nanmedian(kelvin) < 320
    assert (cube.qa & 1).mean() < 0.5


def test_digital_numbers_and_reflectance_agree() -> None:
    toa, dn = built().scenes(SITE), built("source.radiometry=dn").scenes(SITE)

    assert toa.dates == dn.dates
    difference = np.abs(toa.values() - dn.values())
    assert np.nanmax(difference[:, :9]) < 1e-4
    assert np.nanmax(difference[:, 9:]) < 0.05


def test_same_zone_scenes_are_not_resampled() -> None:
    # Digital numbers of a scene on its own lattice are whole numbers before any rounding: an
    # asset read a pixel further east shows the same ones, a column further on.
    source = built("source.radiometry=dn")
    east = Site("east", "east", SITE.grid.cut(0, 1, 100, 101), 8)

    here, there = source.scenes(SITE), source.scenes(east)

    np.testing.assert_array_equal(here.dn[..., 1:], there.dn[..., :-1])


def of_sentinel_2(option: str, *overrides: str) -> EarthEngineScenes:
    own = [f"source.client.project={PROJECT}"] if PROJECT else []
    choice = [f"source={option}", *CHOICE[1:], *own, *overrides]
    source = composed(choice).build("source.scenes")
    assert isinstance(source, EarthEngineScenes)
    return source


TEN_M = Lattice("sentinel_2", 10.0)
FINE = Site(
    "kamituga", "", Grid.around(CRS, *project(LON, LAT, CRS), size_px=300, lattice=TEN_M), 2
)


def test_sentinel_2_arrives_with_scores() -> None:
    cube = of_sentinel_2("sentinel2_earth_engine").scenes(FINE)

    percent = clear_percent(cube.qa)
    assert 5 <= len(cube.dates) <= 90
    assert 0 < np.nanmedian(cube.values("nir08")) < 1
    assert (percent <= 100).mean() > 0.8


def test_embeddings_are_unit_vectors() -> None:
    values = of_sentinel_2("embeddings").scenes(FINE).values()[0].astype(np.float64)

    length = np.sqrt((values**2).sum(axis=0))
    assert np.isfinite(length).mean() > 0.99
    np.testing.assert_allclose(length[np.isfinite(length)], 1.0, atol=1e-4)


@pytest.mark.parametrize(
    ("asset", "band", "is_collection"),
    [("USGS/SRTMGL1_003", "elevation", False), ("COPERNICUS/DEM/GLO30", "DEM", True)],
)
def test_elevations_are_those_of_the_mountains(
    asset: str, band: str, is_collection: bool
) -> None:
    client = built().client
    assert isinstance(client, EarthEngine)

    height_m = EarthEngineSurface(client, asset, band, is_collection, "bilinear")(SITE.grid)

    assert 700 < np.nanmin(height_m) < np.nanmax(height_m) < 2500
