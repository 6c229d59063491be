"""Location features: statistics over dates, neighbourhoods, context planes."""

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError, SceneError
from minecover.features import FeatureSet
from minecover.features.bands import Bands
from minecover.features.context_features import Context
from minecover.features.date_series import DateSeries
from minecover.features.neighbourhood import Neighbourhood, WaterByBareGround
from minecover.features.planes import (
    computable_sets,
    flat_sets,
    location_planes,
    observation_planes,
    plane_names,
)
from minecover.features.requirements import reach_px, required_bands
from minecover.features.temporal import DatesSeen, Quantiles, Shares
from minecover.pipeline.stages.train import chosen_columns
from minecover.sources.product_folder import LEVEL_BANDS

NAN = np.nan
BANDS: dict[str, FeatureSet] = {"bands": Bands(bands=("B4", "B7"))}


def series(dates: list[float], **context: F32) -> DateSeries:
    """One location with a plane `ndvi`, valid wherever there is a number."""
    values = np.array(dates, np.float32)[:, None, None]
    return DateSeries.from_planes({"ndvi": values}, np.isfinite(values), context)


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


def test_a_location_ignores_its_invalid_dates() -> None:
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


def test_a_pond_in_bare_ground_has_shares_of_both() -> None:
    mndwi = np.array([[[0.4, -0.4, -0.4]]], np.float32)
    ndvi = np.array([[[-0.2, 0.1, 0.1]]], np.float32)
    seen = np.ones((1, 1, 3), np.bool_)
    feature_set = WaterByBareGround(sizes_px=(3,), mndwi_above=0.0, ndvi_below=0.35)

    planes = feature_set.over_dates(
        DateSeries.from_planes({"mndwi": mndwi, "ndvi": ndvi}, seen, {})
    )

    assert feature_set.names == ("water3", "bare3", "water_by_bare3")
    np.testing.assert_allclose(planes[:, 0, 1], [1 / 3, 2 / 3, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(planes[:, 0, 2], [0, 1, 0], rtol=1e-6)


def test_distances_are_logarithms_of_pixels() -> None:
    feature_set = Context(distances=("distance_to_river",), planes=("slope",))
    context = {
        "distance_to_river": np.array([[0, 90]], np.float32),
        "slope": np.array([[3, 4]], np.float32),
    }

    planes = feature_set.over_dates(series([0.1], **context))

    assert feature_set.names == ("log_distance_to_river", "slope")
    np.testing.assert_allclose(planes[0], [[0, np.log(4)]], rtol=1e-6)
    np.testing.assert_array_equal(planes[1], [[3, 4]])


def test_a_missing_context_plane_is_named() -> None:
    feature_set = Context(distances=(), planes=("slope", "elevation"))

    with pytest.raises(SceneError, match="no context plane elevation .*found: slope"):
        feature_set.over_dates(series([0.1], slope=np.ones((1, 1), np.float32)))


@pytest.mark.parametrize("sizes_px", [(4,), (), (1, 3)])
def test_a_square_has_a_centre(sizes_px: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="sizes_px must be odd"):
        Neighbourhood(planes=("ndvi",), sizes_px=sizes_px)


def test_quantiles_lie_between_0_and_100() -> None:
    with pytest.raises(ConfigError, match=r"found \(500,\)"):
        Quantiles(planes=("ndvi",), percent=(500,), ranges=())


def test_only_the_chosen_columns_are_computed(cube: Cube) -> None:
    valid = np.ones((2, 4, 5), np.bool_)
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "none": Bands(bands=("B11",)),
        "near": Neighbourhood(("B7",), (3,)),
    }

    planes = observation_planes(cube, valid, feature_sets, ["B7_mean3"], halo_px=1)
    found = location_planes(planes, valid, {}, feature_sets, ["B7_mean3"])

    assert list(found) == ["B7_mean3"]


def test_required_bands_are_those_of_the_columns() -> None:
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "pan": Bands(bands=("B8",)),
        "thermal": Bands(bands=("B10",)),
        "near": Neighbourhood(("B7",), (3,)),
    }

    assert required_bands(feature_sets, ["B7_mean3", "B10"]) == {"B7", "B10"}


def test_a_column_of_no_feature_set_is_named(cube: Cube) -> None:
    feature_sets: dict[str, FeatureSet] = {"near": Neighbourhood(("B7",), (3,))}

    with pytest.raises(ConfigError, match="no feature set has B7, ndxi"):
        observation_planes(
            cube, np.ones((2, 4, 5), np.bool_), feature_sets, ["B7_mean3", "ndxi"], halo_px=1
        )


def test_features_that_reach_beyond_the_halo_are_refused(cube: Cube) -> None:
    feature_sets: dict[str, FeatureSet] = {**BANDS, "near": Neighbourhood(("B7",), (3, 5))}

    assert reach_px(feature_sets, ["B7_mean5"]) == 2
    with pytest.raises(ConfigError, match=r"up to 2 px away.* halo of 1 px.*halo_px"):
        observation_planes(
            cube, np.ones((2, 4, 5), np.bool_), feature_sets, ["B7_mean5"], halo_px=1
        )


def test_a_set_without_its_bands_or_layers_is_left_out_with_all_that_needs_it() -> None:
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "thermal": Bands(bands=("B10",)),
        "near_b7": Neighbourhood(("B7",), (3,)),
        "near_b10": Neighbourhood(("B10",), (3,)),
        "hills": Context(distances=(), planes=("slope",)),
        "rivers": Context(distances=("distance_to_river",), planes=()),
    }

    computable = computable_sets(feature_sets, ["B4", "B7"], ["slope"])

    assert list(computable) == ["bands", "near_b7", "hills"]


def test_a_set_that_lacks_a_band_is_reduced_to_the_other_bands() -> None:
    feature_sets: dict[str, FeatureSet] = {
        "bands": Bands(bands=("B4", "B7", "B8")),
        "near": Neighbourhood(("B7",), (3,)),
    }

    assert computable_sets(feature_sets, ["B4", "B7"], []) == {
        **feature_sets,
        "bands": Bands(("B4", "B7")),
    }


def test_the_champions_columns_can_be_computed_from_level_2_products() -> None:
    params = composed([])
    computable = computable_sets(flat_sets(params.build("table")), LEVEL_BANDS[2], [])

    assert set(chosen_columns(params)) <= set(plane_names(computable))
