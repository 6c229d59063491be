"""Folders of downloaded products: scenes read from them, and error messages."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from products import FOOTPRINT, SITE, DrawnProduct

from minecover.core.errors import ConfigError, SceneError
from minecover.core.grid import Grid, project
from minecover.core.landsat import KELVIN_OFFSET, KELVIN_SCALE
from minecover.core.raster import Band, write_planes
from minecover.core.sites import Site
from minecover.sources.product_folder import ProductFolder


def source(folder: Path, level: int = 1, bands: Sequence[str] = ("red",)) -> ProductFolder:
    return ProductFolder(folder=str(folder), level=level, bands=bands)


def test_digital_numbers_of_level_1_are_unchanged(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=8)

    cube = source(tmp_path).scenes(SITE)

    assert cube.dn.dtype == np.uint16
    assert np.unique(cube.dn).tolist() == [12000]
    assert np.unique(cube.qa).tolist() == [21824]
    assert cube.saturated.all()
    assert cube.scale.item() == 2e-5 / math.sin(math.radians(59.49769))
    assert cube.values() == pytest.approx(0.16248, abs=1e-5)
    assert (cube.dates, cube.qa_layout, cube.halo_px) == ((date(2017, 1, 15),), "c2", 1)
    assert cube.grid == SITE.read_grid


def test_a_thermal_band_becomes_temperature(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B10=28000, QA_PIXEL=21824, QA_RADSAT=0)

    cube = source(tmp_path, bands=["lwir11"]).scenes(SITE)

    assert (cube.scale.item(), cube.offset.item()) == (KELVIN_SCALE, KELVIN_OFFSET)
    assert cube.values() == pytest.approx(299.020, abs=0.003)


def test_a_level_2_scene_has_surface_values(tmp_path: Path) -> None:
    product = DrawnProduct(level="L2SP")
    product.put(tmp_path, SR_B4=10000, ST_B10=44000, QA_PIXEL=21824, QA_RADSAT=0)

    cube = source(tmp_path, level=2, bands=["red", "lwir11"]).scenes(SITE)

    assert cube.values("red") == pytest.approx(10000 * 2.75e-5 - 0.2)
    assert cube.values("lwir11") == pytest.approx(44000 * 0.00341802 + 149)


def test_the_pan_band_is_not_shifted(tmp_path: Path) -> None:
    # The scene is a ramp in x [m], in both bands; a half-pixel slip would show as 7.5.
    product, t = DrawnProduct(), FOOTPRINT.transform
    rows, cols = FOOTPRINT.shape
    shape = (2 * rows - 1, 2 * cols - 1)
    pan = Grid(FOOTPRINT.crs, Affine(15, 0, t.c + 7.5, 0, -15, t.f - 7.5), shape)
    home = product.put(tmp_path, QA_PIXEL=21824, QA_RADSAT=0)
    for part, grid in (("B4", FOOTPRINT), ("B8", pan)):
        ramp = np.broadcast_to(2 * (grid.centres()[0] - t.c) + 10_000, grid.shape)
        write_planes(
            home / f"{product.product_id}_{part}.TIF", {part: ramp.astype(np.uint16)}, grid
        )

    cube = source(tmp_path, bands=["red", "pan"]).scenes(SITE)

    np.testing.assert_array_equal(cube.dn[:, 0], cube.dn[:, 1])


@pytest.mark.parametrize("pixel_m", [10, 20, 60])
def test_pixels_of_another_size_are_not_shifted(tmp_path: Path, pixel_m: int) -> None:
    # A ramp in x [m]: each pixel has the value of the ramp at its centre, within half a pixel
    # of the scene, and without bias.
    product, t = DrawnProduct(), FOOTPRINT.transform
    side = 18 * 30 // pixel_m
    left, top = t.c - 120, t.f + 120
    fine = Grid(FOOTPRINT.crs, Affine(pixel_m, 0, left, 0, -pixel_m, top), (side, side))
    home = product.put(tmp_path)
    ramp = np.broadcast_to(2 * (fine.centres()[0] - left) + 10_000, fine.shape)
    for part, values in (("B4", ramp), ("QA_PIXEL", np.full(fine.shape, 21824))):
        path = home / f"{product.product_id}_{part}.TIF"
        write_planes(path, {part: values.astype(np.uint16)}, fine)

    cube = source(tmp_path).scenes(SITE)

    expected = np.broadcast_to(2 * (cube.grid.centres()[0] - left) + 10_000, cube.grid.shape)
    slip = cube.dn[0, 0] - expected
    assert np.abs(slip).max() <= pixel_m
    assert abs(slip.mean()) < 1
    assert np.unique(cube.qa).tolist() == [21824]


def test_scenes_are_sorted_by_date(tmp_path: Path) -> None:
    DrawnProduct(day="2017-03-04").put(tmp_path / "a", B4=9003, QA_PIXEL=21824, QA_RADSAT=0)
    DrawnProduct(day="2016-12-14").put(tmp_path / "a", B4=9001, QA_PIXEL=21824, QA_RADSAT=0)
    DrawnProduct(day="2017-01-15").put(tmp_path / "a", B4=9002, QA_PIXEL=21824, QA_RADSAT=0)

    cube = source(tmp_path / "a").scenes(SITE)

    assert [day.isoformat() for day in cube.dates] == ["2016-12-14", "2017-01-15", "2017-03-04"]
    assert cube.dn[:, 0, 0, 0].tolist() == [9001, 9002, 9003]


@pytest.mark.parametrize("inside", [DrawnProduct().product_id, "."])
def test_the_folder_may_contain_products_or_be_one(tmp_path: Path, inside: str) -> None:
    home = DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    (home / f"{DrawnProduct().product_id}_SR_QA_AEROSOL.TIF").write_bytes(b"never opened")
    (tmp_path / "notes").mkdir()

    cube = source(tmp_path / inside).scenes(SITE)

    assert np.unique(cube.dn).tolist() == [12000]


def test_products_may_share_a_folder(tmp_path: Path) -> None:
    homes = [
        DrawnProduct(day=day).put(tmp_path, B4=12000) for day in ("2017-01-15", "2017-01-31")
    ]
    for path in [path for home in homes for path in home.iterdir()]:
        path.rename(tmp_path / path.name)

    cube = source(tmp_path).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15), date(2017, 1, 31))


def test_rows_of_one_pass_are_joined(tmp_path: Path) -> None:
    # Row 61 ends in the middle of the site and row 62 continues, with a lower sun and therefore
    # another scaling: the joined scene has the scaling of row 61, and the reflectance of both.
    rows, cols = FOOTPRINT.shape
    t = FOOTPRINT.transform
    upper = Grid(FOOTPRINT.crs, t, (rows // 2, cols))
    lower = Grid(FOOTPRINT.crs, t @ Affine.translation(0, 2), (rows - 2, cols))
    DrawnProduct(row=61, grid=upper).put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    DrawnProduct(row=62, grid=lower, sun=59.0).put(
        tmp_path, B4=11900, QA_PIXEL=21952, QA_RADSAT=4
    )

    cube = source(tmp_path).scenes(SITE)

    assert len(cube.dates) == 1
    assert cube.qa[0, :, 0].tolist() == [21824] * 3 + [21952] * 3
    assert cube.saturated[0, :, 0].tolist() == [False] * 3 + [True] * 3
    expected = (11900 * 2e-5 - 0.1) / math.sin(math.radians(59.0))
    assert cube.values()[0, 0, 3:] == pytest.approx(expected, abs=2e-5)
    assert cube.dn[0, 0, :3].min() == 12000


def test_ground_outside_the_footprint_is_fill(tmp_path: Path) -> None:
    rows, cols = FOOTPRINT.shape
    east = Grid(FOOTPRINT.crs, FOOTPRINT.transform @ Affine.translation(4, 0), (rows, cols))
    DrawnProduct(grid=east).put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)

    cube = source(tmp_path).scenes(SITE)

    assert cube.dn[0, 0, 0].tolist() == [0, 0, 12000, 12000, 12000, 12000]
    assert cube.qa[0, 0].tolist() == [1, 1, 21824, 21824, 21824, 21824]
    assert np.isnan(cube.values()[0, 0, 0, 0])


def test_a_date_that_misses_the_site_is_left_out(tmp_path: Path) -> None:
    # The second footprint starts in the last column of the halo, outside of the site itself.
    rows, cols = FOOTPRINT.shape
    off = Grid(FOOTPRINT.crs, FOOTPRINT.transform @ Affine.translation(7, 0), (rows, cols))
    DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    DrawnProduct(day="2017-01-31", grid=off).put(
        tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0
    )

    cube = source(tmp_path).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_a_date_of_only_fill_is_left_out(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    DrawnProduct(day="2017-01-31").put(tmp_path, B4=0, QA_PIXEL=1, QA_RADSAT=0)

    cube = source(tmp_path).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)


def test_a_site_without_scenes_is_an_error_with_the_footprint(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    kivu = Site("kivu", "kivu", Grid.around("EPSG:32635", 790_000, -280_000, size_px=4), 1)

    with pytest.raises(SceneError) as caught:
        source(tmp_path).scenes(kivu)

    assert "covers site kivu (longitude 29.607 to 29.60" in str(caught.value)
    assert "scenes cover longitude 28.796 to 28.799, latitude -1.810" in str(caught.value)


def test_a_product_without_quality_band_has_no_layout(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000)

    cube = source(tmp_path).scenes(SITE)

    assert cube.qa_layout == "none"
    assert not cube.qa.any()


def test_scenes_with_and_without_quality_band_do_not_mix(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000)
    DrawnProduct(day="2017-01-31").put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)

    with pytest.raises(SceneError, match=r"c2 \(LC08.*0131.*none \(LC08.*0115.*quality band"):
        source(tmp_path).scenes(SITE)


def test_all_missing_bands_are_named_with_their_folder(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824)

    with pytest.raises(SceneError) as caught:
        source(tmp_path, bands=["red", "nir08", "pan"]).scenes(SITE)

    name = DrawnProduct().product_id
    assert f"{name} lacks {name}_B5.TIF, {name}_B8.TIF" in str(caught.value)
    assert "found: B4.TIF, MTL.JSON, QA_PIXEL.TIF" in str(caught.value)
    assert "source.bands" in str(caught.value)


def test_images_without_metadata_are_refused(tmp_path: Path) -> None:
    home = DrawnProduct().put(tmp_path, B4=12000)
    (home / f"{DrawnProduct().product_id}_MTL.json").unlink()

    with pytest.raises(SceneError, match=r"has no LC08_.*_MTL\.txt or _MTL\.json.*Download it"):
        source(tmp_path).scenes(SITE)


def test_a_truncated_band_is_named(tmp_path: Path) -> None:
    home = DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824)
    path = home / f"{DrawnProduct().product_id}_B4.TIF"
    path.write_bytes(path.read_bytes()[:200])

    with pytest.raises(
        SceneError, match=r"_B4\.TIF cannot be read as a raster: found 200 bytes"
    ):
        source(tmp_path).scenes(SITE)


def test_scaled_values_are_refused(tmp_path: Path) -> None:
    home = DrawnProduct().put(tmp_path, QA_PIXEL=21824)
    scaled = np.full(FOOTPRINT.shape, -0.05, np.float32)
    write_planes(home / f"{DrawnProduct().product_id}_B4.TIF", {"B4": scaled}, FOOTPRINT)

    with pytest.raises(
        SceneError, match=r"_B4\.TIF must contain digital numbers.*found -0\.05"
    ):
        source(tmp_path).scenes(SITE)


def test_one_scene_processed_twice_is_refused(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000)
    DrawnProduct(level="L1GT").put(tmp_path, B4=12000)

    with pytest.raises(SceneError, match=r"one scene twice: LC08_L1GT.* and LC08_L1TP"):
        source(tmp_path).scenes(SITE)


def test_the_other_level_is_left_out(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    DrawnProduct(level="L2SP").put(tmp_path, SR_B4=9000, QA_PIXEL=21824, QA_RADSAT=0)

    assert np.unique(source(tmp_path, level=1).scenes(SITE).dn).tolist() == [12000]
    assert np.unique(source(tmp_path, level=2).scenes(SITE).dn).tolist() == [9000]


def test_a_folder_of_only_the_other_level_is_refused(tmp_path: Path) -> None:
    DrawnProduct(level="L1TP").put(tmp_path, B4=12000)

    with pytest.raises(SceneError, match="no product of level 2 of landsat-8, .*, found"):
        source(tmp_path, level=2).scenes(SITE)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"level 1 of .*, found no \*_MTL\.txt, \*_MTL\.json"):
        source(tmp_path).scenes(SITE)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"is not a folder. Fix source.input"):
        source(tmp_path / "nowhere").scenes(SITE)


@pytest.mark.parametrize(
    ("level", "bands", "message"),
    [
        pytest.param(3, ["red"], "level must be 1 or 2, found 3", id="level"),
        pytest.param(1, ["B12"], "found B12. Fix source.bands", id="another name"),
        pytest.param(2, ["pan"], r"coastal, .*swir22, lwir11 \(level 2", id="pan at level 2"),
        pytest.param(1, ["red", "red"], "each once, found red, red", id="twice"),
        pytest.param(1, [], "found none", id="none"),
    ],
)
def test_invalid_settings_are_refused_at_once(
    level: int, bands: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        ProductFolder(folder="nowhere", level=level, bands=bands)


def test_the_footprint_is_in_degrees(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000)

    west, south, east, north = source(tmp_path).footprint().bounds

    assert (west, north) == pytest.approx((28.797, -1.807), abs=2e-3)
    assert (east - west, north - south) == pytest.approx((300 / 111e3,) * 2, rel=0.05)


def split(bands_end: dict[str, int], shape: tuple[int, int]) -> dict[str, Band]:
    """Return pixels of each band, which end after some rows."""
    planes = {band: np.full(shape, 12_000, np.uint16) for band in bands_end}
    for band, row in bands_end.items():
        planes[band][row:] = 0
    return dict(planes)


def test_a_pixel_with_all_bands_wins_over_one_with_some(tmp_path: Path) -> None:
    # Above, red ends after five rows and nir08 after seven; the lower scene starts at row four:
    #   row    0 1 2 3 4 | 5 6 | 7 8 9
    #   shown  upper     | lower (whole)
    rows, cols = FOOTPRINT.shape
    lower = FOOTPRINT.cut(4, 0, rows, cols)
    upper = DrawnProduct(row=61)
    upper.put(tmp_path, **split({"B4": 5, "B5": 7}, FOOTPRINT.shape), QA_PIXEL=21824)
    DrawnProduct(row=62, grid=lower).put(tmp_path, B4=13_000, B5=13_000, QA_PIXEL=21952)
    whole = Site("whole", "", FOOTPRINT, 0)

    cube = source(tmp_path, bands=["red", "nir08"]).scenes(whole)

    assert cube.dn[0, :, :, 0].tolist() == [[12_000] * 5 + [13_000] * 5] * 2
    assert cube.qa[0, :, 0].tolist() == [21824] * 5 + [21952] * 5


def test_a_pixel_with_some_bands_is_kept_where_none_is_whole(tmp_path: Path) -> None:
    DrawnProduct(row=61).put(tmp_path, **split({"B4": 5, "B5": 7}, FOOTPRINT.shape))

    cube = source(tmp_path, bands=["red", "nir08"]).scenes(Site("whole", "", FOOTPRINT, 0))

    assert cube.dn[0, 1, :, 0].tolist() == [12_000] * 7 + [0] * 3


def test_paths_of_one_day_are_joined(tmp_path: Path) -> None:
    # Far north, two paths of one day show the same ground.
    DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    other = DrawnProduct(path=189)
    other.put(tmp_path, B4=13000, QA_PIXEL=21824, QA_RADSAT=0)

    cube = source(tmp_path).scenes(SITE)

    assert cube.dates == (date(2017, 1, 15),)
    assert np.unique(cube.dn).tolist() == [12000]


def test_each_zone_has_its_own_extent(tmp_path: Path) -> None:
    far = replace(FOOTPRINT, crs="EPSG:32618")
    DrawnProduct().put(tmp_path, B4=12000)
    DrawnProduct(day="2017-01-31", grid=far).put(tmp_path, B4=12000)

    assert source(tmp_path).extents() == [far, FOOTPRINT]
    with pytest.raises(SceneError, match=r"2 zones \(EPSG:32618, EPSG:32635\).*minecover map"):
        source(tmp_path).extent()


def test_scenes_far_apart_have_no_common_extent(tmp_path: Path) -> None:
    # Two ends of one zone, 10 x 10 pixels each: a grid around both has 2,002,100,100.
    t = FOOTPRINT.transform
    north = replace(FOOTPRINT, transform=Affine(30, 0, t.c + 300_000, 0, -30, t.f + 6_000_000))
    DrawnProduct().put(tmp_path, B4=12000)
    DrawnProduct(day="2017-01-31", grid=north).put(tmp_path, B4=12000)

    with pytest.raises(SceneError, match=r"lie too far apart.*200010 x 10010.*minecover map"):
        source(tmp_path).extents()


#: A scene of zone 60 with its middle on the antimeridian, and one of zone 1 beside it.
EAST = Grid.around("EPSG:32660", *project(180, -17, "EPSG:32660"), size_px=40)
WEST = Grid.around("EPSG:32601", *project(-179.98, -17, "EPSG:32601"), size_px=40)


@pytest.mark.parametrize("zone", ["EPSG:32660", "EPSG:32601"])
@pytest.mark.parametrize("lon", [179.999, -179.999])
def test_a_scene_across_180_degrees_covers_both_sides(
    tmp_path: Path, lon: float, zone: str
) -> None:
    DrawnProduct(grid=EAST).put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    here = Site("here", "", Grid.around(zone, *project(lon, -17, zone), size_px=6), 1)

    cube = source(tmp_path).scenes(here)

    assert np.unique(cube.dn).tolist() == [12000]


@pytest.mark.parametrize(
    ("lon", "is_covered"), [(179.997, True), (-179.997, True), (0.0, False), (179.9, False)]
)
def test_the_footprint_is_cut_at_180_degrees(
    tmp_path: Path, lon: float, is_covered: bool
) -> None:
    DrawnProduct(grid=EAST).put(tmp_path, B4=12000)
    DrawnProduct(day="2017-01-31", grid=WEST).put(tmp_path, B4=12000)

    footprint = source(tmp_path).footprint()

    assert footprint.intersects(shapely.Point(lon, -17)) is is_covered
    assert footprint.area < 0.001


def test_an_extent_across_180_degrees_is_said_from_west_to_east(tmp_path: Path) -> None:
    DrawnProduct(grid=EAST).put(tmp_path, B4=12000)

    with pytest.raises(SceneError, match=r"scenes cover longitude 179\.99\d to -179\.99\d, "):
        source(tmp_path).scenes(SITE)


def test_the_extent_of_scenes_in_no_zone_is_refused(tmp_path: Path) -> None:
    """Web Mercator has no metres: far from the equator, its pixels are smaller."""
    web = Grid("EPSG:3857", FOOTPRINT.transform, FOOTPRINT.shape)
    DrawnProduct(grid=web).put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)

    with pytest.raises(SceneError, match="scenes in EPSG:3857, which is no UTM zone"):
        source(tmp_path).extents()


@pytest.mark.parametrize("part", ["QA_PIXEL", "QA_RADSAT"])
def test_a_quality_band_that_lies_elsewhere_is_refused(tmp_path: Path, part: str) -> None:
    """Not "saturated nowhere", and not "no data": the file was changed."""
    home = DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)
    away = FOOTPRINT.cut(900, 900, 910, 910)
    write_planes(home / f"{home.name}_{part}.TIF", {part: np.ones((10, 10), np.uint16)}, away)

    with pytest.raises(SceneError, match=f"{part}.TIF does not show the ground of its bands"):
        source(tmp_path).scenes(SITE)


def test_reading_is_estimated_for_zones_of_two_continents(tmp_path: Path) -> None:
    far = replace(FOOTPRINT, crs="EPSG:32618")
    DrawnProduct().put(tmp_path, B4=12000)
    one = source(tmp_path).estimate_reading([FOOTPRINT])

    DrawnProduct(day="2017-01-31", grid=far).put(tmp_path, B4=12000)

    assert source(tmp_path).estimate_reading([FOOTPRINT]) == one


def test_an_extent_far_from_180_degrees_is_said_as_it_is(tmp_path: Path) -> None:
    west = Grid.around("EPSG:32621", *project(-57.6, -19.2, "EPSG:32621"), size_px=10)
    DrawnProduct(grid=west).put(tmp_path, B4=12000)

    with pytest.raises(SceneError, match=r"scenes cover longitude -57\.60\d to -57\.59\d, "):
        source(tmp_path).scenes(SITE)


def test_bands_may_be_named_as_usgs_does(tmp_path: Path) -> None:
    DrawnProduct().put(tmp_path, B4=12000, QA_PIXEL=21824, QA_RADSAT=0)

    cube = source(tmp_path, bands=["B4"]).scenes(SITE)

    assert cube.bands == ("red",)
