"""A simulated area of any size: the smallest holds mines, where there is ground for them."""

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.errors import ConfigError
from minecover.sources.simulation.parameters import Parameters
from minecover.sources.simulation.valley import MINED
from minecover.sources.simulation.wide_area import Area


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    built: Parameters = composed().build("world.parameters")
    return built


def test_an_area_narrower_than_the_window_of_a_mine_is_refused(parameters: Parameters) -> None:
    with pytest.raises(ConfigError, match="at least 80 rows and columns"):
        Area(7, 79, 200, 1, 400.0, parameters)


def test_the_smallest_area_has_mines_or_none_but_no_error(parameters: Parameters) -> None:
    """A mine's centre fits on one pixel, which lies under water in some of the areas."""
    areas = [Area(seed, 81, 81, 1, 2000.0, parameters) for seed in range(12)]

    mined = [area.ground(cell).is_mine.any() for area in areas for cell in area.cells()]

    assert np.any(mined)
    assert not np.all(mined)


def test_an_area_in_which_no_mine_fits_has_none(parameters: Parameters) -> None:
    area = Area(7, 80, 80, 1, 2000.0, parameters)

    assert not any(area.ground(cell).is_mine.any() for cell in area.cells())


def test_an_area_in_a_world_of_valleys_has_them(parameters: Parameters) -> None:
    valleys: Parameters = composed(["experiment=river_valleys"]).build("world.parameters")
    area, plain = (Area(7, 100, 100, 1, 400.0, p) for p in (valleys, parameters))

    for cell in area.cells():
        ground = area.ground(cell)
        assert ground.valley is not None
        assert np.isin(ground.cover, MINED).any()
        assert plain.ground(cell).valley is None
