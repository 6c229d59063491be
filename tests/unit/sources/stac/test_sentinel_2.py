"""Sentinel-2 from two catalogues: names, offsets, versions, tiles of one pass, pixel sizes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from safe_products import DrawnSafe
from servers.stac import Api, serve_api, static_catalogue
from servers.stac_sentinel_2 import (
    APPLIED,
    EARTH_SEARCH,
    FOREST,
    OTHER_BANDS,
    PLANETARY_COMPUTER,
    SENTINEL_2,
    VEGETATION,
    DrawnTile,
)

from minecover.core.errors import CloudyError, SceneError
from minecover.core.grid import Grid
from minecover.core.lattice import Lattice
from minecover.core.quality_bits import UNKNOWN_SCORE
from minecover.core.sensors import MSI
from minecover.core.sites import Site
from minecover.sources.product_folder import ProductFolder
from minecover.sources.stac import Sentinel2Files, StacClient, StacScenes
from minecover.sources.throttle import Network

NETWORK = Network(
    at_once=4,
    tries=3,
    first_wait_s=0.001,
    longest_wait_s=0.002,
    deadline_s=20,
    timeout_s=5,
)
#: Ground of 1,200 m, and a site of 40 x 40 pixels of 10 m in it.
GROUND = Grid.from_corner("EPSG:32635", 700_020.0, -199_980.0, 120, 120, pixel_m=10.0)
SITE = Site("site", "site", GROUND.cut(40, 40, 80, 80), 2)
TILE = DrawnTile(GROUND)
BOTH = [
    pytest.param(None, id="Planetary Computer"),
    pytest.param(False, id="Earth Search, offset in the files"),
    pytest.param(True, id="Earth Search, offset taken out"),
]


def source(catalogue: str, tile: DrawnTile, *bands: str) -> StacScenes:
    """Return the source whose names of files and flags are those of a tile's catalogue."""
    is_planetary = tile.applied is None
    return StacScenes(
        client=StacClient(token_url=None, network=NETWORK),
        catalogue=catalogue,
        collection=SENTINEL_2,
        platforms=MSI.platforms,
        keep={},
        leave_out=(),
        assets=PLANETARY_COMPUTER if is_planetary else EARTH_SEARCH,
        bands=bands or ("red", "nir08"),
        files=Sentinel2Files(
            classes="SCL" if is_planetary else "scl",
            offset_applied=None if is_planetary else APPLIED,
        ),
        first_day="2016-10-15",
        last_day="2017-05-09",
        cloud_cover_max=90,
    )


def scenes_of(folder: Path, *tiles: DrawnTile, bands: tuple[str, ...] = ()) -> StacScenes:
    return source(static_catalogue(folder / "stac", *tiles), tiles[0], *bands)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with serve_api(tmp_path) as server:
        yield server


@pytest.mark.parametrize("applied", BOTH)
def test_reflectance_is_that_of_the_ground(tmp_path: Path, applied: bool | None) -> None:
    tile = replace(TILE, applied=applied, offset=0 if applied else 1000)

    cube = scenes_of(tmp_path, tile, bands=MSI.surface).scenes(SITE)

    ground = [FOREST.get(band, OTHER_BANDS) / 1e4 for band in MSI.surface]
    expected = np.broadcast_to(np.array(ground)[:, None, None], cube.dn[0].shape)
    np.testing.assert_allclose(cube.values()[0], expected, atol=1e-6)
    assert (cube.bands, cube.qa_layout, cube.dates) == (
        MSI.surface, "s2", (date(2017, 1, 15),),
    )  # fmt: skip
    assert np.unique(cube.qa).tolist() == [VEGETATION | UNKNOWN_SCORE << 4]


@pytest.mark.parametrize("applied", [None, False, True])
@pytest.mark.parametrize("baseline", ["02.12", "03.01"])
def test_old_baselines_have_no_offset(
    tmp_path: Path, baseline: str, applied: bool | None
) -> None:
    tile = replace(TILE, applied=applied, baseline=baseline, offset=0)

    assert scenes_of(tmp_path, tile).scenes(SITE).values("red") == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("tile", "median"),
    [
        pytest.param(
            replace(TILE, applied=False, offset=0), "-0.070", id="flag says: still in"
        ),
        pytest.param(replace(TILE, applied=True, offset=1000), "0.130", id="flag says: out"),
        pytest.param(replace(TILE, baseline="05.00", offset=0), "-0.070", id="baseline"),
        pytest.param(replace(TILE, baseline="03.01", offset=1000), "0.130", id="old baseline"),
    ],
)
def test_a_wrong_offset_stops_with_the_item(
    tmp_path: Path, tile: DrawnTile, median: str
) -> None:
    with pytest.raises(SceneError) as caught:
        scenes_of(tmp_path, tile).scenes(SITE)

    message = str(caught.value)
    assert message.startswith(f"{tile.name}: clear vegetation has a median red reflectance")
    assert f" of {median} " in message
    assert f"s2:processing_baseline={tile.baseline}" in message
    assert "source.scenes.leave_out" in message


def test_a_wrong_offset_is_seen_whatever_bands_are_wanted(tmp_path: Path) -> None:
    tile = replace(TILE, applied=False, offset=0)

    with pytest.raises(SceneError, match="this cannot be right"):
        scenes_of(tmp_path, tile, bands=("swir16",)).scenes(SITE)


def test_a_scene_that_is_left_out_stops_nothing(tmp_path: Path) -> None:
    wrong = replace(TILE, applied=False, offset=0, name="wrong", datatake="", day="2017-02-01")
    stac = scenes_of(tmp_path, replace(TILE, applied=False), wrong)

    cube = replace(stac, leave_out=["wrong"]).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"classes": 5}, id="bare ground"),
        pytest.param({"classes": 9}, id="cloud"),
        pytest.param({"red": 2200, "nir08": 3800}, id="sparse vegetation"),
    ],
)
def test_without_dense_vegetation_there_is_no_verdict(
    tmp_path: Path, files: Mapping[str, int]
) -> None:
    tile = replace(TILE, applied=True)
    drawn = replace(tile, files=tile.renamed(**files))

    assert scenes_of(tmp_path, drawn).scenes(SITE).values("red").min() > 0.12


def test_dry_ground_with_some_green_contradicts_nothing(tmp_path: Path) -> None:
    # Savanna, NDVI 0.5, with trees too few to be judged: without them the numbers alone could
    # be those of a forest with an offset.
    tile = replace(TILE, applied=True, offset=0)
    red = np.full((120, 120), 1150, np.uint16)
    red[60:62, 40:80] = 700
    drawn = replace(tile, files=tile.renamed(red=red, nir08=3450))

    assert scenes_of(tmp_path, drawn).scenes(SITE).values("red").max() == pytest.approx(0.115)


@pytest.mark.parametrize(
    ("tile", "said"),
    [
        pytest.param(
            replace(TILE, baseline=None), "s2:processing_baseline=None", id="baseline"
        ),
        pytest.param(replace(TILE, baseline="new"), "s2:processing_baseline=new", id="number"),
    ],
)
def test_an_item_that_tells_no_offset_is_refused(
    tmp_path: Path, tile: DrawnTile, said: str
) -> None:
    with pytest.raises(SceneError, match=f"does not say which offset .*{said}"):
        scenes_of(tmp_path, tile).scenes(SITE)


def test_an_item_of_earth_search_without_flag_is_refused(api: Api) -> None:
    tile = replace(TILE, applied=True)
    api.add(tile)
    properties = api.items[0]["properties"]
    assert isinstance(properties, dict)
    del properties[APPLIED]

    with pytest.raises(SceneError, match=f"does not say which offset .*{APPLIED}=None"):
        source(api.url, tile).scenes(SITE)


def test_a_tile_without_a_file_is_left_out(tmp_path: Path) -> None:
    lacking = replace(
        TILE, name="lacking", lacks=("B8A",), day="2017-02-01", tile="35MRU",
        datatake="GS2A_20170201T081000_008400_N05.00",
    )  # fmt: skip

    assert scenes_of(tmp_path, TILE, lacking).scenes(SITE).dates == (date(2017, 1, 15),)
    with pytest.raises(SceneError, match="lacking has no asset B8A"):
        source(static_catalogue(tmp_path / "alone", lacking), lacking).scenes(SITE)


def test_two_tiles_of_one_pass_are_one_observation(tmp_path: Path) -> None:
    # The pass begins before midnight, and the second tile is taken after it.
    late = "GS2A_20170115T235900_008200_N05.00"
    north = replace(TILE, grid=GROUND.cut(0, 0, 60, 120), datatake=late, time="23:59:30")
    south = replace(
        TILE, grid=GROUND.cut(54, 0, 120, 120), tile="35MRS", name="S2A_35MRS", datatake=late,
        day="2017-01-16", time="00:00:10", files={"B04": 1400},
    )  # fmt: skip

    cube = scenes_of(tmp_path, south, north).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)
    # Both have the rows 54 to 59 of the ground, of which the site has 38 to 81.
    assert cube.dn[0, 0, :, 0].tolist() == [1300] * 16 + [1400] * 28


def test_the_last_day_of_a_period_includes_its_last_pass(api: Api) -> None:
    api.add(
        replace(
            TILE, day="2017-05-10", time="00:00:10",
            datatake="GS2A_20170509T235900_008200_N05.00",
        )
    )  # fmt: skip

    assert source(api.url, TILE).scenes(SITE).dates == (date(2017, 5, 9),)


def test_tiles_of_two_zones_are_one_observation(tmp_path: Path) -> None:
    to_east = Transformer.from_crs(GROUND.crs, "EPSG:32636", always_xy=True)
    x, y = to_east.transform(*GROUND.xy(60, 60))
    corner = (x // 20 * 20 - 600, y // 20 * 20 + 600)
    other = Grid.from_corner("EPSG:32636", *corner, 120, 120, pixel_m=10.0)
    west = replace(TILE, grid=GROUND.cut(0, 0, 120, 60))
    east = replace(TILE, grid=other, tile="36MTC", name="S2A_36MTC", files={"B04": 1400})

    cube = scenes_of(tmp_path, east, west).scenes(SITE)

    assert len(cube.dates) == 1
    assert cube.dn[0, 0, 20].tolist() == [1300] * 22 + [1400] * 22


def test_southern_tiles_are_copied(tmp_path: Path) -> None:
    # Tiles south of the equator are named in the southern zone, 10,000 km further north.
    t = GROUND.transform
    south = Grid("EPSG:32735", Affine.translation(0, 1e7) @ t, GROUND.shape)
    ramp = np.arange(120 * 120, dtype=np.uint16).reshape(120, 120) % 200 + 1300
    tile = replace(TILE, grid=south, files={"B04": ramp})

    cube = scenes_of(tmp_path, tile).scenes(SITE)

    np.testing.assert_array_equal(cube.dn[0, 0], ramp[38:82, 38:82])
    assert cube.grid == SITE.read_grid


def test_the_newest_version_of_a_tile_is_read(tmp_path: Path) -> None:
    old = replace(
        TILE, name="old", baseline="02.12", offset=0, generated="2017-01-15T12:00:00Z",
        files={"B04": 350},
    )  # fmt: skip
    red = np.full((120, 120), 1300, np.uint16)
    red[60, 60] = 0

    cube = scenes_of(tmp_path, old, replace(TILE, files={"B04": red})).scenes(SITE)

    # Not even where the new one has no data is the old one read.
    assert cube.dn[0, 0].tolist() == red[38:82, 38:82].tolist()
    assert cube.offset[0, 0] == -0.1


def test_two_parts_of_a_tile_are_both_read(tmp_path: Path) -> None:
    strip = TILE.datastrip.replace("081003", "081101")
    parts = [
        replace(TILE, grid=GROUND.cut(0, 0, 60, 120)),
        replace(TILE, grid=GROUND.cut(60, 0, 120, 120), name="part", datastrip=strip),
    ]

    assert (scenes_of(tmp_path, *parts).scenes(SITE).dn > 0).all()


def test_cloudy_tiles_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(CloudyError, match="more than 90 % clouds, the clearest has 95 %"):
        scenes_of(tmp_path, replace(TILE, clouds=95.0)).scenes(SITE)


def at(pixel_m: float) -> Site:
    """Return a site of 600 m in the ground, with a halo of 60 m."""
    lattice = Lattice("sentinel_2", pixel_m)
    left, top = (lattice.nearest(edge) for edge in (700_320.0, -200_280.0))
    n = round(600 / pixel_m)
    grid = Grid.from_corner(GROUND.crs, left, top, n, n, pixel_m=pixel_m)
    return Site("site", "site", grid, round(60 / pixel_m))


def noise(side: int) -> NDArray[np.uint16]:
    """Return 1,200 m of ground, dark enough for vegetation."""
    return np.random.default_rng(7).integers(1200, 1400, (side, side)).astype(np.uint16)


@pytest.mark.parametrize("pixel_m", [10.0, 20.0, 30.0])
def test_files_and_a_product_of_the_same_values_agree(tmp_path: Path, pixel_m: float) -> None:
    planes = {"B04": noise(120), "B05": noise(60), "B01": noise(20)}
    classes = np.random.default_rng(8).choice([3, 4, 5, 8], (60, 60)).astype(np.uint8)
    safe = DrawnSafe(day="2017-01-15", corner=(700_020.0, 9_800_020.0), suffix=".tif")
    safe.put(tmp_path / "safe", **planes, SCL=classes)
    tile = replace(TILE, files={**planes, "SCL": classes.astype(np.uint16)})
    bands, site = ("coastal", "red", "rededge071"), at(pixel_m)
    lattice = Lattice("sentinel_2", pixel_m)

    cube = scenes_of(tmp_path, tile, bands=bands).scenes(site)

    folder = ProductFolder(str(tmp_path / "safe"), 2, bands, MSI.platforms, lattice)
    expected = folder.scenes(site)
    np.testing.assert_allclose(cube.values(), expected.values(), atol=1e-4)
    assert np.isfinite(expected.values()).all()
    np.testing.assert_array_equal(cube.qa, expected.qa)
    assert (cube.dates, cube.qa_layout) == (expected.dates, expected.qa_layout)


def test_a_map_does_not_depend_on_its_tiling(tmp_path: Path) -> None:
    tile = replace(TILE, files={"B04": noise(120), "B05": noise(60)})
    stac, wide = scenes_of(tmp_path, tile, bands=("red", "rededge071")), at(30.0)
    narrow = replace(wide, grid=wide.grid.cut(7, 4, 15, 19))

    whole, part = stac.scenes(wide).dn, stac.scenes(narrow).dn

    np.testing.assert_array_equal(whole[..., 7:19, 4:23], part)
