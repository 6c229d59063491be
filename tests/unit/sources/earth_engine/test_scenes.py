"""Scenes from Earth Engine: what is asked for, and what becomes of it."""

import math
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from servers.ee_drawing import FOOTPRINT, OLI, OLI2, SITE, Desk, Shown, held, pan_of
from servers.ee_faults import LISTING, PIXELS

from minecover.core.config import composed
from minecover.core.errors import CloudyError, ConfigError, NotCoveredError, SceneError
from minecover.core.grid import Grid
from minecover.core.landsat import BANDS, KELVIN_OFFSET, KELVIN_SCALE
from minecover.sources.earth_engine import EarthEngineScenes


def test_reflectance_is_kept_as_delivered(desk: Desk) -> None:
    ramp = np.linspace(0.01, 0.4, FOOTPRINT.shape[0] * FOOTPRINT.shape[1])
    plane = ramp.reshape(FOOTPRINT.shape)
    desk.server.catalogue = held(Shown().asset(B4=plane, QA_PIXEL=21824.0, QA_RADSAT=8.0))

    cube = desk.source().scenes(SITE)

    assert cube.dn.dtype == np.float32
    np.testing.assert_array_equal(cube.dn[0, 0], plane[2:8, 2:8].astype(np.float32))
    np.testing.assert_array_equal(cube.values(), cube.dn)
    assert np.unique(cube.qa).tolist() == [21824]
    assert np.unique(cube.radsat).tolist() == [8]
    assert (cube.dates, cube.qa_layout, cube.halo_px) == ((date(2017, 1, 15),), "c2", 1)
    assert cube.grid == SITE.read_grid


def test_a_site_is_one_listing_and_one_request_for_pixels(desk: Desk) -> None:
    days = [date(2016, 11, 1) + timedelta(16 * k) for k in range(7)]
    scenes = [Shown(day=day.isoformat()).plain(0.1 + k / 100) for k, day in enumerate(days)]
    desk.server.catalogue = held(*reversed(scenes))

    cube = desk.source().scenes(SITE)

    assert (desk.server.count(LISTING), desk.server.count(PIXELS)) == (1, 1)
    assert cube.dates == tuple(days)
    np.testing.assert_allclose(cube.dn[:, 0, 0, 0], 0.1 + np.arange(7) / 100, rtol=1e-6)


def test_masked_pixels_have_no_value_and_the_fill_bit(desk: Desk) -> None:
    hole = np.zeros(FOOTPRINT.shape)
    hole[4, 4] = np.nan
    scene = Shown().asset(B4=0.2 + hole, B5=0.3 + hole, QA_PIXEL=21824 + hole, QA_RADSAT=hole)
    desk.server.catalogue = held(scene)

    cube = desk.source(bands=("B5", "B4")).scenes(SITE)

    assert np.argwhere(np.isnan(cube.dn)).tolist() == [[0, 0, 2, 2], [0, 1, 2, 2]]
    assert (cube.qa[0, 2, 2], cube.radsat[0, 2, 2]) == (1, 0)
    assert cube.dn[0, :, 0, 0].tolist() == pytest.approx([0.3, 0.2])


def test_rows_of_one_pass_are_joined(desk: Desk) -> None:
    # Row 61 ends in the middle of the site, row 62 begins two pixels above that.
    rows, cols = FOOTPRINT.shape
    lower = Grid(
        FOOTPRINT.crs, FOOTPRINT.transform @ Affine.translation(0, 3), (rows - 3, cols)
    )
    upper = replace(FOOTPRINT, shape=(rows // 2, cols))
    desk.server.catalogue = held(
        Shown(row=62, grid=lower).asset(B4=0.5, QA_PIXEL=21952.0, QA_RADSAT=4.0),
        Shown(row=61, grid=upper).asset(B4=0.25, QA_PIXEL=21824.0, QA_RADSAT=0.0),
    )

    cube = desk.source().scenes(SITE)

    assert cube.dn[0, 0, :, 0].tolist() == [0.25] * 3 + [0.5] * 3
    assert cube.qa[0, :, 0].tolist() == [21824] * 3 + [21952] * 3
    assert cube.radsat[0, :, 0].tolist() == [0] * 3 + [4] * 3


def test_both_satellites_give_one_series(desk: Desk) -> None:
    nine = Shown(day="2017-01-07", satellite=9).plain(0.5)
    desk.server.catalogue = replace(
        held(Shown().plain()), collections={OLI: (Shown().plain(),), OLI2: (nine,)}
    )

    cube = desk.source().scenes(SITE)

    assert cube.dates == (date(2017, 1, 7), date(2017, 1, 15))
    assert cube.dn[:, 0, 0, 0].tolist() == [0.5, 0.25]


def test_the_pan_band_keeps_its_place(desk: Desk) -> None:
    # The scene is a ramp in x [m], in both bands; a half-pixel slip would show as 7.5.
    left_m = FOOTPRINT.transform.c
    ramp, fine = (grid.centres()[0] - left_m for grid in (FOOTPRINT, pan_of(FOOTPRINT)))
    scene = Shown().asset(B4=ramp, B8=fine, QA_PIXEL=21824.0, QA_RADSAT=0.0)
    desk.server.catalogue = held(scene)

    cube = desk.source(bands=("B8", "B4")).scenes(SITE)

    np.testing.assert_array_equal(cube.dn[:, 0], cube.dn[:, 1])
    assert cube.bands == ("B8", "B4")


def test_the_pan_band_is_averaged(desk: Desk) -> None:
    # One bright 15 m pixel: a quarter of it shows in the pixel whose centre it shares.
    pan = np.zeros(pan_of(FOOTPRINT).shape)
    pan[8, 8] = 16.0
    desk.server.catalogue = held(Shown().asset(B8=pan, QA_PIXEL=21824.0, QA_RADSAT=0.0))

    cube = desk.source(bands=("B8",)).scenes(SITE)

    assert cube.dn[0, 0, 2, 1:4].tolist() == [0, 4, 0]


def test_scenes_of_the_next_zone_are_interpolated(desk: Desk) -> None:
    # The scene shows the eastings of its own zone, and its quality bits change from column to
    # column: those must not be mixed.
    to_next = Transformer.from_crs(SITE.grid.crs, "EPSG:32636", always_xy=True)
    x, y = to_next.transform(*SITE.grid.xy(2, 2))
    grid = Grid.around("EPSG:32636", x, y, size_px=24)
    ramp = grid.centres()[0]
    bits = np.where(np.arange(24) % 2 == 0, 21824.0, 22280.0)
    scene = Shown(zone=36, grid=grid).asset(B4=ramp - x, QA_PIXEL=bits, QA_RADSAT=0.0)
    desk.server.catalogue = held(scene)

    cube = desk.source().scenes(SITE)

    wanted = to_next.transform(*np.meshgrid(*SITE.read_grid.centres()))[0] - x
    np.testing.assert_allclose(cube.dn[0, 0], wanted, atol=0.05)
    assert np.unique(cube.qa).tolist() == [21824, 22280]


def test_the_last_day_counts_and_the_next_does_not(desk: Desk) -> None:
    days = ("2016-10-14", "2016-10-15", "2017-05-09", "2017-05-10")
    desk.server.catalogue = held(*(Shown(day=day).plain() for day in days))

    cube = desk.source().scenes(SITE)

    assert [day.isoformat() for day in cube.dates] == ["2016-10-15", "2017-05-09"]


def test_cloudy_scenes_are_not_fetched(desk: Desk) -> None:
    desk.server.catalogue = held(
        Shown(cloud_cover=90.0).plain(), Shown(day="2017-01-31", cloud_cover=90.1).plain()
    )

    cube = desk.source().scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_a_site_of_cloudy_scenes_alone_says_so(desk: Desk) -> None:
    desk.server.catalogue = held(
        Shown(cloud_cover=97.5).plain(), Shown(day="2017-01-31", cloud_cover=100).plain()
    )

    with pytest.raises(
        CloudyError, match=r"all 2 scenes.* more than 90 %.* clearest has 97\.5"
    ):
        desk.source().scenes(SITE)
    assert desk.server.count(PIXELS) == 0


def test_a_site_without_scenes_is_not_covered(desk: Desk) -> None:
    desk.server.catalogue = held()

    with pytest.raises(
        NotCoveredError, match="no scene of LANDSAT/LC08.* shows site site from"
    ):
        desk.source().scenes(SITE)


def test_a_site_beyond_the_edge_of_all_scenes_is_not_covered(desk: Desk) -> None:
    desk.server.catalogue = held(Shown().asset(B4=np.nan, QA_PIXEL=np.nan, QA_RADSAT=np.nan))

    with pytest.raises(NotCoveredError, match="1 scenes were announced"):
        desk.source().scenes(SITE)


def test_a_date_that_misses_the_site_is_left_out(desk: Desk) -> None:
    east = Grid(FOOTPRINT.crs, FOOTPRINT.transform @ Affine.translation(7, 0), FOOTPRINT.shape)
    desk.server.catalogue = held(Shown().plain(), Shown(day="2017-01-31", grid=east).plain())

    cube = desk.source().scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_scenes_of_the_night_show_no_reflectance(desk: Desk) -> None:
    night = Shown(day="2017-01-07", sun_deg=-40).plain()
    desk.server.catalogue = held(Shown().plain(), night)

    cube = desk.source().scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_images_that_are_not_described_are_refused(desk: Desk) -> None:
    nameless = Shown(day="2017-01-31").plain()
    about = {k: v for k, v in nameless.properties.items() if k != "CLOUD_COVER"}
    desk.server.catalogue = held(Shown().plain(), replace(nameless, properties=about))

    with pytest.raises(
        SceneError, match=r"1 of 2 images of .*T1_TOA have no property CLOUD_CO"
    ):
        desk.source().scenes(SITE)


COEFFICIENTS = {
    "REFLECTANCE_MULT_BAND_4": 2e-5,
    "REFLECTANCE_ADD_BAND_4": -0.1,
    "RADIANCE_MULT_BAND_10": 3.342e-4,
    "RADIANCE_ADD_BAND_10": 0.1,
    "K1_CONSTANT_BAND_10": 774.8853,
    "K2_CONSTANT_BAND_10": 1321.0789,
}


def test_digital_numbers_are_kept_with_their_scaling(desk: Desk) -> None:
    hole = np.zeros(FOOTPRINT.shape)
    hole[4, 4] = np.nan
    scene = Shown().asset(
        COEFFICIENTS, B4=12000 + hole, B10=28000 + hole, QA_PIXEL=21824.0, QA_RADSAT=0.0
    )
    desk.server.catalogue = held(scene, collection="LANDSAT/LC08/C02/T1")

    cube = desk.counts("B4", "B10").scenes(SITE)

    assert cube.dn.dtype == np.uint16
    assert np.unique(cube.dn[0, 0]).tolist() == [0, 12000]
    assert cube.scale[0, 0] == 2e-5 / math.sin(math.radians(59.49769))
    assert (cube.scale[0, 1], cube.offset[0, 1]) == (KELVIN_SCALE, KELVIN_OFFSET)
    assert cube.values()[0, :, 0, 0] == pytest.approx([0.16248, 299.020], abs=0.003)
    assert np.isnan(cube.values()[0, :, 2, 2]).all()


def test_a_source_goes_to_other_processes(desk: Desk) -> None:
    source = desk.source()

    assert pickle.loads(pickle.dumps(source)) == source


def test_the_configuration_asks_for_all_bands_of_the_season() -> None:
    choice = ["source=earth_engine", "labels=files", "labels.input=mines", "context=none"]

    toa: EarthEngineScenes = composed(choice).build("source.scenes")
    dn: EarthEngineScenes = composed([*choice, "source.radiometry=dn"]).build("source.scenes")

    assert list(toa.bands) == list(BANDS)
    assert (toa.first_day, toa.last_day) == ("2016-10-15", "2017-05-09")
    assert list(toa.collections) == [OLI, OLI2]
    assert list(dn.collections) == ["LANDSAT/LC08/C02/T1", "LANDSAT/LC09/C02/T1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda s: replace(s, radiometry="sr"), "must be toa or dn, found 'sr'", id="level 2"
        ),
        pytest.param(
            lambda s: replace(s, radiometry="dn"), "otherwise than in _TOA", id="other images"
        ),
        pytest.param(
            lambda s: replace(s, collections=[]), r"none\. Fix source\.collec", id="nothing"
        ),
        pytest.param(
            lambda s: replace(s, bands=["red"]), r"red\. Fix source\.bands", id="another name"
        ),
        pytest.param(
            lambda s: replace(s, last_day="2016-10-14"), "to 2016-10-14. Fix", id="backwards"
        ),
        pytest.param(
            lambda s: replace(s, first_day="15.10.2016"), "found 15.10.2016", id="no ISO day"
        ),
    ],
)
def test_a_wrong_choice_is_refused_at_once(
    desk: Desk, change: Callable[[EarthEngineScenes], EarthEngineScenes], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        change(desk.source())
    assert not desk.server.answers
