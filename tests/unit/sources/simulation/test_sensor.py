"""The simulated sensor: exact quality bits, digital numbers that decode, faults and shadows."""

from datetime import date

import numpy as np
import pytest

from minecover.core import landsat
from minecover.core.quality_bits import QA_LAYOUTS
from minecover.sources.simulation.acquisition_days import sun_at
from minecover.sources.simulation.parameters import Sensor, Weather
from minecover.sources.simulation.sensor import (
    as_temperature,
    blur,
    count_radiance,
    expose,
    flag_quality,
)
from minecover.sources.simulation.sky import Fault, Sky, apply_fault, draw_sky
from minecover.sources.simulation.streams import F64

#: A sensor without noise whose cloud detection starts at one opacity everywhere.
SHARP = Sensor(0.45, 1.4, 0.0, 0.0, 0.0, 0.7, 0.0, 0.012)
WEATHER = Weather(
    296.5, 3.0, 5.0, 0.17, 0.36, 0.35, 1.1, 1.34, 0.9, 0.78, 0.12, 0.042, 0.19, 0.15
)


def drawn_sky(cloud: F64, shadow: F64) -> Sky:
    clear = np.zeros(cloud.shape)
    return Sky(cloud, clear, clear, shadow, clear, clear, 20.0)


def flags_of(cloud: float, b9: float, *, is_water: bool) -> int:
    """Return QA_PIXEL in the middle of a uniform scene."""
    plane = np.ones((9, 9))
    sky = drawn_sky(cloud * plane, 0 * plane)
    qa = flag_quality(np.random.default_rng(7), sky, b9 * plane, plane == is_water, SHARP)
    return int(qa[4, 4])


@pytest.mark.parametrize(
    ("cloud", "b9", "is_water", "qa"),
    [
        pytest.param(0.0, 0.001, False, 21824, id="clear land"),
        pytest.param(0.0, 0.001, True, 21952, id="clear water"),
        pytest.param(0.5, 0.001, False, 22080, id="maybe cloud, still called clear"),
        pytest.param(0.9, 0.001, False, 22280, id="cloud"),
        pytest.param(0.0, 0.020, False, 54596, id="cirrus"),
    ],
)
def test_quality_bits_equal_usgs_reference_values(
    cloud: float, b9: float, is_water: bool, qa: int
) -> None:
    assert flags_of(cloud, b9, is_water=is_water) == qa


def test_four_of_five_shadows_are_flagged_and_stay_clear() -> None:
    plane = np.ones((200, 200))

    qa = flag_quality(
        np.random.default_rng(7), drawn_sky(0 * plane, plane), 0 * plane, plane < 0, SHARP
    )

    assert set(qa.ravel().tolist()) == {21824, 23888}
    assert (qa == 23888).mean() == pytest.approx(0.8, abs=0.03)


def test_a_cloud_is_dilated_by_three_pixels() -> None:
    cloud = np.zeros((11, 11))
    cloud[4:7, 4:7] = 0.9

    qa = flag_quality(
        np.random.default_rng(7), drawn_sky(cloud, 0 * cloud), 0 * cloud, cloud < 0, SHARP
    )
    layout = QA_LAYOUTS["c2"]

    assert layout.raised(qa, "cloud_high").sum() == 5
    assert qa[5].tolist() == [21824, *[21762] * 3, *[22280] * 3, *[21762] * 3, 21824]


def test_reflectance_is_recovered_from_digital_numbers() -> None:
    reflectance = np.linspace(0.0, 1.2, 9 * 20).reshape(9, 4, 5)
    kelvin = np.linspace(260.0, 320.0, 2 * 20).reshape(2, 4, 5)

    dn, scale, offset = expose(np.random.default_rng(7), reflectance, kelvin, 0.8, SHARP)
    values = dn * scale[:, None, None] + offset[:, None, None]

    assert scale[0] == pytest.approx(landsat.TOA_SCALE / 0.8)
    np.testing.assert_allclose(values[:9], reflectance, atol=scale[0] / 2 + 1e-12)
    np.testing.assert_allclose(values[9:], kelvin, atol=0.005)


def test_saturation_does_not_overflow() -> None:
    bright = np.full((9, 1, 1), 9.0)

    dn, _, _ = expose(np.random.default_rng(7), bright, np.full((2, 1, 1), 300.0), 0.8, SHARP)

    assert (dn[:9] == 65535).all()


def test_thermal_digits_are_those_of_the_usgs_handbook() -> None:
    """DN 28000 in B10 is 299.020 K."""
    counts = count_radiance(np.array([[299.020]]), band=0)
    kelvin = as_temperature(counts, band=0) * 0.00341802 + 149.0

    assert kelvin.item() == pytest.approx(299.020, abs=0.004)


def test_thermal_blur_reaches_further_than_reflective() -> None:
    point = np.zeros((1, 15, 15))
    point[0, 7, 7] = 1.0

    assert blur(point, 1.4)[0, 7, 7] < 0.1 < 0.5 < blur(point, 0.45)[0, 7, 7]


def test_the_neighbouring_band_is_not_blurred_in() -> None:
    stack = np.zeros((2, 9, 9))
    stack[0] = 1.0

    np.testing.assert_allclose(blur(stack, 0.45), stack, atol=1e-12)


def test_shadows_fall_away_from_the_sun() -> None:
    """In December the morning sun stands in the south-east: shadows lie north-west."""
    sun = sun_at(date(2016, 12, 21), -2.0)

    sky = draw_sky(np.random.default_rng(7), (60, 60), WEATHER, sun)
    match = [
        (rows, cols)
        for rows in range(-12, 13)
        for cols in range(-12, 13)
        if np.array_equal(np.roll(sky.cloud, (rows, cols), (0, 1)), sky.shadow)
    ]

    assert len(match) == 1
    assert -12 <= match[0][0] <= -3
    assert -12 <= match[0][1] <= -3


def test_cloud_cover_stays_below_its_limit() -> None:
    sun = sun_at(date(2017, 1, 1), 0.0)
    skies = [draw_sky(np.random.default_rng(k), (40, 40), WEATHER, sun) for k in range(40)]
    cover = np.array([(sky.cloud > 0).mean() for sky in skies])

    assert cover.max() < 0.91
    assert cover.mean() == pytest.approx(0.42, abs=0.12)


def test_thick_cloud_hides_the_ground() -> None:
    cloud = np.ones((1, 1))
    sky = drawn_sky(cloud, 0 * cloud)

    covered = sky.with_clouds(np.full((9, 1, 1), 0.1)).ravel()

    assert covered[:8].tolist() == [0.5, 0.5, 0.5, 0.52, 0.57, 0.42, 0.3, 0.51]
    assert sky.clouded_kelvin(300 * cloud, 296.0).item() == 276.0


@pytest.mark.parametrize(
    ("fault", "is_changed"),
    [(Fault.NONE, False), (Fault.STRIPES, True), (Fault.GAIN, True), (Fault.HAZE, True)],
    ids=["a good scene stays", "stripes", "gain error", "strong haze"],
)
def test_faults_change_reflectance(fault: Fault, is_changed: bool) -> None:
    reflectance, kelvin = np.full((9, 4, 4), 0.2), np.full((2, 4, 4), 295.0)

    spoiled, _ = apply_fault(np.random.default_rng(7), fault, reflectance, kelvin)

    assert (spoiled != reflectance).any() == is_changed


def test_stripes_run_along_columns() -> None:
    rng = np.random.default_rng(7)

    spoiled, _ = apply_fault(
        rng, Fault.STRIPES, np.full((9, 4, 6), 0.2), np.full((2, 4, 6), 295.0)
    )

    assert (spoiled == spoiled[:, :1]).all()
    assert set(np.round(np.abs(spoiled - 0.2), 12).ravel()) == {0.0, 0.03}
