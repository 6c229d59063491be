"""Quality bits of three layouts on USGS reference values, and scaling of digital numbers."""

import numpy as np
import pytest

from minecover.core.errors import SceneError
from minecover.core.landsat import (
    KELVIN_OFFSET,
    KELVIN_SCALE,
    QA_LAYOUTS,
    brightness_temperature,
    encode,
    kelvin_dn,
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


def test_flags_keep_the_shape() -> None:
    qa = np.array([[21824, 22280], [1, 22280]], np.uint16)

    assert QA_LAYOUTS["c2"].raised(qa, "cloud").tolist() == [[False, True], [False, True]]


def test_scaled_bits_are_refused() -> None:
    with pytest.raises(TypeError, match=r"found float32.*without scaling"):
        QA_LAYOUTS["c2"].raised(np.array([21824.0], np.float32), "cloud")


def test_a_flag_that_a_layout_lacks_is_named() -> None:
    with pytest.raises(SceneError, match="'pre' has no cloud_shadow bits"):
        QA_LAYOUTS["pre"].raised(np.array([20480], np.uint16), "cloud_shadow")


def test_brightness_temperature_of_the_handbook() -> None:
    # L = 28000 * 3.342e-4 + 0.1 = 9.4576; T = 1321.0789 / ln(774.8853 / L + 1).
    dn = np.array([28000, 0], np.uint16)

    kelvin = brightness_temperature(dn, mult=3.342e-4, add=0.1, k1=774.8853, k2=1321.0789)

    assert kelvin[0] == pytest.approx(299.020, abs=5e-4)
    assert np.isnan(kelvin[1])


def test_temperatures_keep_their_millikelvins() -> None:
    kelvin = np.array([299.02, 200.0, 340.0, np.nan], np.float32)

    dn = kelvin_dn(kelvin)

    back = dn.astype(np.float64) * KELVIN_SCALE + KELVIN_OFFSET
    assert back[:3] == pytest.approx(kelvin[:3], abs=KELVIN_SCALE / 2 + 2e-5)
    assert dn[3] == 0


@pytest.mark.parametrize(
    ("value", "dn"),
    [
        pytest.param(0.14, 12000, id="the handbook's"),
        pytest.param(-0.3, 1, id="too dark to count stays data"),
        pytest.param(1.5, 65535, id="too bright is saturated"),
        pytest.param(np.nan, 0, id="no data is fill"),
        pytest.param(-np.inf, 0, id="minus infinity is fill"),
    ],
)
def test_reflectance_is_quantised(value: float, dn: int) -> None:
    assert encode(np.array([value], np.float32), 2e-5, -0.1).tolist() == [dn]
