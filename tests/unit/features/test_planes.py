"""Features of a small cube: planes of single dates, and planes over all dates."""

from datetime import date

import numpy as np
import pytest

from minecover.core.cube import Cube
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.features import FeatureSet
from minecover.features.bands import Bands
from minecover.features.context_features import Context
from minecover.features.neighbourhood import Neighbourhood
from minecover.features.planes import FeaturePlanes, feature_planes
from minecover.features.temporal import DatesSeen

#: Two pixels on three dates. On the second date, the second pixel is not valid.
red = np.array([[[1, 4]], [[3, 9]], [[2, 6]]], np.float32)
VALID = np.array([[[True, True]], [[True, False]], [[True, True]]])
SLOPE = np.array([[7, 8]], np.float32)
FEATURE_SETS: dict[str, FeatureSet] = {
    "bands": Bands(("red",)),
    "near": Neighbourhood(("red",), (90,)),
    "dates_seen": DatesSeen(),
    "context": Context(distances=(), planes=("slope",)),
}


def with_halo(planes: np.ndarray) -> np.ndarray:
    """Repeat the outer pixels once on every side."""
    sides = [(0, 0)] * (planes.ndim - 2) + [(1, 1), (1, 1)]
    return np.pad(planes, sides, mode="edge")


@pytest.fixture
def cube() -> Cube:
    """The two pixels in a halo of one pixel."""
    return Cube(
        dn=with_halo(red)[:, None],
        scale=np.ones((3, 1)),
        offset=np.zeros((3, 1)),
        qa=np.zeros((3, 3, 4), np.uint16),
        saturated=np.zeros((3, 3, 4), np.bool_),
        qa_layout="none",
        dates=(date(2017, 1, 1), date(2017, 1, 17), date(2017, 2, 2)),
        bands=("red",),
        grid=Grid.from_corner("EPSG:32635", 600_015.0, 15.0, 3, 4),
        halo_px=1,
    )


def computed(cube: Cube, columns: list[str], *, with_medians: bool) -> FeaturePlanes:
    return feature_planes(
        cube,
        with_halo(VALID),
        {"slope": with_halo(SLOPE)},
        FEATURE_SETS,
        columns,
        with_medians=with_medians,
    )


def test_without_medians_a_band_is_a_feature_of_single_dates_only(cube: Cube) -> None:
    planes = computed(cube, ["red", "dates_seen", "slope"], with_medians=False)

    assert list(planes.observation) == ["red"]
    assert planes.observation["red"][VALID].tolist() == [1, 4, 3, 2, 6]
    assert {name: plane.tolist() for name, plane in planes.location.items()} == {
        "dates_seen": [[3, 2]],
        "slope": [[7, 8]],
    }


def test_with_medians_a_band_is_also_its_median_over_valid_dates(cube: Cube) -> None:
    planes = computed(cube, ["red", "dates_seen", "slope"], with_medians=True)

    assert list(planes.observation) == ["red"]
    assert planes.observation["red"][VALID].tolist() == [1, 4, 3, 2, 6]
    assert {name: plane.tolist() for name, plane in planes.location.items()} == {
        "red": [[2, 5]],
        "dates_seen": [[3, 2]],
        "slope": [[7, 8]],
    }


@pytest.mark.parametrize("with_medians", [False, True])
def test_inputs_of_a_location_feature_are_observation_planes(
    cube: Cube, with_medians: bool
) -> None:
    planes = computed(cube, ["red_mean90m"], with_medians=with_medians)

    # Medians are 2 2 5 5 in every row, the first and last of the halo.
    assert list(planes.observation) == ["red"]
    assert {name: plane.tolist() for name, plane in planes.location.items()} == {
        "red_mean90m": [[3, 4]]
    }


#: A row of four pixels of 30 m, the last without data.
CHIP = Cube(
    dn=np.array([[[[1, 3, 5, np.nan]]]], np.float32),
    scale=np.ones((1, 1)),
    offset=np.zeros((1, 1)),
    qa=np.zeros((1, 1, 4), np.uint16),
    saturated=np.zeros((1, 1, 4), np.bool_),
    qa_layout="none",
    dates=(date(2018, 1, 1),),
    bands=("red",),
    grid=Grid.from_corner("EPSG:32635", 600_015.0, 15.0, 1, 4),
    halo_px=0,
    is_chip=True,
)
NAN = np.nan


@pytest.mark.parametrize(
    ("least_share", "means"),
    [
        pytest.param(0.2, [2, 3, 4, NAN], id="two of nine pixels"),
        pytest.param(0.3, [NAN, 3, NAN, NAN], id="three of nine"),
        pytest.param(0.4, [NAN, NAN, NAN, NAN], id="four of nine, which no square has"),
    ],
)
def test_a_square_on_a_chip_needs_its_share_of_pixels(
    least_share: float, means: list[float]
) -> None:
    feature_sets: dict[str, FeatureSet] = {
        "bands": Bands(("red",)),
        "near": Neighbourhood(("red",), (90,), least_share=least_share),
    }

    found = feature_planes(
        CHIP, np.isfinite(CHIP.dn)[:, 0], {}, feature_sets, ["red_mean90m"], with_medians=True
    )

    np.testing.assert_array_equal(found.location["red_mean90m"][0], np.array(means, np.float32))


def test_a_feature_that_needs_whole_squares_is_refused_on_a_chip() -> None:
    with pytest.raises(
        ConfigError, match="the feature sets near look beyond the edges of chips"
    ):
        feature_planes(
            CHIP, np.isfinite(CHIP.dn)[:, 0], {}, FEATURE_SETS, ["red_mean90m"],
            with_medians=True,
        )  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 1.2])
def test_a_share_of_no_square_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="least_share must be above 0 and at most 1"):
        Neighbourhood(("red",), (90,), least_share=share)
