"""Properties of raster files: round trips, and independence of the window."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import Transformer

from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.core.raster import (
    Method,
    burn,
    read_band,
    read_cube,
    read_planes,
    trace,
    write_cog,
    write_cube,
    write_planes,
)

GRID = Grid.around("EPSG:32635", 700_000, -200_000, size_px=8)
BAND = np.random.default_rng(7).integers(1, 65535, (40, 40)).astype(np.uint16)
SCENE = Grid.around("EPSG:32635", 700_000, -200_000, size_px=40)
METHODS: tuple[Method, ...] = ("nearest", "bilinear", "average")
masks = arrays(np.bool_, (8, 8))


@pytest.fixture(scope="module")
def scene() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "b4.tif"
        write_planes(path, {"red": BAND}, SCENE)
        yield path


@st.composite
def cubes(draw: st.DrawFn) -> Cube:
    n_dates, n_bands = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rows, cols = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    bits = arrays(np.uint16, (n_dates, rows, cols))
    scales = arrays(np.float64, (n_dates, n_bands), elements=st.floats(-1e3, 1e3))
    first = draw(st.dates(date(2013, 3, 18), date(2030, 1, 1)))
    return Cube(
        dn=draw(arrays(np.uint16, (n_dates, n_bands, rows, cols))),
        scale=draw(scales),
        offset=draw(scales),
        qa=draw(bits),
        saturated=draw(arrays(np.bool_, (n_dates, rows, cols))),
        qa_layout=draw(st.sampled_from(["c2", "c1", "pre", "none"])),
        dates=tuple(first + timedelta(16 * i) for i in range(n_dates)),
        bands=("blue", "pan", "lwir11")[:n_bands],
        grid=Grid.from_corner("EPSG:32635", 700_005, -200_025, rows, cols),
        halo_px=draw(st.integers(0, 3)),
    )


@settings(max_examples=25)
@given(cube=cubes())
def test_writing_then_reading_a_cube_is_the_identity(cube: Cube) -> None:
    with TemporaryDirectory() as folder:
        write_cube(Path(folder) / "site.tif", cube)
        back = read_cube(Path(folder) / "site.tif")

    for name in Cube.__slots__:
        np.testing.assert_array_equal(getattr(back, name), getattr(cube, name))


@settings(max_examples=10)
@given(plane=arrays(np.float32, (8, 8), elements=st.floats(0, 1, width=32) | st.just(np.nan)))
def test_writing_then_reading_a_cog_is_the_identity(plane: np.ndarray) -> None:
    with TemporaryDirectory() as folder:
        write_cog(Path(folder) / "map.tif", {"probability": plane}, GRID)
        back = read_planes(Path(folder) / "map.tif")

    np.testing.assert_array_equal(back["probability"], plane)


@pytest.mark.parametrize("resampling", METHODS)
@settings(max_examples=20)
@given(dx=st.integers(-12, 44), dy=st.integers(-12, 44))
def test_an_aligned_window_is_a_part_of_the_file(
    scene: Path, resampling: Method, dx: int, dy: int
) -> None:
    window = Grid(SCENE.crs, SCENE.transform @ Affine.translation(dx, dy), (8, 8))
    beyond = np.pad(BAND, 20)

    band = read_band(scene, window, resampling=resampling)

    np.testing.assert_array_equal(band, beyond[dy + 20 : dy + 28, dx + 20 : dx + 28])


@pytest.mark.parametrize("resampling", METHODS)
@settings(max_examples=10)
@given(margin=st.integers(0, 12), zone=st.sampled_from(["EPSG:32634", "EPSG:32636"]))
def test_warping_does_not_depend_on_the_window(
    scene: Path, resampling: Method, margin: int, zone: str
) -> None:
    to_zone = Transformer.from_crs(SCENE.crs, zone, always_xy=True)
    small = Grid.around(zone, *to_zone.transform(*SCENE.xy(20, 20)), size_px=6)

    large = read_band(scene, small.grown(margin), resampling=resampling)

    inner = large[margin : margin + 6, margin : margin + 6]
    np.testing.assert_array_equal(inner, read_band(scene, small, resampling=resampling))


@given(mask=masks)
def test_rasterising_traced_outlines_is_the_identity(mask: np.ndarray) -> None:
    outlines = trace(mask, GRID)

    np.testing.assert_array_equal(burn(outlines, GRID, all_touched=True), mask)
    np.testing.assert_array_equal(burn(outlines, GRID, all_touched=False), mask)


@given(mask=masks)
def test_traced_outlines_have_the_area_of_their_pixels(mask: np.ndarray) -> None:
    outlines = trace(mask, GRID)

    assert sum(outline.area for outline in outlines) == 900 * mask.sum()
    assert all(outline.is_valid for outline in outlines)


@given(mask=masks, margin=st.integers(1, 4))
def test_burning_does_not_depend_on_the_window(mask: np.ndarray, margin: int) -> None:
    outlines = trace(mask, GRID)

    wide = burn(outlines, GRID.grown(margin), all_touched=True)

    np.testing.assert_array_equal(wide[margin:-margin, margin:-margin], mask)
