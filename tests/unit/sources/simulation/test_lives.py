"""Lives of simulated mines: when they open, what they cover, when they have grown over."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from minecover.core.errors import ConfigError
from minecover.sources.simulation.lives import KINDS, Life, Lives, draw_lives, year_of
from minecover.sources.simulation.mines import Mine

LIVES = Lives(2010, 2017, 1.0, 0.0, 0.0, 0.0, 1.5, 12.0, 2.0, 2.0)
YEARS = np.arange(2005, 2030, 0.25)


def disc() -> Mine:
    """Draw a mine of 13 pixels, the middle one a pond, ten pixels below a river."""
    down, right = np.indices((40, 40)) - 20
    body = np.hypot(down, right) <= 2
    pond = np.hypot(down, right) < 1
    return Mine(body & ~pond, pond, body)


#: Distance from a river along the upper edge.
SHORE = np.repeat(np.arange(40.0)[:, None], 40, axis=1)


def life(kind: str) -> Life:
    only: dict[str, Any] = {name: float(name == kind) for name in KINDS}
    return draw_lives((7, 1), replace(LIVES, **only), [disc()], SHORE)[0]


def areas(one: Life) -> np.ndarray:
    return np.array([one.at(year).active.sum() for year in YEARS])


def test_a_steady_mine_never_changes() -> None:
    assert set(areas(life("steady"))) == {13}


def test_a_growing_mine_opens_and_only_grows_to_its_full_size() -> None:
    area = areas(life("growing"))

    assert area[0] == 0
    assert area[-1] == 13
    assert (np.diff(area) >= 0).all()
    assert len(set(area)) > 5


def test_a_mine_that_is_left_grows_over_and_its_pond_lasts_longest() -> None:
    one = life("left")
    area = areas(one)

    assert area[0] == 13
    assert area[-1] == 0
    assert (np.diff(area) <= 0).all()
    assert one.gone[20, 20] == one.gone[np.isfinite(one.gone)].max()


def test_a_moving_mine_goes_along_the_river_and_leaves_its_way_behind() -> None:
    one = life("moving")
    middles = [np.argwhere(one.at(year).active).mean(axis=0) for year in YEARS[one_seen(one)]]
    way = np.array(middles)

    assert np.ptp(way[:, 0]) < 1.0
    assert np.ptp(way[:, 1]) > 8.0
    assert one.at(2030.0).active.sum() < np.isfinite(one.opened).sum()


def one_seen(one: Life) -> np.ndarray:
    return areas(one) > 0


def test_lives_depend_on_the_seed_and_the_mine_alone() -> None:
    twice = draw_lives((7, 1), replace(LIVES, growing=1.0), [disc(), disc()], SHORE)
    once = draw_lives((7, 1), replace(LIVES, growing=1.0), [disc()], SHORE)

    np.testing.assert_array_equal(once[0].opened, twice[0].opened)


def test_a_day_in_years() -> None:
    assert year_of(date(2016, 1, 1)) == 2016.0
    assert year_of(date(2016, 7, 2)) == pytest.approx(2016.5, abs=0.002)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"last_year": 2010}, id="one year"),
        pytest.param({"steady": 0.0}, id="no kind"),
        pytest.param({"worked_years": -1.0}, id="negative"),
    ],
)
def test_lives_that_cannot_be_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"source\.scenes\.lives"):
        replace(LIVES, **changed)
