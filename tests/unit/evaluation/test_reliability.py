import numpy as np
import pytest
from numpy.typing import NDArray

from minecover.evaluation import Ranking, calibration_scores, reliability_table

NAN = np.nan
#: One site, drawn once.
ONCE = np.ones((1, 1))


def f32(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def i8(*values: int) -> NDArray[np.int8]:
    return np.array(values, np.int8)


def test_reliability_by_hand() -> None:
    ranking = Ranking.of(f32(0.0, 0.05, 0.5, 0.46, 1.0), i8(0, 0, 1, 0, 1))

    table = reliability_table([ranking]).set_index("up_to")

    assert table["count"].sum() == 5
    assert table["count"][0.05] == 2
    assert table["mean_predicted"][0.5] == pytest.approx(0.48)
    assert table["observed_share"][0.5] == 0.5
    assert table["brier"][0.5] == pytest.approx((0.5**2 + 0.46**2) / 2)
    assert np.isnan(table["observed_share"][0.3])


def test_calibration_error_leaves_low_probabilities_out() -> None:
    """Two bins above 0.05 hold a pixel each: |0.4 - 0| and |0.6 - 0|."""
    ranking = Ranking.of(f32(0.01, 0.4, 0.01, 0.6), i8(1, 0, 0, 0))

    found = calibration_scores([ranking], ONCE)

    assert found["ece"] == pytest.approx(0.5)
    assert found["brier"] == pytest.approx((0.99**2 + 0.4**2 + 0.01**2 + 0.6**2) / 4)


def test_calibration_without_a_pixel_does_not_exist() -> None:
    found = calibration_scores([Ranking.of(f32(NAN), i8(0))], ONCE)

    assert np.isnan([found["brier"], found["brier_skill"], found["ece"]]).all()


@pytest.mark.parametrize(
    ("probability", "skill"),
    [
        pytest.param((1.0, 0.0, 0.0), 1.0, id="always right"),
        pytest.param((1 / 3, 1 / 3, 1 / 3), 0.0, id="the prevalence everywhere"),
        pytest.param((0.5, 0.5, 0.5), -0.125, id="one half everywhere"),
    ],
)
def test_brier_skill_is_against_the_prevalence(
    probability: tuple[float, ...], skill: float
) -> None:
    ranking = Ranking.of(f32(*probability), i8(1, 0, 0))

    assert calibration_scores([ranking], ONCE)["brier_skill"] == pytest.approx(skill, abs=1e-6)


def test_each_draw_of_the_sites_has_its_own_scores() -> None:
    """Both sites together; then the first one twice."""
    sites = [Ranking.of(f32(1.0), i8(0)), Ranking.of(f32(0.0), i8(0))]

    found = calibration_scores(sites, np.array([[1.0, 1.0], [2.0, 0.0]]))

    np.testing.assert_allclose(found["brier"], [0.5, 1.0])
