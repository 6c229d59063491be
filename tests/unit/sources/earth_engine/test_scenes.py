"""Scenes from Earth Engine: requests, assembly and error messages."""

import math
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from servers.ee_drawing import (
    FOOTPRINT,
    OLI,
    OLI2,
    SITE,
    DrawnScene,
    LocalService,
    collections_of,
    pan_of,
)
from servers.ee_faults import LISTING, PIXELS

from minecover.core import sensors
from minecover.core.config import composed
from minecover.core.errors import CloudyError, ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid, project
from minecover.core.landsat import KELVIN_OFFSET, KELVIN_SCALE
from minecover.core.sites import Site
from minecover.sources.earth_engine import EarthEngineScenes, LandsatImages

BANDS = tuple(sensors.OLI.bands)


def test_reflectance_is_unchanged(service: LocalService) -> None:
    ramp = np.linspace(0.01, 0.4, FOOTPRINT.shape[0] * FOOTPRINT.shape[1])
    plane = ramp.reshape(FOOTPRINT.shape)
    service.server.catalogue = collections_of(
        DrawnScene().asset(B4=plane, QA_PIXEL=21824.0, QA_RADSAT=8.0)
    )

    cube = service.source().scenes(SITE)

    assert cube.dn.dtype == np.float32
    np.testing.assert_array_equal(cube.dn[0, 0], plane[2:8, 2:8].astype(np.float32))
    np.testing.assert_array_equal(cube.values(), cube.dn)
    assert np.unique(cube.qa).tolist() == [21824]
    assert cube.saturated.all()
    assert (cube.dates, cube.qa_layout, cube.halo_px) == ((date(2017, 1, 15),), "c2", 1)
    assert cube.grid == SITE.read_grid


def test_a_site_is_one_listing_and_one_request_for_pixels(service: LocalService) -> None:
    days = [date(2016, 11, 1) + timedelta(16 * k) for k in range(7)]
    scenes = [
        DrawnScene(day=day.isoformat()).plain(0.1 + k / 100) for k, day in enumerate(days)
    ]
    service.server.catalogue = collections_of(*reversed(scenes))

    cube = service.source().scenes(SITE)

    assert (service.server.count(LISTING), service.server.count(PIXELS)) == (1, 1)
    assert cube.dates == tuple(days)
    np.testing.assert_allclose(cube.dn[:, 0, 0, 0], 0.1 + np.arange(7) / 100, rtol=1e-6)


def test_masked_pixels_have_no_value_and_the_fill_bit(service: LocalService) -> None:
    hole = np.zeros(FOOTPRINT.shape)
    hole[4, 4] = np.nan
    scene = DrawnScene().asset(
        B4=0.2 + hole, B5=0.3 + hole, QA_PIXEL=21824 + hole, QA_RADSAT=hole
    )
    service.server.catalogue = collections_of(scene)

    cube = service.source(bands=("nir08", "red")).scenes(SITE)

    assert np.argwhere(np.isnan(cube.dn)).tolist() == [[0, 0, 2, 2], [0, 1, 2, 2]]
    assert (cube.qa[0, 2, 2], cube.saturated[0, 2, 2]) == (1, False)
    assert cube.dn[0, :, 0, 0].tolist() == pytest.approx([0.3, 0.2])


def test_rows_of_one_pass_are_joined(service: LocalService) -> None:
    # Row 61 ends in the middle of the site, row 62 begins two pixels above that.
    rows, cols = FOOTPRINT.shape
    lower = Grid(
        FOOTPRINT.crs, FOOTPRINT.transform @ Affine.translation(0, 3), (rows - 3, cols)
    )
    upper = replace(FOOTPRINT, shape=(rows // 2, cols))
    service.server.catalogue = collections_of(
        DrawnScene(row=62, grid=lower).asset(B4=0.5, QA_PIXEL=21952.0, QA_RADSAT=4.0),
        DrawnScene(row=61, grid=upper).asset(B4=0.25, QA_PIXEL=21824.0, QA_RADSAT=0.0),
    )

    cube = service.source().scenes(SITE)

    assert cube.dn[0, 0, :, 0].tolist() == [0.25] * 3 + [0.5] * 3
    assert cube.qa[0, :, 0].tolist() == [21824] * 3 + [21952] * 3
    assert cube.saturated[0, :, 0].tolist() == [False] * 3 + [True] * 3


def test_both_satellites_form_one_series(service: LocalService) -> None:
    nine = DrawnScene(day="2022-01-07", satellite=9).plain(0.5)
    service.server.catalogue = replace(
        collections_of(DrawnScene().plain()),
        collections={OLI: (DrawnScene().plain(),), OLI2: (nine,)},
    )

    cube = replace(service.source(), last_day="2022-12-31").scenes(SITE)

    assert cube.dates == (date(2017, 1, 15), date(2022, 1, 7))
    assert cube.dn[:, 0, 0, 0].tolist() == [0.25, 0.5]


def test_the_pan_band_is_not_shifted(service: LocalService) -> None:
    # The scene is a ramp in x [m], in both bands; a half-pixel slip would show as 7.5.
    left_m = FOOTPRINT.transform.c
    ramp, fine = (grid.centres()[0] - left_m for grid in (FOOTPRINT, pan_of(FOOTPRINT)))
    scene = DrawnScene().asset(B4=ramp, B8=fine, QA_PIXEL=21824.0, QA_RADSAT=0.0)
    service.server.catalogue = collections_of(scene)

    cube = service.source(bands=("pan", "red")).scenes(SITE)

    np.testing.assert_array_equal(cube.dn[:, 0], cube.dn[:, 1])
    assert cube.bands == ("pan", "red")


def test_the_pan_band_is_averaged(service: LocalService) -> None:
    # One bright 15 m pixel adds a quarter of its value to the pixel whose centre it shares.
    pan = np.zeros(pan_of(FOOTPRINT).shape)
    pan[8, 8] = 16.0
    service.server.catalogue = collections_of(
        DrawnScene().asset(B8=pan, QA_PIXEL=21824.0, QA_RADSAT=0.0)
    )

    cube = service.source(bands=("pan",)).scenes(SITE)

    assert cube.dn[0, 0, 2, 1:4].tolist() == [0, 4, 0]


def test_scenes_of_the_next_zone_are_interpolated(service: LocalService) -> None:
    # The values are eastings of the scene's zone. Quality bits alternate between columns and
    # must not be interpolated.
    to_next = Transformer.from_crs(SITE.grid.crs, "EPSG:32636", always_xy=True)
    x, y = to_next.transform(*SITE.grid.xy(2, 2))
    grid = Grid.around("EPSG:32636", x, y, size_px=24)
    ramp = grid.centres()[0]
    bits = np.where(np.arange(24) % 2 == 0, 21824.0, 22280.0)
    scene = DrawnScene(zone=36, grid=grid).asset(B4=ramp - x, QA_PIXEL=bits, QA_RADSAT=0.0)
    service.server.catalogue = collections_of(scene)

    cube = service.source().scenes(SITE)

    expected = to_next.transform(*np.meshgrid(*SITE.read_grid.centres()))[0] - x
    np.testing.assert_allclose(cube.dn[0, 0], expected, atol=0.05)
    assert np.unique(cube.qa).tolist() == [21824, 22280]


def test_both_ends_of_the_period_are_included(service: LocalService) -> None:
    days = ("2016-10-14", "2016-10-15", "2017-05-09", "2017-05-10")
    service.server.catalogue = collections_of(*(DrawnScene(day=day).plain() for day in days))

    cube = service.source().scenes(SITE)

    assert [day.isoformat() for day in cube.dates] == ["2016-10-15", "2017-05-09"]


def test_cloudy_scenes_are_not_fetched(service: LocalService) -> None:
    service.server.catalogue = collections_of(
        DrawnScene(cloud_cover=90.0).plain(),
        DrawnScene(day="2017-01-31", cloud_cover=90.1).plain(),
    )

    cube = service.source().scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_a_site_of_only_cloudy_scenes_is_an_error(service: LocalService) -> None:
    service.server.catalogue = collections_of(
        DrawnScene(cloud_cover=97.5).plain(),
        DrawnScene(day="2017-01-31", cloud_cover=100).plain(),
    )

    with pytest.raises(
        CloudyError, match=r"all 2 scenes.* more than 90 %.* clearest has 97\.5"
    ):
        service.source().scenes(SITE)
    assert service.server.count(PIXELS) == 0


def test_a_site_without_scenes_is_not_covered(service: LocalService) -> None:
    service.server.catalogue = collections_of()

    with pytest.raises(
        NotCoveredError, match="no scene of LANDSAT/LC08.* covers site site from"
    ):
        service.source().scenes(SITE)


def test_a_site_beyond_the_edge_of_all_scenes_is_not_covered(service: LocalService) -> None:
    service.server.catalogue = collections_of(
        DrawnScene().asset(B4=np.nan, QA_PIXEL=np.nan, QA_RADSAT=np.nan)
    )

    with pytest.raises(NotCoveredError, match="1 scenes were listed"):
        service.source().scenes(SITE)


def test_a_date_that_misses_the_site_is_left_out(service: LocalService) -> None:
    east = Grid(FOOTPRINT.crs, FOOTPRINT.transform @ Affine.translation(7, 0), FOOTPRINT.shape)
    service.server.catalogue = collections_of(
        DrawnScene().plain(), DrawnScene(day="2017-01-31", grid=east).plain()
    )

    cube = service.source().scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_night_scenes_are_left_out(service: LocalService) -> None:
    night = DrawnScene(day="2017-01-07", sun_deg=-40).plain()
    service.server.catalogue = collections_of(DrawnScene().plain(), night)

    cube = service.source().scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_images_without_properties_are_refused(service: LocalService) -> None:
    nameless = DrawnScene(day="2017-01-31").plain()
    about = {k: v for k, v in nameless.properties.items() if k != "CLOUD_COVER"}
    service.server.catalogue = collections_of(
        DrawnScene().plain(), replace(nameless, properties=about)
    )

    with pytest.raises(
        SceneError, match=r"1 of 2 images of .*T1_TOA have no property CLOUD_CO"
    ):
        service.source().scenes(SITE)


COEFFICIENTS = {
    "REFLECTANCE_MULT_BAND_4": 2e-5,
    "REFLECTANCE_ADD_BAND_4": -0.1,
    "RADIANCE_MULT_BAND_10": 3.342e-4,
    "RADIANCE_ADD_BAND_10": 0.1,
    "K1_CONSTANT_BAND_10": 774.8853,
    "K2_CONSTANT_BAND_10": 1321.0789,
}


def test_digital_numbers_are_unchanged_with_their_scaling(service: LocalService) -> None:
    hole = np.zeros(FOOTPRINT.shape)
    hole[4, 4] = np.nan
    scene = DrawnScene().asset(
        COEFFICIENTS, B4=12000 + hole, B10=28000 + hole, QA_PIXEL=21824.0, QA_RADSAT=0.0
    )
    service.server.catalogue = collections_of(scene, collection="LANDSAT/LC08/C02/T1")

    cube = service.counts("red", "lwir11").scenes(SITE)

    assert cube.dn.dtype == np.uint16
    assert np.unique(cube.dn[0, 0]).tolist() == [0, 12000]
    assert cube.scale[0, 0] == 2e-5 / math.sin(math.radians(59.49769))
    assert (cube.scale[0, 1], cube.offset[0, 1]) == (KELVIN_SCALE, KELVIN_OFFSET)
    assert cube.values()[0, :, 0, 0] == pytest.approx([0.16248, 299.020], abs=0.003)
    assert np.isnan(cube.values()[0, :, 2, 2]).all()


def test_a_source_can_be_pickled(service: LocalService) -> None:
    source = service.source()

    assert pickle.loads(pickle.dumps(source)) == source


def test_the_configuration_requests_all_bands_of_the_season() -> None:
    choice = ["source=earth_engine", "labels=files", "labels.input=mines", "context=none"]

    toa: EarthEngineScenes = composed(choice).build("source.scenes")
    dn: EarthEngineScenes = composed([*choice, "source.radiometry=dn"]).build("source.scenes")

    assert list(toa.bands) == list(BANDS)
    assert (toa.first_day, toa.last_day) == ("2016-10-15", "2017-05-09")
    assert [toa.collections[name] for name in toa.platforms] == [OLI, OLI2]
    assert [dn.collections[name] for name in dn.platforms] == [
        "LANDSAT/LC08/C02/T1",
        "LANDSAT/LC09/C02/T1",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda s: replace(s, images=LandsatImages("sr")),
            "must be toa or dn, found 'sr'",
            id="level 2",
        ),
        pytest.param(
            lambda s: replace(s, images=LandsatImages("dn")),
            "otherwise than in _TOA",
            id="other images",
        ),
        pytest.param(
            lambda s: replace(s, collections={}), r"of none, .* found landsat-8", id="nothing"
        ),
        pytest.param(
            lambda s: replace(s, bands=["B4"]), r"B4\. Fix source\.bands", id="another name"
        ),
        pytest.param(
            lambda s: replace(s, last_day="2016-10-14"), "to 2016-10-14. Fix", id="backwards"
        ),
        pytest.param(
            lambda s: replace(s, first_day="15.10.2016"), "found 15.10.2016", id="no ISO day"
        ),
    ],
)
def test_invalid_settings_are_refused_at_once(
    service: LocalService,
    change: Callable[[EarthEngineScenes], EarthEngineScenes],
    message: str,
) -> None:
    with pytest.raises(ConfigError, match=message):
        change(service.source())
    assert not service.server.responses


def test_a_site_across_180_degrees_is_asked_for_where_it_lies(service: LocalService) -> None:
    """Plain bounds would list the scenes of all longitudes."""
    zone = "EPSG:32660"
    here = Site("date line", "", Grid.around(zone, *project(180, -17, zone), size_px=4), 1)
    elsewhere = Grid.around("EPSG:32635", *project(28, -17, "EPSG:32635"), size_px=10)
    service.server.catalogue = collections_of(
        DrawnScene(cloud_cover=99, zone=60, grid=here.grid.grown(3)).plain(),
        DrawnScene(cloud_cover=98, row=72, grid=elsewhere).plain(),
    )

    with pytest.raises(CloudyError, match=r"all 1 scenes .* the clearest has 99 %"):
        service.source().scenes(here)
