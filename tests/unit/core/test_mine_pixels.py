"""Pixels of mines are written, read, moved and joined without a change."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from minecover.core.errors import DamagedError
from minecover.core.grid import Grid
from minecover.core.mine_pixels import (
    MinePixels,
    joined,
    mine_pixels,
    read_mine_pixels,
    write_mine_pixels,
)
from minecover.core.surroundings import Surroundings

DAYS = (date(2017, 1, 14), date(2017, 1, 30))
PIXELS = MinePixels(
    np.array([0, 2]),
    np.array([5, 1]),
    np.array([0.5, 0.75], np.float32),
    np.array([True, False]),
    DAYS,
    np.array([[True, False], [True, True]]),
    np.array([[False, False], [True, False]]),
    {"distance_to_road": np.array([30, 60], np.float32)},
)


def assert_same(one: MinePixels, other: MinePixels) -> None:
    for name in ("row", "col", "probability", "applicable", "observed", "looks_mined"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.dates == other.dates
    assert list(one.distances) == list(other.distances)
    for name, metres in one.distances.items():
        np.testing.assert_array_equal(metres, other.distances[name])


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(PIXELS, id="two pixels"),
        pytest.param(PIXELS.take(np.zeros(2, np.bool_)), id="none"),
        pytest.param(replace(PIXELS, looks_mined=None), id="dates that cannot tell"),
        pytest.param(replace(PIXELS, distances={}), id="no distance"),
    ],
)
def test_what_is_written_comes_back(pixels: MinePixels, tmp_path: Path) -> None:
    write_mine_pixels(tmp_path / "one.parquet", pixels)
    write_mine_pixels(tmp_path / "two.parquet", pixels)

    assert_same(read_mine_pixels(tmp_path / "one.parquet"), pixels)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.parquet").write_bytes(b"nothing")

    with pytest.raises(DamagedError, match="one.parquet"):
        read_mine_pixels(tmp_path / "one.parquet")


def test_pixels_of_two_tiles_are_joined_by_row_on_all_dates() -> None:
    other = replace(PIXELS, dates=(DAYS[1], date(2017, 2, 15))).moved(1, 0)

    whole, order = joined([PIXELS, other])

    assert whole.row.tolist() == [0, 1, 2, 3]
    assert order.tolist() == [0, 2, 1, 3]
    assert [day.day for day in whole.dates] == [14, 30, 15]
    assert whole.observed.T.tolist() == [
        [True, True, False],
        [False, True, True],
        [False, True, False],
        [False, False, True],
    ]


def test_the_mines_of_a_tile_take_what_is_known_at_their_pixels() -> None:
    grid = Grid.from_corner("EPSG:32635", 600_015.0, -450_015.0, 2, 2)
    plane = np.arange(4, dtype=np.float32).reshape(2, 2)
    around = Surroundings(
        grid, "", DAYS, np.ones((2, 2, 2), np.bool_), None, np.ones((2, 2), np.float32),
        {"distance_to_road": plane, "slope": plane},
    )  # fmt: skip

    pixels = mine_pixels(around, plane / np.float32(4), plane >= 2)

    assert (pixels.row.tolist(), pixels.col.tolist()) == ([1, 1], [0, 1])
    assert pixels.probability.tolist() == [0.5, 0.75]
    assert list(pixels.distances) == ["distance_to_road"]
    assert pixels.distances["distance_to_road"].tolist() == [2, 3]
    assert pixels.looks_mined is None
