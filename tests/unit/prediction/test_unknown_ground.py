"""Unknown ground: one sentence if a model says little about what a map shows."""

import numpy as np
import pytest
from drawn_models import undecided

from minecover.core.cube import F32
from minecover.learning.applicability import DissimilarityIndex
from minecover.prediction.unknown_ground import UnknownGround

LINE = np.arange(12, dtype=np.float32)[:, None]


def unknown(*, fewest_dates: int = 1, is_everywhere: bool = False) -> UnknownGround:
    index = DissimilarityIndex(np.ones(1), 1).fit(LINE, fold=np.arange(12) % 3)
    return UnknownGround(("red",), index, undecided(1), fewest_dates, is_everywhere)


def maps(applicable: list[float], valid_dates: list[float]) -> dict[str, F32]:
    return {
        "applicable": np.array([applicable], np.float32),
        "valid_dates": np.array([valid_dates], np.float32),
    }


def test_much_unknown_ground_is_named_with_its_share() -> None:
    found = unknown().warning([maps([0, 1], [2, 2]), maps([1, 1], [2, 2])])

    assert found.startswith("the model is not applicable to 25% of the observed locations")


@pytest.mark.parametrize(
    ("applicable", "valid_dates"),
    [
        pytest.param([1] * 20 + [0], [2] * 21, id="no more than on training ground"),
        pytest.param([np.nan, np.nan], [0, 0], id="nothing was observed"),
        pytest.param([0, 0], [1, 1], id="too few dates, which another sentence tells"),
    ],
)
def test_little_unknown_ground_is_no_news(
    applicable: list[float], valid_dates: list[float]
) -> None:
    assert unknown(fewest_dates=2).warning([maps(applicable, valid_dates)]) == ""


def test_a_model_that_is_applicable_nowhere_has_said_so_before() -> None:
    assert unknown(is_everywhere=True).warning([maps([0, 0], [2, 2])]) == ""
