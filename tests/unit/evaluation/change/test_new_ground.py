"""New ground that touches a mine: growth of it, or a mine of its own; drawn maps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from minecover.evaluation.change import Tracks, follow

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


def followed(*drawings: str, least: float) -> tuple[Tracks, I64]:
    """Draw one map for each period: ``#`` is mined, ``?`` not observed, ``/`` ends a row."""
    planes = np.array([[list(row) for row in one.split("/")] for one in drawings])
    return tracked(planes == "#", planes != "?", least)


def tracked(mined: Bools, seen: Bools, least: float) -> tuple[Tracks, I64]:
    """Return the tracks of some planes, and the number of the track of each pixel."""
    row, col = np.nonzero(mined.any(axis=0))
    tracks = follow(
        row, col, mined[:, row, col], seen[:, row, col], min_px=1, separate_px=least
    )
    plane = np.full(mined.shape[1:], -1)
    plane[row, col] = tracks.number
    return tracks, plane


DAM = "##......../##......../........../........../.........."
SPILL = "##......../#########./..#######./..#######./.........."


def test_a_spill_below_a_dam_is_a_mine_of_its_own() -> None:
    tracks, plane = followed(DAM, SPILL, least=9)

    assert len(tracks) == 2
    assert tracks.area_px.tolist() == [[4, 0], [7, 18]]
    assert plane[1, :4].tolist() == [0, 0, 0, 1]


PIT = "####....../####....../####....../####....../.........."
WIDER = "######..../######..../######..../######..../######...."
STAGE = "####....../#######.../#######.../#######.../.........."


@pytest.mark.parametrize(
    ("earlier", "later", "least"),
    [
        pytest.param(DAM, SPILL, 0, id="never, with 0"),
        pytest.param(DAM, SPILL, 22, id="smaller than stated"),
        pytest.param(PIT, WIDER, 3, id="a rim of two pixels"),
        pytest.param(PIT, STAGE, 9, id="smaller than the mine"),
    ],
)
def test_other_new_ground_is_growth(earlier: str, later: str, least: float) -> None:
    tracks, _ = followed(earlier, later, least=least)

    assert len(tracks) == 1


def test_ground_that_was_not_observed_before_is_not_new() -> None:
    hidden = DAM.replace(".", "?")

    tracks, _ = followed(hidden, SPILL, least=9)

    assert len(tracks) == 1


def test_later_ground_belongs_to_what_it_touches() -> None:
    later = "###......./##########/..########/..########/.........."

    tracks, plane = followed(DAM, SPILL, later, least=9)

    assert tracks.area_px.tolist() == [[4, 0], [7, 18], [8, 21]]
    assert plane[0, 2] == 0
    assert plane[1, 9] == 1


def test_two_mines_that_only_a_spill_joins_stay_two() -> None:
    before = "##.......#/##.......#/........../........../.........."
    after = "##.......#/##########/..#######./..#######./.........."

    tracks, plane = followed(before, after, least=9)

    assert len(tracks) == 3
    assert len({plane[0, 0], plane[2, 4], plane[0, 9]}) == 3


@given(seed=st.integers(0, 2**32 - 1), least=st.integers(1, 20))
def test_separating_neither_loses_nor_invents_ground(seed: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = rng.random((3, 4, 4)) < 0.4
    mined = np.kron(blocks, np.ones((1, 4, 4), np.bool_)).astype(np.bool_)
    seen = np.ones_like(mined)

    whole, _ = tracked(mined, seen, 0)
    apart, plane = tracked(mined, seen, least)

    assert (plane >= 0).sum() == mined.any(axis=0).sum()
    np.testing.assert_array_equal(apart.area_px.sum(axis=1), whole.area_px.sum(axis=1))
    assert len(apart) >= len(whole)


@given(seed=st.integers(0, 2**32 - 1))
def test_ground_that_stood_on_the_first_day_is_never_separated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = rng.random((3, 4, 4)) < 0.4
    mined = np.kron(blocks, np.ones((1, 4, 4), np.bool_)).astype(np.bool_)
    mined[1:] |= mined[0]
    seen = np.ones_like(mined)

    first, _ = tracked(mined[:1], seen[:1], 0)
    tracks, plane = tracked(mined, seen, 1)

    there = np.unique(plane[mined[0]])
    assert len(there) <= len(first)
    assert not tracks.area_px[0][np.setdiff1d(np.arange(len(tracks)), there)].any()
