"""Features of a small cube: planes of single dates, and planes over all dates."""

from datetime import date

import numpy as np
import pytest

from minecover.core.cube import Cube
from minecover.core.grid import Grid
from minecover.features import FeatureSet
from minecover.features.bands import Bands
from minecover.features.context_features import Context
from minecover.features.neighbourhood import Neighbourhood
from minecover.features.planes import FeaturePlanes, feature_planes
from minecover.features.temporal import DatesSeen

#: Two pixels on three dates. On the second date, the second pixel is not valid.
B4 = np.array([[[1, 4]], [[3, 9]], [[2, 6]]], np.float32)
VALID = np.array([[[True, True]], [[True, False]], [[True, True]]])
SLOPE = np.array([[7, 8]], np.float32)
FEATURE_SETS: dict[str, FeatureSet] = {
    "bands": Bands(("B4",)),
    "near": Neighbourhood(("B4",), (3,)),
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
        dn=with_halo(B4)[:, None],
        scale=np.ones((3, 1)),
        offset=np.zeros((3, 1)),
        qa=np.zeros((3, 3, 4), np.uint16),
        radsat=np.zeros((3, 3, 4), np.uint16),
        qa_layout="none",
        dates=(date(2017, 1, 1), date(2017, 1, 17), date(2017, 2, 2)),
        bands=("B4",),
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
    planes = computed(cube, ["B4", "dates_seen", "slope"], with_medians=False)

    assert list(planes.observation) == ["B4"]
    assert planes.observation["B4"][VALID].tolist() == [1, 4, 3, 2, 6]
    assert {name: plane.tolist() for name, plane in planes.location.items()} == {
        "dates_seen": [[3, 2]],
        "slope": [[7, 8]],
    }


def test_with_medians_a_band_is_also_its_median_over_valid_dates(cube: Cube) -> None:
    planes = computed(cube, ["B4", "dates_seen", "slope"], with_medians=True)

    assert list(planes.observation) == ["B4"]
    assert planes.observation["B4"][VALID].tolist() == [1, 4, 3, 2, 6]
    assert {name: plane.tolist() for name, plane in planes.location.items()} == {
        "B4": [[2, 5]],
        "dates_seen": [[3, 2]],
        "slope": [[7, 8]],
    }


@pytest.mark.parametrize("with_medians", [False, True])
def test_inputs_of_a_location_feature_are_observation_planes(
    cube: Cube, with_medians: bool
) -> None:
    planes = computed(cube, ["B4_mean3"], with_medians=with_medians)

    # Medians are 2 2 5 5 in every row, the first and last of the halo.
    assert list(planes.observation) == ["B4"]
    assert {name: plane.tolist() for name, plane in planes.location.items()} == {
        "B4_mean3": [[3, 4]]
    }
