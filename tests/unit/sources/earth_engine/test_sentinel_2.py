"""Sentinel-2 from Earth Engine: the pixels of the files, days, versions, linked scores."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safe_products import DrawnSafe
from servers.ee_drawing import NETWORK, LocalService
from servers.ee_faults import LISTING, PIXELS
from servers.ee_sentinel_2 import (
    CORNER,
    SCORE,
    SIDE_M,
    SIDES_M,
    SURFACE,
    DrawnTile,
    sentinel_2_assets,
)

from minecover.core.config import composed
from minecover.core.cube import Cube
from minecover.core.errors import CloudyError, ConfigError, SceneError
from minecover.core.grid import Grid
from minecover.core.lattice import Lattice
from minecover.core.quality_bits import UNKNOWN_SCORE, clear_percent
from minecover.core.sensors import MSI
from minecover.core.sites import Site
from minecover.sources.earth_engine import EarthEngineScenes, Sentinel2Images
from minecover.sources.product_folder import ProductFolder

BANDS = ("blue", "red", "rededge071", "nir", "nir08", "swir22")
#: Middle of the squares of tiles, in the northern zone.
X, Y = CORNER[0] + SIDE_M / 2, CORNER[1] - 1e7 - SIDE_M / 2


def site_of(pixel_m: float) -> Site:
    """Return a site of 360 m in the middle of the square, with a halo of two pixels."""
    lattice = Lattice("sentinel_2", pixel_m)
    grid = Grid.around("EPSG:32635", X, Y, size_px=int(360 / pixel_m), lattice=lattice)
    return Site("site", "site", grid, 2)


SITE = site_of(10.0)


def source_of(
    service: LocalService, *bands: str, score: Mapping[str, str] | None = None
) -> EarthEngineScenes:
    return EarthEngineScenes(
        client=replace(service.client, network=NETWORK),
        platforms=MSI.platforms,
        collections=dict.fromkeys(MSI.platforms, SURFACE),
        images=Sentinel2Images(score),
        bands=bands or ("red",),
        first_day="2016-10-15",
        last_day="2017-05-09",
        cloud_cover_max=90.0,
    )


def scored(service: LocalService, *bands: str) -> EarthEngineScenes:
    return source_of(service, *bands, score={"collection": SCORE, "band": "cs_cdf"})


def noise(band: str, low: int, high: int) -> NDArray[np.uint16]:
    """Return digital numbers that differ from pixel to pixel."""
    n = round(SIDE_M / SIDES_M[band])
    rng = np.random.default_rng(sorted(SIDES_M).index(band))
    return rng.integers(low, high, (n, n), endpoint=True).astype(np.uint16)


@pytest.mark.parametrize("pixel_m", [10.0, 20.0, 30.0])
def test_reflectance_is_that_of_the_files(
    service: LocalService, tmp_path: Path, pixel_m: float
) -> None:
    natives = [MSI.native(band) for band in BANDS]
    planes = {name: noise(name.replace("B0", "B"), 100, 6000) for name in natives}
    planes["B04"][58:61, 60:66] = 0  # no data
    classes = noise("SCL", 1, 11)
    product = DrawnSafe(day="2017-01-15", start="08:12:41", suffix=".tif")
    files = {name: np.where(dn == 0, dn, dn + 1000) for name, dn in planes.items()}
    product.put(tmp_path, **files, SCL=classes.astype(np.uint8))
    served = {
        name.replace("B0", "B"): np.where(dn == 0, np.nan, dn) for name, dn in planes.items()
    }
    service.server.catalogue = sentinel_2_assets(
        DrawnTile().asset(**served, SCL=classes.astype(np.float64))
    )
    site, lattice = site_of(pixel_m), Lattice("sentinel_2", pixel_m)

    from_files = ProductFolder(str(tmp_path), 2, BANDS, MSI.platforms, lattice).scenes(site)
    from_service = source_of(service, *BANDS).scenes(site)

    difference = np.abs(from_service.values() - from_files.values())
    assert np.nanmax(difference) < 1.01e-4
    assert np.isnan(from_service.values("red")).any()
    assert np.nanstd(from_service.values(), axis=(2, 3)).min() > 0.01
    np.testing.assert_array_equal(
        np.isnan(from_service.values()), np.isnan(from_files.values())
    )
    np.testing.assert_array_equal(from_service.qa, from_files.qa)
    assert from_service.dates == from_files.dates == (date(2017, 1, 15),)
    assert from_service.qa_layout == "s2"
    assert from_service.dn.dtype == np.uint16
    assert (service.server.count(LISTING), service.server.count(PIXELS)) == (1, 1)


@pytest.mark.parametrize("pixel_m", [10.0, 20.0, 30.0])
def test_no_band_is_shifted(service: LocalService, pixel_m: float) -> None:
    # Ramps to the east and to the south: means of smaller pixels meet the pixel's centre.
    def ramp(band: str) -> NDArray[np.float64]:
        at = (np.arange(SIDE_M / SIDES_M[band]) + 0.5) * SIDES_M[band]
        return 1000 + at[None] + 2 * at[:, None]

    tile = DrawnTile().asset(B4=ramp("B4"), B12=ramp("B12"), SCL=4.0)
    service.server.catalogue = sentinel_2_assets(tile)
    site = site_of(pixel_m)

    cube = source_of(service, "red", "swir22").scenes(site)

    x, y = np.meshgrid(*site.read_grid.centres())
    expected = 1000 + (x - CORNER[0]) + 2 * (CORNER[1] - 1e7 - y)
    assert np.abs(cube.dn[0, 0] - expected).max() <= 0.5
    # A pixel of 20 m is repeated at 10 m, at most 5 m east and 5 m south of its centre.
    np.testing.assert_allclose(cube.dn[0, 1], expected, atol=15.5 if pixel_m == 10 else 5.5)


EAST = (CORNER[0] + 600, CORNER[1])
WEST_TILE = DrawnTile()
EAST_TILE = DrawnTile(corner=EAST, tile="35MRU", time="2017-01-15T08:12:56")


def test_one_pass_in_two_tiles_is_one_date(service: LocalService) -> None:
    left = np.full((120, 120), 500.0)
    left[:, 62:] = np.nan  # the tile ends two pixels east of where the other one begins
    service.server.catalogue = sentinel_2_assets(
        EAST_TILE.asset(B4=1500.0, SCL=5.0), WEST_TILE.asset(B4=left, SCL=4.0)
    )

    cube = source_of(service).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)
    row = cube.dn[0, 0, 0]
    assert (row[0], row[-1], sorted(set(row.tolist()))) == (500, 1500, [500, 1500])
    np.testing.assert_array_equal(cube.qa[0, 0] & 15, np.where(row == 500, 4, 5))


def test_a_pass_over_midnight_is_one_date(service: LocalService) -> None:
    begin = "20170114T235950"
    west = np.full((120, 120), 500.0)
    west[:, 60:] = np.nan
    service.server.catalogue = sentinel_2_assets(
        replace(WEST_TILE, time="2017-01-14T23:59:55", pass_begin=begin).asset(
            B4=west, SCL=4.0
        ),
        replace(EAST_TILE, time="2017-01-15T00:00:05", pass_begin=begin).asset(
            B4=1500.0, SCL=5.0
        ),
    )

    cube = source_of(service).scenes(SITE)
    last = replace(source_of(service), last_day="2017-01-14").scenes(SITE)

    assert cube.dates == last.dates == (date(2017, 1, 14),)
    assert np.unique(last.dn).tolist() == [500, 1500]


def test_tiles_of_the_sites_zone_are_on_top_and_others_fill(service: LocalService) -> None:
    # The next zone's pixels are interpolated: a constant stays one.
    x, y = 32_300.0, 9_799_000.0  # the same ground in zone 36, roughly
    own = np.full((120, 120), 500.0)
    own[:, 60:] = np.nan
    far = DrawnTile(tile="36MTD", crs="EPSG:32736", corner=(x - 600, y + 2000))
    service.server.catalogue = sentinel_2_assets(
        far.asset(B4=1500.0, SCL=5.0), WEST_TILE.asset(B4=own, SCL=4.0)
    )

    cube = source_of(service).scenes(SITE)

    assert set(np.unique(cube.dn)) <= {0, 500, 1500}
    assert cube.dn[0, 0, :, :20].tolist() == np.full((40, 20), 500).tolist()


def test_the_newest_processing_is_read(service: LocalService) -> None:
    old = DrawnTile().asset(B4=500.0, SCL=4.0)
    # What the newest lacks is not taken from what it replaces.
    plane = np.full((120, 120), 600.0)
    plane[60, 60] = np.nan
    new = DrawnTile(baseline="05.00", generated="2021-03-01T12:00:00").asset(B4=plane, SCL=4.0)
    service.server.catalogue = sentinel_2_assets(new, old)

    cube = source_of(service).scenes(SITE)

    assert np.unique(cube.dn).tolist() == [0, 600]


def test_cloudy_tiles_are_not_read(service: LocalService) -> None:
    service.server.catalogue = sentinel_2_assets(
        DrawnTile(cloud_cover=97.5).asset(B4=500.0, SCL=4.0)
    )

    with pytest.raises(CloudyError, match=r"more than 90 % clouds, the clearest has 97\.5 %"):
        source_of(service).scenes(SITE)


def test_tiles_of_other_satellites_are_left_out(service: LocalService) -> None:
    service.server.catalogue = sentinel_2_assets(
        DrawnTile().asset(B4=500.0, SCL=4.0),
        DrawnTile(
            time="2017-01-20T08:12:41", pass_begin="20170120T081241", craft="Sentinel-2B"
        ).asset(B4=600.0, SCL=4.0),
    )

    cube = replace(source_of(service), platforms=["sentinel-2a"]).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def linked_cube(service: LocalService, score: float | NDArray[np.float64], site: Site) -> Cube:
    """Return the scenes of two days, of which the first has a score."""
    first = DrawnTile()
    second = replace(first, time="2017-01-25T08:12:41", pass_begin="20170125T081241")
    service.server.catalogue = sentinel_2_assets(
        second.asset(B4=500.0, SCL=8.0),
        first.asset(B4=500.0, SCL=4.0),
        scores={first.index: first.asset(cs_cdf=score)},
    )
    return scored(service).scenes(site)


def test_a_linked_score_is_read_and_a_missing_one_is_unknown(service: LocalService) -> None:
    cube = linked_cube(service, 0.57, SITE)

    assert [np.unique(one).tolist() for one in clear_percent(cube.qa)] == [
        [57],
        [UNKNOWN_SCORE],
    ]
    assert [np.unique(one & 15).tolist() for one in cube.qa] == [[4], [8]]


def test_the_score_is_averaged_over_larger_pixels(service: LocalService) -> None:
    # Columns of 10 m are clear and cloudy in turn: two of three pixels a side, or one.
    score = np.broadcast_to(np.arange(120) % 2 == 0, (120, 120)).astype(np.float64)

    cube = linked_cube(service, score, site_of(30.0))

    assert np.unique(clear_percent(cube.qa[0])).tolist() == [33, 66]


def test_a_listing_without_a_pass_is_refused(service: LocalService) -> None:
    tile = DrawnTile().asset(B4=500.0, SCL=4.0)
    wrong = {**tile.properties, "DATATAKE_IDENTIFIER": "unknown"}
    service.server.catalogue = sentinel_2_assets(replace(tile, properties=wrong))

    with pytest.raises(SceneError, match="must tell its pass .* found DATATAKE_IDENTIFIER=unk"):
        source_of(service).scenes(SITE)


def test_the_configuration_reads_cloud_score(service: LocalService) -> None:
    choice = ["source=sentinel2_earth_engine", "labels=files", "labels.input=mines"]
    params = composed([*choice, "context=none"])

    built: EarthEngineScenes = params.build("source.scenes")

    assert built.images == Sentinel2Images({"collection": SCORE, "band": "cs_cdf"})
    assert set(built.collections.values()) == {SURFACE}
    assert params.value("mask") == "clear_score"


def test_bands_of_level_1_are_refused(service: LocalService) -> None:
    with pytest.raises(ConfigError, match="found cirrus. Fix source.bands"):
        source_of(service, "cirrus")
