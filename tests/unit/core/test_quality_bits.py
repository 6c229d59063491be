"""Quality flags of four layouts, on USGS's reference values and Sentinel-2's classes."""

import numpy as np
import pytest

from minecover.core.errors import SceneError
from minecover.core.quality_bits import (
    QA_LAYOUTS,
    UNKNOWN_SCORE,
    clear_percent,
    sentinel_2_quality,
)

# USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide, table of pixel QA values.
C2 = [
    pytest.param(1, {"fill"}, id="fill"),
    pytest.param(21824, set(), id="clear land"),
    pytest.param(21952, {"water"}, id="clear water"),
    pytest.param(22080, {"cloud_medium"}, id="medium cloud"),
    pytest.param(22018, {"dilated_cloud", "cloud_medium"}, id="dilated medium cloud"),
    pytest.param(22280, {"cloud", "cloud_medium", "cloud_high"}, id="high cloud"),
    pytest.param(23888, {"cloud_shadow"}, id="shadow, CLEAR bit set all the same"),
    pytest.param(24082, {"dilated_cloud", "cloud_shadow", "cloud_medium"}, id="dilated shadow"),
    pytest.param(30048, {"snow"}, id="snow"),
    pytest.param(54596, {"cirrus"}, id="cirrus"),
    pytest.param(54852, {"cirrus", "cloud_medium"}, id="cirrus and medium cloud"),
    pytest.param(55052, {"cirrus", "cloud", "cloud_medium", "cloud_high"}, id="cirrus, cloud"),
]
C1 = [
    pytest.param(1, {"fill"}, id="fill"),
    pytest.param(2720, set(), id="clear"),
    pytest.param(2724, {"saturated"}, id="one or two bands saturated"),
    pytest.param(2752, {"cloud_medium"}, id="medium cloud"),
    pytest.param(2800, {"cloud", "cloud_medium", "cloud_high"}, id="cloud"),
    pytest.param(2976, {"cloud_shadow"}, id="shadow"),
    pytest.param(6816, {"cirrus"}, id="cirrus"),
    pytest.param(6896, {"cirrus", "cloud", "cloud_medium", "cloud_high"}, id="cirrus, cloud"),
]
PRE = [
    pytest.param(1, {"fill"}, id="fill"),
    pytest.param(20480, set(), id="clear"),
    pytest.param(20512, set(), id="water of medium confidence"),
    pytest.param(20528, {"water"}, id="water"),
    pytest.param(36864, {"cloud_medium"}, id="medium cloud"),
    pytest.param(53248, {"cloud", "cloud_medium", "cloud_high"}, id="cloud"),
    pytest.param(61440, {"cirrus", "cloud", "cloud_medium", "cloud_high"}, id="cirrus, cloud"),
]


# Classes of the scene classification, without a Cloud Score+ (127) and with one of 60 %.
S2 = [
    pytest.param(0 | 127 << 4, {"fill"}, id="no data"),
    pytest.param(1 | 127 << 4, {"saturated"}, id="saturated or defective"),
    pytest.param(2 | 127 << 4, {"dark"}, id="dark, or shadow of terrain"),
    pytest.param(3 | 127 << 4, {"cloud_shadow"}, id="cloud shadow"),
    pytest.param(4 | 127 << 4, set(), id="vegetation"),
    pytest.param(5 | 60 << 4, set(), id="bare ground"),
    pytest.param(6 | 60 << 4, {"water"}, id="water"),
    pytest.param(7 | 60 << 4, {"unclassified"}, id="unclassified"),
    pytest.param(8 | 60 << 4, {"cloud", "cloud_medium"}, id="cloud, medium"),
    pytest.param(9 | 60 << 4, {"cloud", "cloud_medium", "cloud_high"}, id="cloud, high"),
    pytest.param(10 | 60 << 4, {"cirrus"}, id="thin cirrus"),
    pytest.param(11 | 60 << 4, {"snow"}, id="snow"),
]


def flags(layout: str, value: int) -> set[str]:
    qa = np.array([value], np.uint16)
    return {flag for flag in QA_LAYOUTS[layout].flags if QA_LAYOUTS[layout].raised(qa, flag)[0]}


@pytest.mark.parametrize(("value", "raised"), C2)
def test_collection_2_bits(value: int, raised: set[str]) -> None:
    assert flags("c2", value) == raised


@pytest.mark.parametrize(("value", "raised"), C1)
def test_collection_1_bits(value: int, raised: set[str]) -> None:
    assert flags("c1", value) == raised


@pytest.mark.parametrize(("value", "raised"), PRE)
def test_bits_from_before_the_collections(value: int, raised: set[str]) -> None:
    assert flags("pre", value) == raised


@pytest.mark.parametrize(("value", "raised"), S2)
def test_classes_of_sentinel_2(value: int, raised: set[str]) -> None:
    assert flags("s2", value) == raised


@pytest.mark.parametrize(
    ("score", "percent"),
    [
        pytest.param(0.6, 60, id="the usual cut"),
        pytest.param(0.5999, 59, id="just below"),
        pytest.param(0.29, 29, id="which float32 stores a little too low"),
        pytest.param(1.0, 100, id="clear"),
        pytest.param(0.0, 0, id="cloud"),
        pytest.param(np.nan, UNKNOWN_SCORE, id="not known"),
    ],
)
def test_class_and_clear_score_are_packed_side_by_side(score: float, percent: int) -> None:
    qa = sentinel_2_quality(np.array([5], np.uint8), np.array([score], np.float32))

    assert flags("s2", int(qa[0])) == set()
    assert clear_percent(qa).tolist() == [percent]
    assert (qa & 15).tolist() == [5]


def test_without_scores_none_is_known() -> None:
    qa = sentinel_2_quality(np.array([[4, 11]], np.uint8), None)

    assert clear_percent(qa).tolist() == [[UNKNOWN_SCORE, UNKNOWN_SCORE]]


def test_flags_keep_the_shape() -> None:
    qa = np.array([[21824, 22280], [1, 22280]], np.uint16)

    assert QA_LAYOUTS["c2"].raised(qa, "cloud").tolist() == [[False, True], [False, True]]


def test_scaled_bits_are_refused() -> None:
    with pytest.raises(TypeError, match=r"found float32.*without scaling"):
        QA_LAYOUTS["c2"].raised(np.array([21824.0], np.float32), "cloud")


def test_a_flag_that_a_layout_lacks_is_named() -> None:
    with pytest.raises(SceneError, match="'pre' has no cloud_shadow bits"):
        QA_LAYOUTS["pre"].raised(np.array([20480], np.uint16), "cloud_shadow")
