"""Mines followed over periods: drawn maps, and what happened between them."""

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.change import Tracks, areas, follow


def planes(*drawings: str) -> NDArray[np.bool_]:
    """Draw one map for each period: ``#`` is mined, ``?`` not observed, ``/`` ends a row."""
    return np.array([[list(row) for row in one.split("/")] for one in drawings])


def followed(*drawings: str, min_px: int = 1) -> Tracks:
    drawn = planes(*drawings)
    mined, observed = drawn == "#", drawn != "?"
    row, col = np.nonzero(mined.any(axis=0))
    return follow(
        row, col, mined[:, row, col], observed[:, row, col], min_px=min_px, separate_px=0
    )


def test_a_mine_that_grows_is_one() -> None:
    tracks = followed("....", "##..", "###.")

    assert len(tracks) == 1
    assert tracks.area_px[:, 0].tolist() == [0, 2, 3]
    assert tracks.observed.all()


def test_mines_apart_are_two_and_those_that_touch_at_corners_one() -> None:
    assert len(followed("#..#", "#..#")) == 2
    assert len(followed("#.../.#..", "#.../....")) == 1


def test_a_mine_that_moves_is_one() -> None:
    tracks = followed("##....", "..##..", "....##")

    assert len(tracks) == 1
    assert tracks.area_px[:, 0].tolist() == [2, 2, 2]


def test_small_mines_are_left_out_unless_they_grow() -> None:
    tracks = followed("#..#", "#.##", min_px=2)

    assert len(tracks) == 1
    assert tracks.area_px[:, 0].tolist() == [1, 2]
    assert tracks.number.tolist() == [-1, 0, 0]


def test_a_mine_is_hidden_where_less_than_half_of_it_is_observed() -> None:
    tracks = followed("####", "???#", "??##")

    assert tracks.observed[:, 0].tolist() == [True, False, True]


def test_two_mines_merge_and_split() -> None:
    tracks = followed("##.##", "#####", "##.##")

    assert tracks.merged[:, 0].tolist() == [False, True, False]
    assert tracks.split[:, 0].tolist() == [False, False, True]
    assert tracks.parts[:, 0].tolist() == [2, 1, 2]


def test_a_hidden_period_does_not_hide_a_split() -> None:
    tracks = followed("#####", "?????", "##.##")

    assert tracks.split[:, 0].tolist() == [False, False, True]


def test_a_part_that_appears_beside_is_no_split() -> None:
    tracks = followed("##...", "##.##", "#####")

    assert not tracks.split.any()
    assert tracks.merged[:, 0].tolist() == [False, False, True]


def test_without_a_mine_there_is_no_track() -> None:
    tracks = followed("....", "....")

    assert len(tracks) == 0
    assert tracks.area_px.shape == (2, 0)


def test_pixels_at_an_outline_count_in_part() -> None:
    drawn = planes("..../####/####/###.", "..../.##./.##./....") == "#"
    row, col = np.nonzero(drawn.any(axis=0))
    mined = drawn[:, row, col]
    number = np.zeros(len(row), np.int64)

    whole = areas(row, col, number, mined, 1)
    half = areas(row, col, number, mined, 1, edge_share=0.5)

    # Two pixels of the first map have mines on all four sides, none of the second.
    assert whole[:, 0].tolist() == [11, 4]
    assert half[:, 0].tolist() == [2 + 9 * 0.5, 2]


def test_pixels_without_a_track_have_no_area_and_are_no_edge_of_one() -> None:
    drawn = planes("###/###/###") == "#"
    row, col = np.nonzero(drawn[0])
    number = np.where(row == 0, -1, 0)

    found = areas(row, col, number, drawn[:, row, col], 1, edge_share=0.5)

    assert found[:, 0].tolist() == [1 + 5 * 0.5]
