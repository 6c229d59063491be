"""Requests in pieces: same planes as in one request, within the limits of a response."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minecover.core.cube import F32
from minecover.core.errors import SceneError
from minecover.core.grid import Grid
from minecover.sources.earth_engine.delivery import (
    fetch_in_pieces,
    is_within_limits,
    unpack_planes,
)
from minecover.sources.earth_engine.service_errors import TooMuchError
from minecover.sources.throttle import TransientError

GRID = Grid.from_corner("EPSG:32635", 600015, 9800015, 5, 4)


def planes(items: Sequence[int], grid: Grid) -> F32:
    """Return two planes per item that encode item, plane, row and column."""
    row, col = GRID.rowcol(*grid.xy(0, 0))
    rows, cols = np.indices(grid.shape)
    place = (rows + row) * 10 + cols + col
    stack = [[place + 100 * item, place + 100 * item + 1000] for item in items]
    return np.array(stack, np.float32)


class Service:
    """A service with a limit on pixels per request, which records the requests."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.sizes: list[int] = []

    def __call__(self, items: Sequence[int], grid: Grid) -> F32:
        size = len(items) * grid.shape[0] * grid.shape[1]
        self.sizes.append(size)
        if size > self.most:
            raise TooMuchError("User memory limit exceeded")
        return planes(items, grid)


@given(n=st.integers(1, 12), most=st.integers(4, 300))
def test_pieces_are_joined_to_the_same_planes(n: int, most: int) -> None:
    whole = fetch_in_pieces(Service(most), list(range(n)), GRID, planes_each=2)

    np.testing.assert_array_equal(whole, planes(range(n), GRID))


def test_dates_are_halved_before_rows() -> None:
    service = Service(20)

    fetch_in_pieces(service, [0, 1, 2, 3], GRID, planes_each=2)

    assert service.sizes == [80, 40, 20, 20, 40, 20, 20]


def test_requests_beyond_the_limits_are_not_sent() -> None:
    service = Service(10**6)

    fetch_in_pieces(service, list(range(80)), GRID, planes_each=13)

    assert service.sizes == [40 * 20, 40 * 20]


def test_a_row_is_not_divided() -> None:
    with pytest.raises(SceneError, match=r"one row of one scene is too much: User.*size_px"):
        fetch_in_pieces(Service(3), [0], GRID, planes_each=2)


@pytest.mark.parametrize(
    ("n", "side", "fits"),
    [
        pytest.param(91, 100, True, id="a season of a site"),
        pytest.param(1024, 100, True, id="1024 planes"),
        pytest.param(1025, 1, False, id="a plane too many"),
        pytest.param(1, 3547, True, id="just under 48 MB"),
        pytest.param(1, 3548, False, id="just over 48 MB"),
    ],
)
def test_limits_of_a_response(n: int, side: int, fits: bool) -> None:
    grid = Grid.from_corner("EPSG:32635", 600015, 9800015, side, side)

    assert is_within_limits(n, grid) is fits


def test_a_row_may_not_be_too_long() -> None:
    line = Grid.from_corner("EPSG:32635", 600015, 9800015, 1, 32_769)

    assert not is_within_limits(1, line)


def packed(*fields: tuple[str, str], shape: tuple[int, int] = GRID.shape) -> bytes:
    sink = io.BytesIO()
    np.save(sink, np.ones(shape, list(fields)))
    return sink.getvalue()


def test_planes_have_the_requested_order() -> None:
    body = packed(("B4", "<f4"), ("QA", "<u2"))

    assert (
        unpack_planes(body, {"B4": "f", "QA": "ui"}, GRID).tolist()
        == np.ones((2, 5, 4)).tolist()
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"", "found 0 bytes", id="nothing"),
        pytest.param(b"<html>busy</html>", "found 17 bytes", id="a page"),
        pytest.param(packed(("B4", "<f4"))[:-7], "cannot be read", id="truncated"),
        pytest.param(packed(("B4", "<f4"), shape=(4, 5)), r"found 1 of \(4, 5\)", id="shape"),
        pytest.param(packed(("B5", "<f4")), r"found 1 of .*B5 float32", id="another band"),
        pytest.param(packed(("B4", "<i4")), r"found 1 of .*B4 int32", id="another kind"),
        pytest.param(packed(("B4", "<f4"), ("B5", "<f4")), "found 2 of", id="too many"),
    ],
)
def test_an_unexpected_response_is_a_transient_error(body: bytes, said: str) -> None:
    with pytest.raises(TransientError, match=said):
        unpack_planes(body, {"B4": "f"}, GRID)
