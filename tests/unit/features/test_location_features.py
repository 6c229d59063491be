"""Location features: what they say of dates, of neighbours and of the surroundings."""

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError, SceneError
from minecover.features import FeatureSet
from minecover.features.bands import Bands
from minecover.features.neighbourhood import Neighbourhood, WaterByBareGround
from minecover.features.planes import (
    bands_under,
    flat_sets,
    givable,
    location_planes,
    names_of,
    observation_planes,
    reach_px,
)
from minecover.features.series import Series
from minecover.features.surroundings import Context
from minecover.features.temporal import DatesSeen, Quantiles, Shares
from minecover.pipeline.stages.train import chosen_columns
from minecover.sources.product_folder import LEVEL_BANDS

NAN = np.nan
BANDS: dict[str, FeatureSet] = {"bands": Bands(bands=("B4", "B7"))}


def series(dates: list[float], **around: F32) -> Series:
    """One location, named `ndvi`, valid wherever there is a number."""
    values = np.array(dates, np.float32)[:, None, None]
    return Series.of({"ndvi": values}, np.isfinite(values), around)


@pytest.mark.parametrize(
    ("dates", "median"),
    [
        pytest.param([3, 1, 2], 2, id="odd"),
        pytest.param([4, 1, 2, 3], 2.5, id="even"),
        pytest.param([NAN, 5, NAN, 1, 3], 3, id="clouds left out"),
        pytest.param([NAN, 5], 5, id="one date"),
        pytest.param([NAN, NAN], NAN, id="never seen"),
    ],
)
def test_median_over_dates(dates: list[float], median: float) -> None:
    np.testing.assert_array_equal(
        series(dates).median("ndvi"), np.array([[median]], np.float32)
    )


def test_a_location_does_not_see_its_invalid_dates() -> None:
    plane = np.array([[[1.0]], [[100.0]], [[3.0]]], np.float32)
    valid = np.array([[[True]], [[False]], [[True]]])
    feature_sets: dict[str, FeatureSet] = {**BANDS, "seen": DatesSeen()}

    planes = location_planes({"B4": plane}, valid, {}, feature_sets, ["B4", "dates_seen"])

    assert planes["B4"].item() == 2.0
    assert planes["dates_seen"].item() == 2


def test_quantiles_and_ranges_follow_their_names() -> None:
    feature_set = Quantiles(planes=("ndvi",), percent=(0, 50), ranges=((0, 100),))

    planes = feature_set.over_dates(series([0.2, 0.8, 0.4, NAN]))

    assert feature_set.names == ("ndvi_p0", "ndvi_p50", "ndvi_p0_p100")
    np.testing.assert_allclose(planes.ravel(), [0.2, 0.4, 0.6], rtol=1e-6)


@pytest.mark.parametrize(
    ("dates", "share"),
    [
        pytest.param([0.5, 0.1, 0.1, NAN], 1 / 3, id="a third of the valid dates"),
        pytest.param([NAN, NAN], NAN, id="never seen"),
    ],
)
def test_share_of_dates(dates: list[float], share: float) -> None:
    planes = Shares(at_least={"ndvi": 0.35}).over_dates(series(dates))

    np.testing.assert_allclose(planes.ravel(), [share], rtol=1e-6)


def test_neighbourhood_planes_follow_their_names() -> None:
    feature_set = Neighbourhood(planes=("ndvi",), sizes_px=(3, 5))

    planes = feature_set.over_dates(series([0.2, 0.4]))

    assert feature_set.names == ("ndvi_mean3", "ndvi_sd3", "ndvi_mean5", "ndvi_sd5")
    np.testing.assert_allclose(planes.ravel(), [0.3, 0, 0.3, 0], atol=1e-6)


def test_a_pond_in_bare_ground_has_both_near() -> None:
    mndwi = np.array([[[0.4, -0.4, -0.4]]], np.float32)
    ndvi = np.array([[[-0.2, 0.1, 0.1]]], np.float32)
    seen = np.ones((1, 1, 3), np.bool_)
    feature_set = WaterByBareGround(sizes_px=(3,), mndwi_above=0.0, ndvi_below=0.35)

    planes = feature_set.over_dates(Series.of({"mndwi": mndwi, "ndvi": ndvi}, seen, {}))

    assert feature_set.names == ("water3", "bare3", "water_by_bare3")
    np.testing.assert_allclose(planes[:, 0, 1], [1 / 3, 2 / 3, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(planes[:, 0, 2], [0, 1, 0], rtol=1e-6)


def test_distances_are_logarithms_of_pixels() -> None:
    feature_set = Context(distances=("distance_to_river",), planes=("slope",))
    around = {
        "distance_to_river": np.array([[0, 90]], np.float32),
        "slope": np.array([[3, 4]], np.float32),
    }

    planes = feature_set.over_dates(series([0.1], **around))

    assert feature_set.names == ("log_distance_to_river", "slope")
    np.testing.assert_allclose(planes[0], [[0, np.log(4)]], rtol=1e-6)
    np.testing.assert_array_equal(planes[1], [[3, 4]])


def test_a_missing_layer_is_a_missing_feature_by_name() -> None:
    feature_set = Context(distances=(), planes=("slope", "elevation"))

    with pytest.raises(SceneError, match="no context plane elevation .*there are: slope"):
        feature_set.over_dates(series([0.1], slope=np.ones((1, 1), np.float32)))


@pytest.mark.parametrize("sizes_px", [(4,), (), (1, 3)])
def test_a_square_has_a_centre(sizes_px: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="sizes_px are odd"):
        Neighbourhood(planes=("ndvi",), sizes_px=sizes_px)


def test_quantiles_lie_between_nothing_and_everything() -> None:
    with pytest.raises(ConfigError, match=r"found \(500,\)"):
        Quantiles(planes=("ndvi",), percent=(500,), ranges=())


def test_only_what_was_asked_for_is_computed(cube: Cube) -> None:
    valid = np.ones((2, 4, 5), np.bool_)
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "none": Bands(bands=("B11",)),
        "near": Neighbourhood(("B7",), (3,)),
    }

    planes = observation_planes(cube, valid, feature_sets, ["B7_mean3"], halo_px=1)
    found = location_planes(planes, valid, {}, feature_sets, ["B7_mean3"])

    assert list(found) == ["B7_mean3"]


def test_bands_that_no_column_is_made_of_need_not_be_read() -> None:
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "pan": Bands(bands=("B8",)),
        "thermal": Bands(bands=("B10",)),
        "near": Neighbourhood(("B7",), (3,)),
    }

    assert bands_under(feature_sets, ["B7_mean3", "B10"]) == {"B7", "B10"}


def test_a_column_that_no_set_gives_is_named(cube: Cube) -> None:
    feature_sets: dict[str, FeatureSet] = {"near": Neighbourhood(("B7",), (3,))}

    with pytest.raises(ConfigError, match="no feature set gives B7, ndxi"):
        observation_planes(
            cube, np.ones((2, 4, 5), np.bool_), feature_sets, ["B7_mean3", "ndxi"], halo_px=1
        )


def test_features_that_look_beyond_the_halo_are_refused(cube: Cube) -> None:
    feature_sets: dict[str, FeatureSet] = {**BANDS, "near": Neighbourhood(("B7",), (3, 5))}

    assert reach_px(feature_sets, ["B7_mean5"]) == 2
    with pytest.raises(ConfigError, match=r"look 2 px .* halo of 1 px.*halo_px"):
        observation_planes(
            cube, np.ones((2, 4, 5), np.bool_), feature_sets, ["B7_mean5"], halo_px=1
        )


def test_a_block_without_its_bands_or_layers_is_left_out_with_all_that_needs_it() -> None:
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "thermal": Bands(bands=("B10",)),
        "round_b7": Neighbourhood(("B7",), (3,)),
        "round_b10": Neighbourhood(("B10",), (3,)),
        "hills": Context(distances=(), planes=("slope",)),
        "rivers": Context(distances=("distance_to_river",), planes=()),
    }

    kept = givable(feature_sets, ["B4", "B7"], ["slope"])

    assert list(kept) == ["bands", "round_b7", "hills"]


def test_of_a_block_that_lacks_a_band_the_rest_is_kept() -> None:
    feature_sets: dict[str, FeatureSet] = {
        "bands": Bands(bands=("B4", "B7", "B8")),
        "near": Neighbourhood(("B7",), (3,)),
    }

    assert givable(feature_sets, ["B4", "B7"], []) == {
        **feature_sets,
        "bands": Bands(("B4", "B7")),
    }


def test_what_the_champion_sees_is_in_level_2_too() -> None:
    params = composed([])
    kept = givable(flat_sets(params.build("table")), LEVEL_BANDS[2], [])

    assert set(chosen_columns(params)) <= set(names_of(kept))
