"""Location features: statistics over dates, neighbourhoods, context planes."""

from collections.abc import Callable

import numpy as np
import pytest

from minecover.core.config import composed
from minecover.core.cube import F32, Cube
from minecover.core.errors import ConfigError, SceneError
from minecover.core.sensors import OLI
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
from minecover.features.roughness import Roughness
from minecover.features.temporal import DatesSeen, Ends, Quantiles, Shares
from minecover.pipeline.stages.train import chosen_columns

NAN = np.nan
BANDS: dict[str, FeatureSet] = {"bands": Bands(bands=("red", "swir22"))}


def series(dates: list[float], **context: F32) -> DateSeries:
    """One location with a plane `ndvi`, valid wherever there is a number."""
    values = np.array(dates, np.float32)[:, None, None]
    return DateSeries.from_planes({"ndvi": values}, np.isfinite(values), context, pixel_m=30)


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

    planes = location_planes(
        {"red": plane}, valid, {}, feature_sets, ["red", "dates_seen"], pixel_m=30
    )

    assert planes["red"].item() == 2.0
    assert planes["dates_seen"].item() == 2


def test_quantiles_and_ranges_follow_their_names() -> None:
    feature_set = Quantiles(planes=("ndvi",), percent=(0, 50), ranges=((0, 100),))

    planes = feature_set.over_dates(series([0.2, 0.8, 0.4, NAN]))

    assert feature_set.names == ("ndvi_p0", "ndvi_p50", "ndvi_p0_p100")
    np.testing.assert_allclose(planes.ravel(), [0.2, 0.4, 0.6], rtol=1e-6)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        pytest.param([0.2, NAN, 0.8], [0.5, 0.6], id="two dates have a spread"),
        pytest.param([NAN, NAN, 0.8], [0.8, NAN], id="one date has none, not one of 0"),
        pytest.param([NAN, NAN, NAN], [NAN, NAN], id="never seen"),
    ],
)
def test_a_spread_over_dates_needs_two(dates: list[float], expected: list[float]) -> None:
    feature_set = Quantiles(planes=("ndvi",), percent=(50,), ranges=((0, 100),))

    planes = feature_set.over_dates(series(dates))

    np.testing.assert_allclose(planes.ravel(), expected, rtol=1e-6)


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
    feature_set = Neighbourhood(planes=("ndvi",), sizes_m=(90, 150))

    planes = feature_set.over_dates(series([0.2, 0.4]))

    assert feature_set.names == ("ndvi_mean90m", "ndvi_sd90m", "ndvi_mean150m", "ndvi_sd150m")
    np.testing.assert_allclose(planes.ravel(), [0.3, 0, 0.3, 0], atol=1e-6)


def test_squares_of_the_first_and_the_last_date_say_so() -> None:
    ends = [Neighbourhood(planes=("ndvi",), sizes_m=(90,), of=end) for end in ("first", "last")]

    planes = [one.over_dates(series([NAN, 0.4, 0.3, 0.2])).ravel() for one in ends]

    assert ends[0].names == ("ndvi_first_mean90m", "ndvi_first_sd90m")
    np.testing.assert_allclose(planes, [[0.4, 0], [0.2, 0]], atol=1e-6)


@pytest.mark.parametrize(
    ("dates", "ends"),
    [
        pytest.param([0.2, 0.8, 0.4], [0.2, 0.4], id="in the order of dates"),
        pytest.param([NAN, 0.8, 0.4, NAN], [0.8, 0.4], id="clouds left out"),
        pytest.param([NAN, 0.8, NAN], [0.8, 0.8], id="one date is both"),
        pytest.param([NAN, NAN], [NAN, NAN], id="never seen"),
    ],
)
def test_the_first_and_the_last_date_of_a_location(
    dates: list[float], ends: list[float]
) -> None:
    feature_set = Ends(planes=("ndvi",))

    planes = feature_set.over_dates(series(dates))

    assert feature_set.names == ("ndvi_first", "ndvi_last")
    np.testing.assert_allclose(planes.ravel(), ends, rtol=1e-6)


def test_the_last_date_alone() -> None:
    feature_set = Ends(planes=("ndvi",), ends=("last",))

    assert feature_set.names == ("ndvi_last",)
    assert feature_set.over_dates(series([0.2, 0.8, 0.4])).ravel().tolist() == [np.float32(0.4)]


@pytest.mark.parametrize("ends", [(), ("middle",)])
def test_what_is_no_end_is_refused(ends: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"first, last, found .* Fix it in conf/table"):
        Ends(planes=("ndvi",), ends=ends)


def test_a_cloudy_value_is_never_the_first() -> None:
    plane = np.array([[[9.0]], [[0.5]]], np.float32)
    valid = np.array([[[False]], [[True]]])

    found = DateSeries.from_planes({"ndvi": plane}, valid, {}, pixel_m=30)

    assert found.first("ndvi").item() == 0.5


@pytest.mark.parametrize(
    ("dates", "change"),
    [
        pytest.param([0.2, 0.8, 0.3], 0.1, id="the last minus the first"),
        pytest.param([NAN, 0.8, 0.4, NAN], -0.4, id="clouds left out"),
        pytest.param([NAN, 0.8, NAN], NAN, id="one date has no change"),
        pytest.param([NAN, NAN], NAN, id="never seen"),
    ],
)
def test_the_change_between_the_first_and_the_last_date(
    dates: list[float], change: float
) -> None:
    feature_set = Neighbourhood(planes=("ndvi",), sizes_m=(90,), of="change")

    planes = feature_set.over_dates(series(dates))

    assert feature_set.names == ("ndvi_change_mean90m", "ndvi_change_sd90m")
    np.testing.assert_allclose(planes.ravel(), [change, change * 0], atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: Neighbourhood(("ndvi",), (90,), of="mean"), id="squares"),
        pytest.param(lambda: Roughness(("ndvi",), (30,), 90, of="mean"), id="roughness"),
    ],
)
def test_an_unknown_value_over_dates_is_refused(wrong: Callable[[], object]) -> None:
    match = "of must be one of median, first, last, change, found mean"
    with pytest.raises(ConfigError, match=match):
        wrong()


def test_a_pond_in_bare_ground_has_shares_of_both() -> None:
    mndwi = np.array([[[0.4, -0.4, -0.4]]], np.float32)
    ndvi = np.array([[[-0.2, 0.1, 0.1]]], np.float32)
    seen = np.ones((1, 1, 3), np.bool_)
    feature_set = WaterByBareGround(sizes_m=(90,), mndwi_above=0.0, ndvi_below=0.35)

    planes = feature_set.over_dates(
        DateSeries.from_planes({"mndwi": mndwi, "ndvi": ndvi}, seen, {}, pixel_m=30)
    )

    assert feature_set.names == ("water90m", "bare90m", "water_by_bare90m")
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


@pytest.mark.parametrize("sizes_m", [(-30,), (), (90, 30)])
def test_sides_ascend(sizes_m: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="sizes_m must be above 0"):
        Neighbourhood(planes=("ndvi",), sizes_m=sizes_m)


def test_quantiles_lie_between_0_and_100() -> None:
    with pytest.raises(ConfigError, match=r"found \(500,\)"):
        Quantiles(planes=("ndvi",), percent=(500,), ranges=())


def test_only_the_chosen_columns_are_computed(cube: Cube) -> None:
    valid = np.ones((2, 4, 5), np.bool_)
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "none": Bands(bands=("lwir12",)),
        "near": Neighbourhood(("swir22",), (90,)),
    }

    planes = observation_planes(cube, valid, feature_sets, ["swir22_mean90m"], halo_px=1)
    found = location_planes(planes, valid, {}, feature_sets, ["swir22_mean90m"], pixel_m=30)

    assert list(found) == ["swir22_mean90m"]


def test_required_bands_are_those_of_the_columns() -> None:
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "pan": Bands(bands=("pan",)),
        "thermal": Bands(bands=("lwir11",)),
        "near": Neighbourhood(("swir22",), (90,)),
    }

    assert required_bands(feature_sets, ["swir22_mean90m", "lwir11"]) == {"swir22", "lwir11"}


def test_a_column_of_no_feature_set_is_named(cube: Cube) -> None:
    feature_sets: dict[str, FeatureSet] = {"near": Neighbourhood(("swir22",), (90,))}

    with pytest.raises(ConfigError, match="no feature set has ndxi, swir22"):
        observation_planes(
            cube,
            np.ones((2, 4, 5), np.bool_),
            feature_sets,
            ["swir22_mean90m", "ndxi"],
            halo_px=1,
        )


def test_features_that_reach_beyond_the_halo_are_refused(cube: Cube) -> None:
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "near": Neighbourhood(("swir22",), (90, 150)),
    }

    assert reach_px(feature_sets, ["swir22_mean150m"], 30) == 2
    with pytest.raises(ConfigError, match=r"up to 60 m away.* halo of 30 m.*halo_m"):
        observation_planes(
            cube, np.ones((2, 4, 5), np.bool_), feature_sets, ["swir22_mean150m"], halo_px=1
        )


def test_a_set_without_its_bands_or_layers_is_left_out_with_all_that_needs_it() -> None:
    feature_sets: dict[str, FeatureSet] = {
        **BANDS,
        "thermal": Bands(bands=("lwir11",)),
        "near_b7": Neighbourhood(("swir22",), (90,)),
        "near_b10": Neighbourhood(("lwir11",), (90,)),
        "hills": Context(distances=(), planes=("slope",)),
        "rivers": Context(distances=("distance_to_river",), planes=()),
    }

    computable = computable_sets(feature_sets, ["red", "swir22"], ["slope"])

    assert list(computable) == ["bands", "near_b7", "hills"]


def test_a_set_that_lacks_a_band_is_reduced_to_the_other_bands() -> None:
    feature_sets: dict[str, FeatureSet] = {
        "bands": Bands(bands=("red", "swir22", "pan")),
        "near": Neighbourhood(("swir22",), (90,)),
    }

    assert computable_sets(feature_sets, ["red", "swir22"], []) == {
        **feature_sets,
        "bands": Bands(("red", "swir22")),
    }


def test_the_champions_columns_can_be_computed_from_level_2_products() -> None:
    params = composed([])
    computable = computable_sets(flat_sets(params.build("table")), OLI.surface, [])

    assert set(chosen_columns(params)) <= set(plane_names(computable))
