"""Detector: maps of ground that was never, sometimes or always valid, or unlike training."""

from datetime import date

import numpy as np
import pytest
from drawn_models import undecided
from sklearn.linear_model import LogisticRegression

from minecover.core.config import composed
from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.evaluation.aggregation import Mean
from minecover.features.bands import Bands
from minecover.learning.applicability import DissimilarityIndex
from minecover.learning.disagreement import CONTRARY, Disagreement
from minecover.learning.models.calibrated import AsIs, Calibrated
from minecover.learning.training import with_threshold
from minecover.prediction.detector import (
    BANDS,
    MINE,
    MINE_UNLIKE_TRAINING,
    NO_MINE,
    NOT_OBSERVED,
    Detector,
)
from minecover.prediction.unknown_ground import UnknownGround

GRID = Grid.from_corner("EPSG:32635", 600015.0, 15.0, 2, 3)
NO = np.nan  # not observed

# Forest is dark (0.1), a mine is bright (0.4), and nothing in training was as bright as 3.0.
FIRST = [[0.1, 0.4, 3.0], [NO, 0.1, NO]]
SECOND = [[0.1, 0.4, 3.0], [NO, NO, 0.4]]


def cube(*dates: list[list[float]]) -> Cube:
    shape = (len(dates), 1, 2, 3)
    return Cube(
        dn=np.array(dates, np.float32).reshape(shape),
        scale=np.ones((len(dates), 1)),
        offset=np.zeros((len(dates), 1)),
        qa=np.zeros((len(dates), 2, 3), np.uint16),
        saturated=np.zeros((len(dates), 2, 3), np.bool_),
        qa_layout="none",
        dates=tuple(date(2017, 1, day + 1) for day in range(len(dates))),
        bands=("red",),
        grid=GRID,
        halo_px=0,
    )


def detector(
    design: str,
    *,
    fewest_dates: int = 1,
    members: Disagreement | None = None,
    is_everywhere: bool = False,
) -> Detector:
    rng = np.random.default_rng(7)
    X = rng.uniform(0, 0.5, (300, 1)).astype(np.float32)
    classifier = LogisticRegression(C=1e4).fit(X, X[:, 0] > 0.25)
    index = DissimilarityIndex(np.ones(1), 1).fit(X, fold=np.arange(300) % 3)
    steps = {"applicability": index, "disagreement": members or undecided(1)}
    model = with_threshold(Calibrated(classifier, AsIs()), 0.5, steps)
    return Detector(
        model=model,
        features=("red",),
        feature_sets={"bands": Bands(("red",))},
        profile=composed().build("masks")["none"],
        aggregation=Mean(),
        design=design,
        threshold=0.5,
        screen=None,
        unknown=UnknownGround.of(
            model, ("red",), fewest_dates=fewest_dates, is_everywhere=is_everywhere
        ),
    )


@pytest.mark.parametrize("design", ["observation", "location"])
def test_a_map_tells_valid_dates_and_where_the_model_extrapolates(design: str) -> None:
    maps = detector(design).maps(cube(FIRST, SECOND), {})

    assert tuple(maps) == BANDS
    assert maps["valid_dates"].tolist() == [[2, 2, 2], [0, 1, 1]]
    np.testing.assert_array_equal(np.round(maps["probability"]), [[0, 1, 1], [NO, 0, 1]])
    np.testing.assert_array_equal(maps["applicable"], [[1, 1, 0], [NO, 1, 1]])
    np.testing.assert_array_equal(
        maps["dissimilarity"] > 1, [[False, False, True], [False, False, False]]
    )
    np.testing.assert_array_equal(
        np.isnan(maps["dissimilarity"]), np.isnan(maps["probability"])
    )


def test_the_model_is_not_applicable_to_fewer_dates_than_it_knows() -> None:
    mapper = detector("location", fewest_dates=2)

    maps = mapper.maps(cube(FIRST, SECOND), {})
    _, classes = mapper.classes(cube(FIRST, SECOND), {}, is_screened=False)

    np.testing.assert_array_equal(maps["applicable"], [[1, 1, 0], [NO, 0, 0]])
    expected = [[NO_MINE, MINE, MINE_UNLIKE_TRAINING], [NOT_OBSERVED, NO_MINE, 3]]
    np.testing.assert_array_equal(classes, expected)


@pytest.mark.parametrize("design", ["observation", "location"])
def test_the_model_is_not_applicable_where_models_of_half_the_ground_answer_the_contrary(
    design: str,
) -> None:
    # They learned the contrary of what the model did: that what is dark is a mine.
    X = np.random.default_rng(8).uniform(0, 0.5, (400, 1)).astype(np.float32)
    mapper = detector(design, members=Disagreement().fit(X, X[:, 0] < 0.25))

    maps = mapper.maps(cube(FIRST, SECOND), {})
    _, classes = mapper.classes(cube(FIRST, SECOND), {}, is_screened=False)

    against = maps["disagreement"]
    np.testing.assert_array_equal(against > CONTRARY, [[True, True, True], [False, True, True]])
    np.testing.assert_array_equal(np.isnan(against), np.isnan(maps["probability"]))
    np.testing.assert_array_equal(maps["applicable"], [[0, 0, 0], [NO, 0, 0]])
    np.testing.assert_array_equal(classes, [[1, 3, 3], [0, 1, 3]])


def test_a_model_of_another_sensor_or_without_skill_is_applicable_nowhere() -> None:
    mapper = detector("location", is_everywhere=True)

    maps = mapper.maps(cube(FIRST, SECOND), {})
    _, classes = mapper.classes(cube(FIRST, SECOND), {}, is_screened=False)

    np.testing.assert_array_equal(maps["applicable"], [[0, 0, 0], [NO, 0, 0]])
    np.testing.assert_array_equal(classes, [[1, 3, 3], [0, 1, 3]])


@pytest.mark.parametrize("design", ["observation", "location"])
def test_a_probability_does_not_depend_on_which_other_pixels_are_valid(design: str) -> None:
    nearly_all, little = [[0.1, 0.4, 0.2], [0.3, 0.1, NO]], [[0.1, 0.4, NO], [NO, NO, NO]]

    one, other = (
        detector(design).maps(cube(seen), {})["probability"] for seen in (nearly_all, little)
    )

    np.testing.assert_array_equal(one[0, :2], other[0, :2])
    assert [int(np.isnan(found).sum()) for found in (one, other)] == [1, 4]


@pytest.mark.parametrize("design", ["observation", "location"])
def test_a_cube_without_valid_pixels_is_a_map_of_nan(design: str) -> None:
    nothing = np.full((2, 3), NO).tolist()

    maps = detector(design).maps(cube(nothing), {})

    assert np.isnan(maps["probability"]).all()
    assert np.isnan(maps["applicable"]).all()
    assert not maps["valid_dates"].any()


@pytest.mark.parametrize("design", ["observation", "location"])
def test_a_date_without_valid_pixels_changes_nothing(design: str) -> None:
    nothing = np.full((2, 3), NO).tolist()

    one, two = (detector(design).maps(cube(*d), {}) for d in ([FIRST], [FIRST, nothing]))

    np.testing.assert_array_equal(
        np.stack([one[band] for band in BANDS]), np.stack([two[band] for band in BANDS])
    )
