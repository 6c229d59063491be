"""True colour beside a map: the clearest date that shows a pixel, coarse, without halo."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.core.raster import read_grid, read_planes
from minecover.features.validity import Profile
from minecover.prediction.true_colour import write_true_colour

GRID = Grid.from_corner("EPSG:32635", 719_985.0, -269_985.0, 9, 7)
CLEAR, CLOUD = 21824, 22280


@pytest.fixture
def profile() -> Profile:
    return Profile(
        "clouds", [], ["cloud"], False, False, None, None, None, None, dilate_m=0, dilates=None
    )


def cube_of(*dates: list[list[int]]) -> Cube:
    """Draw a cube with a halo of one pixel: a date is 7 x 5 hundredths of reflectance."""
    inner = np.array(dates, np.uint16)
    dn = np.pad(np.abs(inner) * 100, ((0, 0), (1, 1), (1, 1)), constant_values=9900)
    n = len(dates)
    qa = np.full(dn.shape, CLEAR, np.uint16)
    return Cube(
        dn=np.repeat(dn[:, None], 3, axis=1),
        scale=np.full((n, 3), 1e-4),
        offset=np.zeros((n, 3)),
        qa=qa,
        saturated=np.zeros(dn.shape, np.bool_),
        qa_layout="c2",
        dates=tuple(date(2017, 1, day) for day in range(1, n + 1)),
        bands=("red", "green", "blue"),
        grid=GRID,
        halo_px=1,
    )


def test_every_other_pixel_is_written_without_the_halo(
    tmp_path: Path, profile: Profile
) -> None:
    ground = [[10 * row + col + 1 for col in range(5)] for row in range(7)]

    path = write_true_colour(tmp_path, "t", cube_of(ground), profile)

    assert path == tmp_path / "true_colour/t.tif"
    red = read_planes(path)["red"]
    assert red.tolist() == [
        [1200, 1400, 1500],
        [3200, 3400, 3500],
        [5200, 5400, 5500],
        [6200, 6400, 6500],
    ]
    grid = read_grid(path)
    assert grid.transform.a == 60
    assert grid.bounds[0] == GRID.bounds[0] + 30


def test_what_clouds_hide_on_the_clearest_date_is_of_another(
    tmp_path: Path, profile: Profile
) -> None:
    cube = cube_of([[20] * 5] * 7, [[40] * 5] * 7)
    cube.qa[0, :, 4:] = CLOUD
    cube.qa[1, 1:8, :2] = CLOUD
    cube.qa[1, 6:] = CLOUD
    cube.qa[0, 6:] = CLOUD

    path = write_true_colour(tmp_path, "t", cube, profile)

    assert path is not None
    red = read_planes(path)["red"]
    assert red[0].tolist() == [2000, 4000, 4000] or red[0].tolist() == [4000, 4000, 4000]
    assert red[-1].tolist() == [0, 0, 0]


def test_scenes_without_a_band_have_no_true_colour(tmp_path: Path, profile: Profile) -> None:
    cube = replace(cube_of([[20] * 5] * 7), bands=("red", "green", "nir08"))

    assert write_true_colour(tmp_path, "t", cube, profile) is None
    assert not (tmp_path / "true_colour").exists()
