"""Reading and writing GeoTIFF: exact values, atomic writes, no shift by half a pixel."""

import errno
import resource
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rio_cogeo.cogeo import cog_validate

from minecover.core.cube import Cube
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.core.raster import (
    burn,
    read_band,
    read_cube,
    read_grid,
    read_planes,
    trace,
    write_cog,
    write_cube,
    write_planes,
)
from minecover.core.raster.streamed_cog import cog_writer

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=4)
#: The 15 m pan grid of GRID: the centres of every second pixel coincide with GRID's.
PAN = Grid(
    GRID.crs,
    Affine(15, 0, GRID.transform.c - 7.5, 0, -15, GRID.transform.f + 7.5),
    (9, 9),
)
PROBABILITY = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)


def small_cube(dtype: type[np.generic] = np.uint16) -> Cube:
    dates = (date(2017, 1, 15), date(2017, 1, 31))
    dn = np.arange(1, 65, dtype=np.uint16).reshape(2, 2, 4, 4)
    return Cube(
        dn=dn.astype(dtype),
        scale=np.array([[2e-5 / 0.86, 0.00341802], [2e-5 / 0.91, 0.00341802]]),
        offset=np.array([[-0.1 / 0.86, 149.0], [-0.1 / 0.91, 149.0]]),
        qa=np.full((2, 4, 4), 54852, np.uint16),
        saturated=np.eye(4, dtype=bool)[None].repeat(2, 0),
        qa_layout="c2",
        dates=dates,
        bands=("red", "lwir11"),
        grid=GRID,
        halo_px=1,
    )


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_cube_is_read_as_written(tmp_path: Path, dtype: type[np.generic]) -> None:
    cube = small_cube(dtype)

    write_cube(tmp_path / "site.tif", cube)
    back = read_cube(tmp_path / "site.tif")

    for name in ("dn", "scale", "offset", "qa", "saturated"):
        np.testing.assert_array_equal(getattr(back, name), getattr(cube, name))
        assert getattr(back, name).dtype == getattr(cube, name).dtype
    assert (back.dates, back.bands, back.grid) == (cube.dates, cube.bands, cube.grid)
    assert (back.halo_px, back.qa_layout) == (1, "c2")


def test_every_band_of_a_cube_is_described(tmp_path: Path) -> None:
    write_cube(tmp_path / "site.tif", small_cube())

    with rasterio.open(tmp_path / "site.tif") as source:
        names, scales = source.descriptions, source.scales

    assert names[:4] == (
        "2017-01-15/red",
        "2017-01-15/lwir11",
        "2017-01-15/quality",
        "2017-01-15/saturated",
    )
    assert scales[:4] == (2e-5 / 0.86, 0.00341802, 1.0, 1.0)


def test_planes_are_read_by_name(tmp_path: Path) -> None:
    planes = {
        "2017-01-15": np.array([[1, 0], [-1, 0]], np.int8),
        "truth": np.array([[-1, -1], [-1, -1]], np.int8),
    }
    grid = Grid.around(GRID.crs, 700_000, -200_000, size_px=2)

    write_planes(tmp_path / "mask.tif", planes, grid)
    back = read_planes(tmp_path / "mask.tif")

    assert list(back) == list(planes)
    np.testing.assert_array_equal(back["2017-01-15"], planes["2017-01-15"])
    assert back["truth"].dtype == np.int8
    assert read_grid(tmp_path / "mask.tif") == grid


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(np.zeros((4, 4), np.int16), id="another dtype"),
        pytest.param(np.zeros((4, 5), np.float32), id="another shape"),
    ],
)
def test_planes_of_two_kinds_are_refused(tmp_path: Path, other: NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match="one dtype and the shape"):
        write_planes(tmp_path / "a.tif", {"a": PROBABILITY, "b": other}, GRID)


def test_a_cog_is_valid_and_keeps_nan(tmp_path: Path) -> None:
    probability = np.full((600, 600), 0.25, np.float32)
    probability[10, 20] = np.nan
    grid = Grid.around(GRID.crs, 700_000, -200_000, size_px=600)

    write_cog(tmp_path / "map.tif", {"probability": probability}, grid)

    is_valid, errors, warnings = cog_validate(tmp_path / "map.tif", strict=True)
    assert (is_valid, errors, warnings) == (True, [], [])
    np.testing.assert_array_equal(read_planes(tmp_path / "map.tif")["probability"], probability)
    with rasterio.open(tmp_path / "map.tif") as source:
        assert np.isnan(source.nodata)
        assert source.overviews(1)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path: write_cube(path, small_cube()), id="cube"),
        pytest.param(lambda path: write_planes(path, {"a": PROBABILITY}, GRID), id="planes"),
        pytest.param(lambda path: write_cog(path, {"a": PROBABILITY}, GRID), id="cog"),
    ],
)
def test_two_writes_give_the_same_bytes(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "one.tif")
    write(tmp_path / "two.tif")

    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "map.tif"
    path.write_bytes(b"the old map")

    with pytest.raises(TypeError):
        write_planes(path, {"a": np.zeros((4, 4), "datetime64[s]")}, GRID)

    assert [p.name for p in tmp_path.iterdir()] == ["map.tif"]
    assert path.read_bytes() == b"the old map"


def test_an_aligned_band_is_copied(tmp_path: Path) -> None:
    # 1 2 3 4        the requested grid lies one pixel down and right,
    # 5 6 7 8   ->   and one outside the file:   6 7 8 .
    # ...
    dn = np.arange(1, 17, dtype=np.uint16).reshape(4, 4)
    write_planes(tmp_path / "b4.tif", {"red": dn}, GRID)
    moved = Grid(GRID.crs, GRID.transform @ Affine.translation(1, 1), (4, 4))

    band = read_band(tmp_path / "b4.tif", moved, resampling="bilinear")

    assert band.dtype == np.uint16
    assert band.tolist() == [
        [6, 7, 8, 0],
        [10, 11, 12, 0],
        [14, 15, 16, 0],
        [0, 0, 0, 0],
    ]


def test_pan_is_averaged_at_coincident_centres(tmp_path: Path) -> None:
    # A ramp along the columns: pan pixel c has its centre 15 c m from GRID's edge, so the mean
    # over 30 m pixel j is the ramp at its own centre, 2 j + 1. A 2 x 2 mean gives 2 j + 0.5.
    ramp = np.broadcast_to(np.arange(100, 1000, 100, dtype=np.uint16), (9, 9))
    write_planes(tmp_path / "b8.tif", {"pan": ramp}, PAN)

    band = read_band(tmp_path / "b8.tif", GRID, resampling="average")

    assert band.tolist() == [[200, 400, 600, 800]] * 4


def test_pan_kernel_is_a_quarter_a_half_a_quarter(tmp_path: Path) -> None:
    # Pan row 1 lies on the centre of row 0 (a half), column 2 between 0 and 1 (a quarter each).
    spot = np.ones((9, 9), np.uint16)
    spot[1, 2] += 800
    write_planes(tmp_path / "b8.tif", {"pan": spot}, PAN)

    band = read_band(tmp_path / "b8.tif", GRID, resampling="average")

    assert band.tolist() == [[101, 101, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]


def test_no_data_is_left_out_of_a_mean(tmp_path: Path) -> None:
    pan = np.full((9, 9), 500, np.uint16)
    pan[:, :4] = 0
    write_planes(tmp_path / "b8.tif", {"pan": pan}, PAN)

    band = read_band(tmp_path / "b8.tif", GRID, resampling="average")

    assert band.tolist() == [[0, 500, 500, 500]] * 4


def test_a_scene_of_the_next_zone_is_reprojected(tmp_path: Path) -> None:
    # The same ground in zones 35 and 36: a plane tilted with longitude keeps its values.
    here = Grid.around("EPSG:32635", 830_000, -200_000, size_px=60)
    there = Grid.around("EPSG:32636", 162_000, -200_000, size_px=200)
    x_m, _ = there.centres()
    tilted = np.broadcast_to(x_m - x_m[0] + 1000, there.shape).astype(np.uint16)
    write_planes(tmp_path / "b4.tif", {"red": tilted}, there)

    band = read_band(tmp_path / "b4.tif", here, resampling="bilinear").astype(float)

    assert band.min() > 0
    assert np.diff(band, axis=1).mean() == pytest.approx(30, abs=0.1)


def test_outside_the_file_there_is_only_fill(tmp_path: Path) -> None:
    write_planes(tmp_path / "qa.tif", {"QA": np.full((4, 4), 21824, np.uint16)}, GRID)
    far = Grid.around("EPSG:32618", 300_000, -200_000, size_px=3)

    band = read_band(tmp_path / "qa.tif", far, resampling="nearest", fill=1)

    assert band.tolist() == [[1, 1, 1]] * 3


def test_elevations_are_read_with_nan_for_no_data(tmp_path: Path) -> None:
    heights = np.array([[0, -5], [7, -9999]], np.int16)
    grid = Grid.around(GRID.crs, 700_000, -200_000, size_px=2)
    shape = {"count": 1, "height": 2, "width": 2, "dtype": "int16", "nodata": -9999}
    place = {"crs": grid.crs, "transform": grid.transform}
    with rasterio.open(tmp_path / "dem.tif", "w", driver="GTiff", **shape, **place) as sink:
        sink.write(heights, 1)

    band = read_band(tmp_path / "dem.tif", grid, resampling="bilinear", fill=np.nan)

    np.testing.assert_array_equal(band, np.array([[0, -5], [7, np.nan]], np.float32))


def test_a_truncated_file_is_named_with_a_remedy(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(1, 65535, (50, 50)).astype(np.uint16)
    grid = Grid.around(GRID.crs, 700_000, -200_000, size_px=50)
    write_planes(tmp_path / "whole.tif", {"red": noise}, grid)
    cut = tmp_path / "cut.tif"
    cut.write_bytes((tmp_path / "whole.tif").read_bytes()[:3000])

    with pytest.raises(SceneError, match=r"cut\.tif.*3000 bytes.*download it again"):
        read_band(cut, grid, resampling="bilinear")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "is missing", id="no file"),
        pytest.param(b"", "0 bytes", id="empty"),
        pytest.param(b"<html>403</html>", "16 bytes", id="an error page"),
    ],
)
def test_a_file_that_is_not_a_raster_is_a_scene_error(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "b4.tif"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SceneError, match=message):
        read_band(path, GRID, resampling="bilinear")


def test_a_file_whose_place_is_not_finite_is_refused(tmp_path: Path) -> None:
    """Not laid out as if it were elsewhere, where there is no data."""
    path = tmp_path / "band.tif"
    nowhere = Affine(float("nan"), 0, 0, 0, -30, 0)
    with rasterio.open(
        path, "w", driver="GTiff", width=2, height=2, count=1, dtype="uint16",
        crs="EPSG:32635", transform=nowhere,
    ) as dataset:  # fmt: skip
        dataset.write(np.ones((1, 2, 2), np.uint16))

    with pytest.raises(SceneError, match="no place on the ground"):
        read_band(path, GRID, resampling="nearest", fill=0)


def test_a_raster_without_crs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    shape = {"count": 1, "height": 2, "width": 2, "dtype": "uint8"}
    with (
        pytest.warns(NotGeoreferencedWarning),
        rasterio.open(path, "w", driver="GTiff", **shape) as sink,
    ):
        sink.write(np.ones((1, 2, 2), np.uint8))

    with pytest.raises(SceneError, match="no coordinate reference system"):
        read_grid(path)


def test_planes_are_not_read_as_a_cube(tmp_path: Path) -> None:
    write_planes(tmp_path / "map.tif", {"a": PROBABILITY}, GRID)

    with pytest.raises(SceneError, match=r"not a scene file.*dvc repro imagery"):
        read_cube(tmp_path / "map.tif")


def test_a_file_of_several_bands_is_refused(tmp_path: Path) -> None:
    write_planes(tmp_path / "map.tif", {"a": PROBABILITY, "b": PROBABILITY}, GRID)

    with pytest.raises(SceneError, match="one band, found 2"):
        read_band(tmp_path / "map.tif", GRID, resampling="nearest")


def test_burning_touches_pixels_or_centres() -> None:
    # Pixels (1, 1) and (1, 2): the triangle covers the centre of neither, but ground of both.
    left, _, _, top = GRID.bounds
    x, y = left + 30, top - 30
    sliver = shapely.Polygon([(x + 1, y - 1), (x + 59, y - 1), (x + 30, y - 9)])

    touched = burn([sliver, shapely.Polygon()], GRID, all_touched=True)
    centred = burn([sliver], GRID, all_touched=False)

    assert np.argwhere(touched).tolist() == [[1, 1], [1, 2]]
    assert not centred.any()
    assert not burn([], GRID, all_touched=True).any()


def test_tracing_keeps_holes_and_separates_corners() -> None:
    mask = np.array(
        [
            [1, 1, 1, 0],
            [1, 0, 1, 0],
            [1, 1, 1, 0],
            [0, 0, 0, 1],
        ],
        np.bool_,
    )

    ring, single = trace(mask, GRID)

    assert ring.area == 8 * 900
    assert len(ring.interiors) == 1
    assert single.area == 900


def test_a_full_disk_is_the_error_of_the_system_without_a_word_of_gdal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """libtiff prints what it cannot write, past every handler of errors."""
    grid = Grid.around("EPSG:32635", 700_000, -200_000, size_px=100)
    noise = {"a": np.random.default_rng(7).random(grid.shape).astype(np.float32)}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        for write in (write_planes, write_cog):
            with pytest.raises(OSError, match="File too large") as caught:
                write(tmp_path / "b.tif", noise, grid)
            assert caught.value.errno == errno.EFBIG
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    grid = Grid.around("EPSG:32635", 700_000, -200_000, size_px=600)
    noise = np.random.default_rng(7).integers(0, 60_000, grid.shape, np.uint16)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with (
            pytest.raises(SceneError, match=r"cannot be written.*Free some space"),
            cog_writer(tmp_path / "b.tif", grid, np.uint16) as raster,
        ):
            raster.write(noise, 0, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert list(tmp_path.iterdir()) == []
