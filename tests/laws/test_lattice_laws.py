"""Laws of reading onto lattices: area-weighted means, copies, and southern UTM zones."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from minecover.core.grid import Grid
from minecover.core.hemispheres import named_as, northern
from minecover.core.lattice import EDGES_M, LANDSAT, Lattice
from minecover.core.raster import read_band, write_planes
from minecover.core.sensors import SENSORS, Sensor

#: Pixels with data and some without, on a corner as Sentinel-2's tiles have it.
BAND = np.random.default_rng(7).integers(0, 4, (60, 60)).astype(np.uint16) * 4001
LEFT_M, TOP_M = 499_980.0, -1_500_000.0
SIDES_M = (10.0, 20.0)
LATTICES = [Lattice(family, side_m) for family, side_m in EDGES_M]


def source_grid(side_m: float) -> Grid:
    return Grid.from_corner("EPSG:32735", LEFT_M, 1e7 + TOP_M, 60, 60, pixel_m=side_m)


@pytest.fixture(scope="module")
def files() -> Iterator[dict[float, Path]]:
    with TemporaryDirectory() as folder:
        paths = {side_m: Path(folder) / f"{side_m:g}m.tif" for side_m in SIDES_M}
        for side_m, path in paths.items():
            write_planes(path, {"red": BAND}, source_grid(side_m))
        yield paths


def split_into_metres_of_five(side_m: float) -> np.ndarray:
    """Return the drawn band in pixels of 5 m, NaN where there is no data."""
    n = int(side_m // 5)
    return np.where(BAND == 0, np.nan, BAND.astype(np.float64)).repeat(n, 0).repeat(n, 1)


@pytest.mark.parametrize("side_m", SIDES_M)
@settings(max_examples=25, deadline=None)
@given(dx=st.integers(-4, 60), dy=st.integers(-4, 60))
def test_a_mean_over_larger_pixels_is_that_of_the_ground_they_share(
    files: dict[float, Path], side_m: float, dx: int, dy: int
) -> None:
    # Corners on multiples of 5 m, like Landsat's pixels over Sentinel-2's.
    grid = Grid.from_corner("EPSG:32635", LEFT_M + 5 * dx, TOP_M - 5 * dy, 4, 5)
    ground = np.pad(split_into_metres_of_five(side_m), 80, constant_values=np.nan)
    part = ground[80 + dy : 80 + dy + 24, 80 + dx : 80 + dx + 30].reshape(4, 6, 5, 6)
    seen = np.isfinite(part).sum(axis=(1, 3))
    mean = np.divide(np.nansum(part, axis=(1, 3)), seen, out=np.zeros((4, 5)), where=seen > 0)

    read = read_band(files[side_m], grid, resampling="adaptive")

    np.testing.assert_allclose(read.astype(np.float64), mean, atol=0.5 + 1e-9)
    assert (read == 0).tolist() == (seen == 0).tolist()


@pytest.mark.parametrize("lattice", LATTICES, ids=str)
@pytest.mark.parametrize("side_m", SIDES_M)
@settings(max_examples=25, deadline=None)
@given(margin=st.integers(0, 9), dx=st.integers(-20, 20), dy=st.integers(-20, 20))
def test_what_is_read_does_not_depend_on_the_window(
    files: dict[float, Path], lattice: Lattice, side_m: float, margin: int, dx: int, dy: int
) -> None:
    x_m, y_m = LEFT_M + 300 + 10 * dx, TOP_M - 300 + 10 * dy
    small = Grid.around("EPSG:32635", x_m, y_m, size_px=6, lattice=lattice)

    large = read_band(files[side_m], small.grown(margin), resampling="adaptive")

    inner = large[margin : margin + 6, margin : margin + 6]
    np.testing.assert_array_equal(inner, read_band(files[side_m], small, resampling="adaptive"))


@settings(max_examples=25, deadline=None)
@given(dx=st.integers(0, 80), dy=st.integers(0, 80))
def test_larger_pixels_of_an_aligned_lattice_are_copied(
    files: dict[float, Path], dx: int, dy: int
) -> None:
    grid = Grid.from_corner(
        "EPSG:32635", LEFT_M + 10 * dx, TOP_M - 10 * dy, 11, 7, pixel_m=10.0
    )
    whole = BAND.repeat(2, 0).repeat(2, 1)

    read = read_band(files[20.0], grid, resampling="adaptive")

    np.testing.assert_array_equal(read, whole[dy : dy + 11, dx : dx + 7])


@given(dx=st.integers(-9, 50), dy=st.integers(-9, 50))
@settings(max_examples=25, deadline=None)
def test_a_southern_zone_is_copied_onto_the_northern_one(
    files: dict[float, Path], dx: int, dy: int
) -> None:
    grid = Grid.from_corner(
        "EPSG:32635", LEFT_M + 20 * dx, TOP_M - 20 * dy, 10, 10, pixel_m=20.0
    )
    beyond = np.pad(BAND, 10)

    for method in ("nearest", "bilinear", "average", "adaptive"):
        read = read_band(files[20.0], grid, resampling=method)
        np.testing.assert_array_equal(read, beyond[dy + 10 : dy + 20, dx + 10 : dx + 20])


@given(row=st.integers(0, 59), col=st.integers(0, 59), lattice=st.sampled_from(LATTICES))
@settings(max_examples=25, deadline=None)
def test_a_saturated_pixel_saturates_all_that_it_contributes_to(
    row: int, col: int, lattice: Lattice
) -> None:
    band = np.full((60, 60), 1000, np.uint16)
    band[row, col] = 65535
    grid = Grid.around("EPSG:32635", LEFT_M + 600, TOP_M - 600, size_px=12, lattice=lattice)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "b4.tif"
        write_planes(path, {"red": band}, source_grid(20.0))
        read = read_band(path, grid, resampling="adaptive", saturated=65535)

    assert set(np.unique(read)) <= {0, 1000, 65535}
    x_m, y_m = source_grid(20.0).xy(row, col)
    at = grid.rowcol(x_m, y_m - 1e7)
    is_inside = all(0 <= i < n for i, n in zip(at, grid.shape, strict=True))
    assert not is_inside or read[at] == 65535


@given(
    x_m=st.integers(200_000, 800_000),
    y_m=st.integers(-8_000_000, 8_000_000),
    zone=st.integers(1, 60),
)
def test_both_names_of_a_zone_mean_the_same_ground(x_m: int, y_m: int, zone: int) -> None:
    grid = Grid.from_corner(f"EPSG:326{zone:02d}", x_m, y_m, 3, 4, pixel_m=10.0)
    south = named_as(grid, f"EPSG:327{zone:02d}")

    assert south.bounds[1] - grid.bounds[1] == 1e7
    assert northern(south) == grid
    assert named_as(grid, f"EPSG:327{zone % 60 + 1:02d}") == grid
    assert south.overlaps(grid)


@given(x_m=st.integers(200_000, 800_000), y_m=st.integers(-8_000_000, 8_000_000))
def test_a_place_is_the_same_ground_on_every_lattice(x_m: int, y_m: int) -> None:
    squares = {
        (lattice.family, lattice.pixel_m): Grid.around(
            "EPSG:32635", x_m, y_m, size_px=round(3000 / lattice.pixel_m), lattice=lattice
        ).bounds
        for lattice in LATTICES
    }
    fine, coarse = squares["sentinel_2", 10.0], squares["sentinel_2", 30.0]

    assert fine == coarse
    assert np.abs(np.subtract(coarse, squares["landsat", 30.0])).max() <= 5


def test_lattices_of_30_m_differ_by_10_m_between_the_names_of_a_zone() -> None:
    edge = Lattice("sentinel_2", 30.0).edge_m
    grid = Grid("EPSG:32635", Affine(30, 0, 30 + edge, 0, -30, 30 + edge), (1, 1))

    south = named_as(grid, "EPSG:32735")

    assert (south.transform.f - grid.transform.f) % 30 == 10
    assert grid.transform.f % 30 == edge
    assert south.transform.f % 30 == (edge + 10) % 30
    assert LANDSAT.edge_m == 15


@pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: sensor.name)
def test_names_of_bands_round_trip(sensor: Sensor) -> None:
    names = list(sensor.bands)

    assert [sensor.common(sensor.native(name)) for name in names] == names
    assert len({sensor.native(name) for name in names}) == len(names) > 6
