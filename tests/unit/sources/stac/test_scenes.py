"""Scenes from STAC through the real client libraries, and error messages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from servers.stac import ASSETS, CLEAR, COLLECTION, Api, DrawnScene, serve_api, static_catalogue

from minecover.core.errors import (
    AccessError,
    CloudyError,
    ConfigError,
    ModelError,
    NotCoveredError,
    SceneError,
)
from minecover.core.grid import Grid, project
from minecover.core.landsat import BANDS
from minecover.core.sites import Site
from minecover.prediction.detector import check_bands
from minecover.sources.product_folder import LEVEL_BANDS
from minecover.sources.stac import StacClient, StacScenes
from minecover.sources.throttle import Network

# odc-geo uses deprecated functions of shapely and affine.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:The 'shapely\.ops\.transform:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning"),
]

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


def source(catalogue: str, *bands: str, client: StacClient = CLIENT) -> StacScenes:
    return StacScenes(
        client=client,
        catalogue=catalogue,
        collection=COLLECTION,
        keep={"platform": ["landsat-8", "landsat-9"]},
        assets=dict(zip(LEVEL_BANDS[2], ASSETS, strict=True)),
        bands=bands or ("B4", "B10"),
        bits=("qa_pixel", "qa_radsat"),
        reflectance=(2.75e-5, -0.2),
        kelvin=(0.00341802, 149.0),
        nodata=0,
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
    assert np.unique(cube.radsat).tolist() == [8]
    assert (cube.dates, cube.bands, cube.qa_layout) == (
        (date(2017, 1, 15),), ("B4", "B10"), "c2",
    )  # fmt: skip
    assert (cube.grid, cube.halo_px) == (SITE.read_grid, 1)


def test_digital_numbers_become_surface_values(tmp_path: Path) -> None:
    drawn = DrawnScene(OWN, files={"red": 10_000, "lwir11": 44_000})

    cube = source(static_catalogue(tmp_path / "stac", drawn)).scenes(SITE)

    assert cube.values("B4") == pytest.approx(10_000 * 2.75e-5 - 0.2)
    assert cube.values("B10") == pytest.approx(44_000 * 0.00341802 + 149, abs=1e-3)


def test_fill_and_pixels_outside_a_scene_have_no_data(tmp_path: Path) -> None:
    red = RAMP.copy()
    red[20, 20] = 0
    # The scene ends two pixels to the right of the site's left edge.
    west = OWN.cut(0, 0, 44, 22)
    drawn = DrawnScene(west, files={"red": red[:, :22]})

    cube = source(static_catalogue(tmp_path / "stac", drawn), "B4").scenes(SITE)

    seen = np.zeros((6, 6), bool)
    seen[:, :3] = True
    seen[1, 1] = False
    np.testing.assert_array_equal(np.isfinite(cube.values("B4")[0, 0]), seen)
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

    cube = source(static_catalogue(tmp_path / "stac", drawn), "B4").scenes(SITE)

    np.testing.assert_allclose(
        cube.dn[0, 0].astype(int), eastings(SITE.read_grid).astype(int), atol=2
    )
    assert set(np.unique(cube.qa)) == {CLEAR, 22_280}


def test_a_map_does_not_depend_on_its_tiling(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    own = in_zone_36()
    noise = rng.integers(7000, 20_000, own.shape).astype(np.uint16)
    stac = source(
        static_catalogue(tmp_path / "stac", DrawnScene(own, files={"red": noise})), "B4"
    )

    wide = stac.scenes(replace(SITE, grid=SITE.grid.grown(5)))

    narrow = stac.scenes(SITE)
    np.testing.assert_array_equal(wide.dn[..., 5:-5, 5:-5], narrow.dn)


def test_a_shifted_lattice_is_interpolated(tmp_path: Path) -> None:
    half = Grid(OWN.crs, OWN.transform @ Affine.translation(0.5, 0), OWN.shape)
    drawn = DrawnScene(half, files={"red": RAMP})

    cube = source(static_catalogue(tmp_path / "stac", drawn), "B4").scenes(SITE)

    middle = (RAMP[19:25, 18:24].astype(int) + RAMP[19:25, 19:25]) / 2
    np.testing.assert_array_equal(cube.dn[0, 0], np.rint(middle))


def test_a_catalogue_with_centres_instead_of_corners_shifts_nothing(api: Api) -> None:
    # USGS metadata has pixel centres; a catalogue that uses them as corners is wrong by half a
    # pixel in x and y, but its files are not.
    api.add(DrawnScene(OWN, files={"red": RAMP}))
    properties = api.items[0]["properties"]
    assert isinstance(properties, dict)
    properties["proj:transform"] = list(OWN.transform @ Affine.translation(0.5, 0.5))[:6]

    cube = source(api.url, "B4").scenes(SITE)

    np.testing.assert_allclose(cube.dn[0, 0], RAMP[19:25, 19:25], atol=1)


def test_rows_of_one_day_are_joined(tmp_path: Path) -> None:
    north, south = OWN.cut(0, 0, 22, 44), OWN.cut(18, 0, 44, 44)
    catalogue = static_catalogue(
        tmp_path / "stac",
        DrawnScene(south, name="LC08_b", files={"red": 9000}),
        DrawnScene(north, name="LC08_a", files={"red": 8000}),
    )

    cube = source(catalogue, "B4").scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)
    assert cube.dn[0, 0, :, 0].tolist() == [8000] * 3 + [9000] * 3


def test_all_pages_of_a_search_are_read(api: Api) -> None:
    api.add(
        *(DrawnScene(OWN, name=f"LC08_{n}", day=f"2017-01-{n:02d}") for n in range(5, 0, -1))
    )

    cube = source(api.url, "B4").scenes(SITE)

    assert [day.day for day in cube.dates] == [1, 2, 3, 4, 5]
    assert api.requests["search"] == 3


def test_both_ends_of_the_period_are_included(api: Api) -> None:
    days = ("2016-10-14", "2016-10-15", "2017-05-09", "2017-05-10")
    api.add(*(DrawnScene(OWN, name=f"LC08_{day}", day=day) for day in days))

    cube = source(api.url, "B4").scenes(SITE)

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
        source(static_catalogue(tmp_path / "stac", drawn), "B4").scenes(SITE)


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
        source(catalogue, "B4").scenes(SITE)


def test_a_truncated_remote_file_is_requested_again(api: Api) -> None:
    noise = np.random.default_rng(7).integers(1, 60_000, OWN.shape).astype(np.uint16)
    api.add(DrawnScene(OWN, files={"red": noise}))
    red = api.folder / "LC08_1_red.tif"
    red.write_bytes(red.read_bytes()[:1500])

    with pytest.raises(SceneError, match=r"failed 3 times.*LC08_1_red\.tif"):
        source(api.url, "B4").scenes(SITE)


@pytest.mark.parametrize("kind", ["root", "search", "files"])
@pytest.mark.parametrize("fault", [429, 503, "cut"])
def test_transient_faults_are_retried(api: Api, kind: str, fault: int | str) -> None:
    api.add(DrawnScene(OWN, files={"red": RAMP}))
    api.faults[kind] = [fault]

    cube = source(api.url, "B4").scenes(SITE)

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


def test_a_scene_without_grid_is_refused(api: Api) -> None:
    api.add(DrawnScene(OWN))
    properties = api.items[0]["properties"]
    assert isinstance(properties, dict)
    del properties["proj:transform"]

    with pytest.raises(SceneError, match="projection extension"):
        source(api.url).scenes(SITE)


def test_eight_bands_are_refused_by_a_model_of_eleven(tmp_path: Path) -> None:
    catalogue = static_catalogue(tmp_path / "stac", DrawnScene(OWN))
    cube = source(catalogue, *LEVEL_BANDS[2]).scenes(SITE)

    with pytest.raises(ModelError, match="no B8, B9, B11"):
        check_bands(BANDS, cube.bands)
    with pytest.raises(SceneError, match="no band B8, B9, B11"):
        cube.values(*BANDS)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"bands": ["B4", "B8"]}, "source.bands", id="no file of the band"),
        pytest.param({"bands": []}, "found none", id="no band"),
        pytest.param({"bits": ["qa_pixel"]}, "bits must be a pair", id="one kind of bits"),
        pytest.param({"last_day": "2016-01-01"}, "period", id="an end before the start"),
        pytest.param({"first_day": "yesterday"}, "period", id="no day"),
    ],
)
def test_invalid_settings_are_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        replace(source("nowhere"), **changed)  # type: ignore[arg-type]
