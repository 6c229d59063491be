"""Rows of fewer dates: which dates are kept, and which draw a location takes."""

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError
from minecover.features.fewer_dates import FewerDates, choose_draw, chosen_planes

FEWER = FewerDates(keep=(1, 2, 3), seed=7)


@pytest.mark.parametrize(
    ("n_dates", "kept"),
    [
        pytest.param(7, [1, 2, 3], id="many dates"),
        pytest.param(3, [1, 2], id="as many as are kept at most: nothing to drop"),
        pytest.param(2, [1], id="two dates"),
        pytest.param(1, [], id="one date has no fewer"),
    ],
)
def test_each_draw_keeps_so_many_dates(n_dates: int, kept: list[int]) -> None:
    draws = FEWER.draws(n_dates, FEWER.generator("a"))

    assert [int(draw.sum()) for draw in draws] == kept
    assert all(draw.shape == (n_dates,) for draw in draws)


def test_a_site_is_drawn_alike_whatever_other_sites_there_are() -> None:
    one, again = (FEWER.draws(40, FEWER.generator("a")) for _ in range(2))
    other = FEWER.draws(40, FEWER.generator("b"))

    np.testing.assert_array_equal(np.stack(one), np.stack(again))
    assert (np.stack(one) != np.stack(other)).any()


def test_every_date_is_kept_for_some_site() -> None:
    first = [FEWER.draws(7, FEWER.generator(f"s{i}"))[0] for i in range(100)]

    assert np.sum(first, axis=0).min() > 0


def test_a_location_takes_a_draw_that_shows_it() -> None:
    shows = np.zeros((3, 20, 20), np.bool_)
    shows[0, :10], shows[2, 5:] = True, True

    chosen = choose_draw(shows, np.random.default_rng(7))

    assert set(chosen[:5].ravel()) == {0}
    assert set(chosen[5:10].ravel()) == {0, 2}
    assert set(chosen[10:].ravel()) == {2}


def test_the_planes_of_a_location_come_from_one_draw() -> None:
    draws = [
        {"ndvi": np.array([[1, 2]], np.float32), "red": np.array([[10, 20]], np.float32)},
        {"ndvi": np.array([[3, 4]], np.float32), "red": np.array([[30, 40]], np.float32)},
    ]

    planes = chosen_planes(draws, np.array([[1, 0]]))

    assert planes["ndvi"].tolist() == [[3, 2]]
    assert planes["red"].tolist() == [[30, 20]]


@pytest.mark.parametrize("keep", ["[]", "[0,1]"])
def test_no_date_at_all_is_refused(keep: str) -> None:
    with pytest.raises(ConfigError, match=r"Fix fewer_dates\.keep"):
        composed([f"fewer_dates.keep={keep}"]).build("fewer_dates")
