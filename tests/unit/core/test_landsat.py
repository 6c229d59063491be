"""Scaling of Landsat's digital numbers to reflectance and temperature."""

import numpy as np
import pytest

from minecover.core.landsat import (
    KELVIN_OFFSET,
    KELVIN_SCALE,
    brightness_temperature,
    encode,
    kelvin_dn,
)


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
