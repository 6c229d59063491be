"""Observation features: their names, and their values on a date."""

from datetime import date

import numpy as np
import pytest

from minecover.core.cube import Cube
from minecover.core.errors import ConfigError, SceneError
from minecover.features.bands import Bands
from minecover.features.season import PocMonth, Season, poc_month
from minecover.features.spectral import Spectral


def all_valid(cube: Cube) -> np.ndarray:
    return np.ones((len(cube.dates), *cube.grid.shape), np.bool_)


def test_bands_are_the_cubes_values(cube: Cube) -> None:
    feature_set = Bands(bands=("swir22", "blue"))

    planes = feature_set.on_dates(cube, all_valid(cube))

    assert feature_set.names == ("swir22", "blue")
    np.testing.assert_array_equal(planes, cube.values("swir22", "blue"))


def test_a_missing_band_is_named(cube: Cube) -> None:
    with pytest.raises(SceneError, match="no band lwir11, lwir12"):
        Bands(bands=("blue", "lwir11", "lwir12")).on_dates(cube, all_valid(cube))


def test_spectral_planes_follow_their_names(cube: Cube) -> None:
    feature_set = Spectral(indices=("mndwi", "ndvi"))

    planes = feature_set.on_dates(cube, all_valid(cube))

    nir, red = cube.values("nir08")[:, 0], cube.values("red")[:, 0]
    assert planes.shape == (2, 2, 4, 5)
    np.testing.assert_allclose(planes[:, 1], (nir - red) / (nir + red), rtol=1e-6)


def test_an_unknown_index_is_refused() -> None:
    with pytest.raises(ConfigError, match="found ndxi.*conf/table/spectral.yaml"):
        Spectral(indices=("ndvi", "ndxi"))


def test_december_and_january_are_neighbours(cube: Cube) -> None:
    planes = Season().on_dates(cube, all_valid(cube))

    december, january = planes[0, :, 0, 0], planes[1, :, 0, 0]
    assert np.linalg.norm(december - january) < 0.6


def test_the_pocs_month_separates_december_from_january(cube: Cube) -> None:
    planes = PocMonth().on_dates(cube, all_valid(cube))

    assert planes[0].max() == pytest.approx(0.540, abs=5e-4)
    assert planes[1].max() == pytest.approx(0.997, abs=5e-4)


@pytest.mark.parametrize(
    ("month", "value"),
    [(1, 0.997), (2, 0.986), (5, 0.914), (10, 0.672), (11, 0.608), (12, 0.540)],
)
def test_the_pocs_month_as_published(month: int, value: float) -> None:
    assert poc_month(date(2017, month, 1)) == pytest.approx(value, abs=5e-4)
