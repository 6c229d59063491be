"""Scenes from STAC through the real client libraries, and error messages."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from servers.stac import CLEAR, COLLECTION, Api, DrawnScene, serve_api, static_catalogue

from minecover.core.errors import (
    AccessError,
    CloudyError,
    ConfigError,
    ModelError,
    NotCoveredError,
    SceneError,
)
from minecover.core.grid import Grid, project
from minecover.core.sensors import OLI
from minecover.core.sites import Site
from minecover.prediction.detector import check_bands
from minecover.sources.stac import LandsatFiles, StacClient, StacScenes
from minecover.sources.throttle import Network

BANDS = tuple(OLI.bands)

#: A site of 4 x 4 pixels, and a scene that is 20 pixels larger on every side.
SITE = Site("site", "site", Grid.around("EPSG:32635", 700_000, -200_000, size_px=4), 1)
OWN = SITE.grid.grown(20)
NETWORK = Network(
    at_once=4,
    tries=3,
    first_wait_s=0.001,
    longest_wait_s=0.002,
    deadline_s=20,
    timeout_s=5,
)
CLIENT = StacClient(token_url=None, network=NETWORK)
RAMP = np.arange(44 * 44, dtype=np.uint16).reshape(44, 44) + 7000


FILES = LandsatFiles(
    bits=("qa_pixel", "qa_radsat"),
    reflectance=(2.75e-5, -0.2),
    kelvin=(0.00341802, 149.0),
    nodata=0,
)


def source(
    catalogue: str,
    *bands: str,
    client: StacClient = CLIENT,
    platforms: Sequence[str] = OLI.platforms,
) -> StacScenes:
    return StacScenes(
        client=client,
        catalogue=catalogue,
        collection=COLLECTION,
        platforms=platforms,
        keep={},
        leave_out=(),
        assets={name: name for name in (*OLI.surface, "lwir")},
        bands=bands or ("red", "lwir11"),
        files=FILES,
        first_day="2016-10-15",
        last_day="2017-05-09",
        cloud_cover_max=90,
    )


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with serve_api(tmp_path) as server:
        yield server


def test_scenes_of_the_same_zone_are_copied(tmp_path: Path) -> None:
    drawn = DrawnScene(OWN, files={"red": RAMP, "lwir11": 44_000, "qa_radsat": 8})

    cube = source(static_catalogue(tmp_path / "stac", drawn)).scenes(SITE)

    assert cube.dn.dtype == np.uint16
    np.testing.assert_array_equal(cube.dn[0, 0], RAMP[19:25, 19:25])
    assert np.unique(cube.qa).tolist() == [CLEAR]
    assert cube.saturated.all()
    assert (cube.dates, cube.bands, cube.qa_layout) == (
        (date(2017, 1, 15),), ("red", "lwir11"), "c2",
    )  # fmt: skip
    assert (cube.grid, cube.halo_px) == (SITE.read_grid, 1)


def test_digital_numbers_become_surface_values(tmp_path: Path) -> None:
    drawn = DrawnScene(OWN, files={"red": 10_000, "lwir11": 44_000})

    cube = source(static_catalogue(tmp_path / "stac", drawn)).scenes(SITE)

    assert cube.values("red") == pytest.approx(10_000 * 2.75e-5 - 0.2)
    assert cube.values("lwir11") == pytest.approx(44_000 * 0.00341802 + 149, abs=1e-3)


def test_fill_and_pixels_outside_a_scene_have_no_data(tmp_path: Path) -> None:
    red = RAMP.copy()
    red[20, 20] = 0
    # The scene ends two pixels to the right of the site's left edge.
    west = OWN.cut(0, 0, 44, 22)
    drawn = DrawnScene(west, files={"red": red[:, :22]})

    cube = source(static_catalogue(tmp_path / "stac", drawn), "red").scenes(SITE)

    seen = np.zeros((6, 6), bool)
    seen[:, :3] = True
    seen[1, 1] = False
    np.testing.assert_array_equal(np.isfinite(cube.values("red")[0, 0]), seen)
    np.testing.assert_array_equal(cube.qa[0], np.where(seen, CLEAR, 1))


def in_zone_36() -> Grid:
    """Return a grid of the neighbouring zone that covers the site."""
    x, y = project(28.797, -1.809, "EPSG:32636")
    return Grid.around("EPSG:32636", x, y, size_px=60)


def eastings(grid: Grid) -> NDArray[np.uint16]:
    """Return 20 000 plus the distance east of the site, in its own zone [0.1 m]."""
    x, y = np.meshgrid(*grid.centres())
    to_site = Transformer.from_crs(grid.crs, SITE.grid.crs, always_xy=True)
    east_m: NDArray[np.float64] = to_site.transform(x, y)[0] - SITE.grid.bounds[0]
    return np.rint(10 * east_m + 20_000).astype(np.uint16)


def test_a_scene_of_the_neighbouring_zone_is_interpolated(tmp_path: Path) -> None:
    own = in_zone_36()
    qa = np.where(np.indices(own.shape)[1] % 2, 22_280, CLEAR).astype(np.uint16)
    drawn = DrawnScene(own, files={"red": eastings(own), "qa_pixel": qa})

    cube = source(static_catalogue(tmp_path / "stac", drawn), "red").scenes(SITE)

    np.testing.assert_allclose(
        cube.dn[0, 0].astype(int), eastings(SITE.read_grid).astype(int), atol=2
    )
    assert set(np.unique(cube.qa)) == {CLEAR, 22_280}


def test_a_map_does_not_depend_on_its_tiling(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    own = in_zone_36()
    noise = rng.integers(7000, 20_000, own.shape).astype(np.uint16)
    stac = source(
        static_catalogue(tmp_path / "stac", DrawnScene(own, files={"red": noise})), "red"
    )

    wide = stac.scenes(replace(SITE, grid=SITE.grid.grown(5)))

    narrow = stac.scenes(SITE)
    np.testing.assert_array_equal(wide.dn[..., 5:-5, 5:-5], narrow.dn)


def test_a_shifted_lattice_is_interpolated(tmp_path: Path) -> None:
    half = Grid(OWN.crs, OWN.transform @ Affine.translation(0.5, 0), OWN.shape)
    drawn = DrawnScene(half, files={"red": RAMP})

    cube = source(static_catalogue(tmp_path / "stac", drawn), "red").scenes(SITE)

    middle = (RAMP[19:25, 18:24].astype(int) + RAMP[19:25, 19:25]) / 2
    np.testing.assert_array_equal(cube.dn[0, 0], np.rint(middle))


def test_a_catalogue_with_centres_instead_of_corners_shifts_nothing(api: Api) -> None:
    # USGS metadata has pixel centres; a catalogue that uses them as corners is wrong by half a
    # pixel in x and y, but its files are not.
    api.add(DrawnScene(OWN, files={"red": RAMP}))
    properties = api.items[0]["properties"]
    assert isinstance(properties, dict)
    properties["proj:transform"] = list(OWN.transform @ Affine.translation(0.5, 0.5))[:6]

    cube = source(api.url, "red").scenes(SITE)

    np.testing.assert_allclose(cube.dn[0, 0], RAMP[19:25, 19:25], atol=1)


def test_rows_of_one_day_are_joined(tmp_path: Path) -> None:
    north, south = OWN.cut(0, 0, 22, 44), OWN.cut(18, 0, 44, 44)
    catalogue = static_catalogue(
        tmp_path / "stac",
        DrawnScene(south, name="LC08_b", files={"red": 9000}),
        DrawnScene(north, name="LC08_a", files={"red": 8000}),
    )

    cube = source(catalogue, "red").scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)
    assert cube.dn[0, 0, :, 0].tolist() == [8000] * 3 + [9000] * 3


def test_all_pages_of_a_search_are_read(api: Api) -> None:
    api.add(
        *(DrawnScene(OWN, name=f"LC08_{n}", day=f"2017-01-{n:02d}") for n in range(5, 0, -1))
    )

    cube = source(api.url, "red").scenes(SITE)

    assert [day.day for day in cube.dates] == [1, 2, 3, 4, 5]
    assert api.requests["search"] == 3


def test_both_ends_of_the_period_are_included(api: Api) -> None:
    days = ("2016-10-14", "2016-10-15", "2017-05-09", "2017-05-10")
    api.add(*(DrawnScene(OWN, name=f"LC08_{day}", day=day) for day in days))

    cube = source(api.url, "red").scenes(SITE)

    assert cube.dates == (date(2016, 10, 15), date(2017, 5, 9))


def test_other_satellites_are_left_out(tmp_path: Path) -> None:
    catalogue = static_catalogue(
        tmp_path / "stac",
        DrawnScene(
            OWN, name="LE07", day="2017-01-16", platform="landsat-7", lacks=("coastal",)
        ),
        DrawnScene(OWN),
    )

    assert source(catalogue).scenes(SITE).dates == (date(2017, 1, 15),)


def test_a_scene_without_temperature_is_left_out(tmp_path: Path) -> None:
    catalogue = static_catalogue(
        tmp_path / "stac",
        DrawnScene(OWN, name="L2SR", day="2017-01-31", lacks=("lwir11",)),
        DrawnScene(OWN),
    )

    assert source(catalogue).scenes(SITE).dates == (date(2017, 1, 15),)


def test_no_scene_over_the_site(tmp_path: Path) -> None:
    elsewhere = Grid.around("EPSG:32635", 500_000, -200_000, size_px=40)

    with pytest.raises(NotCoveredError, match="no scene of landsat-c2-l2 over site site"):
        source(static_catalogue(tmp_path / "stac", DrawnScene(elsewhere))).scenes(SITE)


def test_a_scene_whose_box_covers_the_site_without_data(tmp_path: Path) -> None:
    drawn = DrawnScene(OWN, files={"red": 0})

    with pytest.raises(NotCoveredError, match="none has data"):
        source(static_catalogue(tmp_path / "stac", drawn), "red").scenes(SITE)


def test_all_scenes_too_cloudy(tmp_path: Path) -> None:
    with pytest.raises(CloudyError, match="all 1 scenes over site site have more than 90 %"):
        source(static_catalogue(tmp_path / "stac", DrawnScene(OWN, clouds=90.1))).scenes(SITE)


def test_missing_assets_are_named(tmp_path: Path) -> None:
    drawn = DrawnScene(OWN, lacks=("red",))

    with pytest.raises(SceneError, match=r"LC08_1 has no asset red .*source\.scenes\.assets"):
        source(static_catalogue(tmp_path / "stac", drawn)).scenes(SITE)


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(1, 60_000, OWN.shape).astype(np.uint16)
    catalogue = static_catalogue(tmp_path / "stac", DrawnScene(OWN, files={"red": noise}))
    red = tmp_path / "stac" / "files" / "LC08_1_red.tif"
    red.write_bytes(red.read_bytes()[:1500])

    with pytest.raises(SceneError, match=r"LC08_1_red\.tif"):
        source(catalogue, "red").scenes(SITE)


def test_a_truncated_remote_file_is_requested_again(api: Api) -> None:
    noise = np.random.default_rng(7).integers(1, 60_000, OWN.shape).astype(np.uint16)
    api.add(DrawnScene(OWN, files={"red": noise}))
    red = api.folder / "LC08_1_red.tif"
    red.write_bytes(red.read_bytes()[:1500])

    with pytest.raises(SceneError, match=r"failed 3 times.*LC08_1_red\.tif"):
        source(api.url, "red").scenes(SITE)


@pytest.mark.parametrize("kind", ["root", "search", "files"])
@pytest.mark.parametrize("fault", [429, 503, "cut"])
def test_transient_faults_are_retried(api: Api, kind: str, fault: int | str) -> None:
    api.add(DrawnScene(OWN, files={"red": RAMP}))
    api.faults[kind] = [fault]

    cube = source(api.url, "red").scenes(SITE)

    np.testing.assert_array_equal(cube.dn[0, 0], RAMP[19:25, 19:25])


@pytest.mark.parametrize("kind", ["root", "search", "files"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_ends_the_run(api: Api, kind: str, status: int) -> None:
    api.add(DrawnScene(OWN))
    api.faults[kind] = [status] * 9

    with pytest.raises(AccessError, match=rf"HTTP {status}.*source\.client\.token_url"):
        source(api.url).scenes(SITE)


def test_a_service_that_stays_busy_fails_the_site(api: Api) -> None:
    api.faults["search"] = [503] * 9

    with pytest.raises(SceneError, match="failed 3 times"):
        source(api.url).scenes(SITE)
    assert api.requests["search"] == 3


def test_a_wrong_address_is_not_retried(api: Api) -> None:
    api.faults["root"] = [404] * 9

    with pytest.raises(SceneError, match=r"source\.catalogue"):
        source(api.url).scenes(SITE)
    assert api.requests["root"] == 1


def test_files_are_signed_with_one_token(api: Api) -> None:
    api.add(DrawnScene(OWN, files={"red": RAMP}))
    api.is_signed = True
    client = replace(CLIENT, token_url=f"{api.url}/token/{COLLECTION}")

    cube = source(api.url, client=client).scenes(SITE)

    np.testing.assert_array_equal(cube.dn[0, 0], RAMP[19:25, 19:25])
    assert api.requests["token"] == 1


def test_files_that_need_a_token_are_refused_without_one(api: Api) -> None:
    api.add(DrawnScene(OWN))
    api.is_signed = True

    with pytest.raises(AccessError, match="HTTP 403"):
        source(api.url).scenes(SITE)


def test_a_scene_needs_no_grid_in_the_catalogue(api: Api) -> None:
    api.add(DrawnScene(OWN, files={"red": RAMP}))
    properties = api.items[0]["properties"]
    assert isinstance(properties, dict)
    for key in ("epsg", "transform", "shape"):
        del properties[f"proj:{key}"]

    cube = source(api.url, "red").scenes(SITE)

    np.testing.assert_array_equal(cube.dn[0, 0], RAMP[19:25, 19:25])


def test_a_file_without_coordinate_reference_system_is_named(api: Api) -> None:
    api.add(DrawnScene(OWN, files={"red": RAMP}))
    with rasterio.open(
        api.folder / "LC08_1_red.tif", "w", driver="GTiff",
        width=44, height=44, count=1, dtype="uint16", transform=OWN.transform,
    ) as sink:  # fmt: skip
        sink.write(RAMP, 1)

    with pytest.raises(SceneError, match=r"LC08_1_red\.tif has no coordinate reference system"):
        source(api.url, "red").scenes(SITE)


def test_a_scene_whose_cloud_cover_is_unknown_is_read(tmp_path: Path) -> None:
    drawn = DrawnScene(OWN, clouds=None)

    assert source(static_catalogue(tmp_path / "stac", drawn)).scenes(SITE).dates


def test_named_scenes_are_left_out(tmp_path: Path) -> None:
    catalogue = static_catalogue(
        tmp_path / "stac", DrawnScene(OWN, name="wrong", day="2017-01-31"), DrawnScene(OWN)
    )

    cube = replace(source(catalogue), leave_out=["wrong"]).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_the_scene_of_the_own_zone_lies_on_top(tmp_path: Path) -> None:
    # By name the one that must be interpolated comes first.
    catalogue = static_catalogue(
        tmp_path / "stac",
        DrawnScene(in_zone_36(), name="LC08_a", files={"red": 8000}),
        DrawnScene(OWN, name="LC08_b", files={"red": RAMP}),
    )

    cube = source(catalogue, "red").scenes(SITE)

    np.testing.assert_array_equal(cube.dn[0, 0], RAMP[19:25, 19:25])


#: Landsat 5 in the collection of the Planetary Computer: no coastal, its temperature is "lwir".
TM_FILES = {"lwir": 44_000}
TM_LACKS = ("coastal", "lwir11")


def test_landsat_5_is_read_by_its_own_bands(tmp_path: Path) -> None:
    drawn = DrawnScene(
        OWN, name="LT05_1", platform="landsat-5", files=TM_FILES | {"red": RAMP},
        lacks=TM_LACKS,
    )  # fmt: skip
    catalogue = static_catalogue(tmp_path / "stac", drawn, DrawnScene(OWN, day="2017-01-23"))

    cube = source(catalogue, "red", "lwir", platforms=["landsat-5"]).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)
    np.testing.assert_array_equal(cube.dn[0, 0], RAMP[19:25, 19:25])
    assert cube.values("lwir") == pytest.approx(44_000 * 0.00341802 + 149, abs=1e-3)


def test_two_generations_of_landsat_make_one_cube(tmp_path: Path) -> None:
    both = ["landsat-5", "landsat-8"]
    catalogue = static_catalogue(
        tmp_path / "stac",
        DrawnScene(OWN, name="LT05_1", platform="landsat-5", files=TM_FILES, lacks=TM_LACKS),
        DrawnScene(OWN, day="2017-01-23"),
    )

    cube = source(catalogue, "red", "nir08", platforms=both).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15), date(2017, 1, 23))
    with pytest.raises(ConfigError, match=r"bands must be some of blue, .*source\.bands"):
        source(catalogue, "red", "lwir11", platforms=both)


@pytest.mark.parametrize(
    ("platform", "bits", "is_rejected"),
    [
        pytest.param("landsat-7", 1 << 9, True, id="ETM+ dropped"),
        pytest.param("landsat-7", 1 << 6, True, id="ETM+ band 7"),
        pytest.param("landsat-7", 1 << 5, False, id="ETM+ temperature, low gain"),
        pytest.param("landsat-7", 1 << 8, False, id="ETM+ temperature, high gain"),
        pytest.param("landsat-8", 1 << 8, True, id="OLI cirrus"),
        pytest.param("landsat-8", 1 << 9, False, id="OLI, unused"),
    ],
)
def test_saturation_is_read_by_the_sensor(
    tmp_path: Path, platform: str, bits: int, is_rejected: bool
) -> None:
    drawn = DrawnScene(OWN, platform=platform, files={"qa_radsat": bits})
    catalogue = static_catalogue(tmp_path / "stac", drawn)

    cube = source(catalogue, "red", platforms=[platform]).scenes(SITE)

    assert np.unique(cube.saturated).tolist() == [is_rejected]


def test_eight_bands_are_refused_by_a_model_of_eleven(tmp_path: Path) -> None:
    catalogue = static_catalogue(tmp_path / "stac", DrawnScene(OWN))
    cube = source(catalogue, *OLI.surface).scenes(SITE)

    with pytest.raises(ModelError, match="no pan, cirrus, lwir12"):
        check_bands(BANDS, cube.bands)
    with pytest.raises(SceneError, match="no band pan, cirrus, lwir12"):
        cube.values(*BANDS)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"bands": ["red", "pan"]}, "source.bands", id="no file of the band"),
        pytest.param({"bands": []}, "found none", id="no band"),
        pytest.param({"assets": {"blue": "blue"}}, "source.scenes.assets", id="no asset"),
        pytest.param({"platforms": ["landsat-3"]}, "source.platforms", id="unknown platform"),
        pytest.param(
            {"platforms": ["landsat-8", "sentinel-2a"]}, "one family", id="two families"
        ),
        pytest.param({"last_day": "2016-01-01"}, "period", id="an end before the start"),
        pytest.param({"first_day": "yesterday"}, "period", id="no day"),
    ],
)
def test_invalid_settings_are_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        replace(source("nowhere"), **changed)  # type: ignore[arg-type]


def test_one_kind_of_bits_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"bits must be a pair.*source\.scenes\.files\.bits"):
        replace(FILES, bits=["qa_pixel"])
