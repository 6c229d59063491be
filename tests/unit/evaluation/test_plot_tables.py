from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from minecover.evaluation import (
    ObjectRule,
    Ranking,
    ScoredModel,
    SitePredictions,
    Thresholds,
    pr_curve,
    site_table,
    transfer_table,
)

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
NAN = np.nan


def f32(*values: object) -> F32:
    return np.array(values, np.float32)


def i8(*values: object) -> I8:
    return np.array(values, np.int8)


#: Three locations on one date, all observed.
SITE = SitePredictions(
    site_id="a",
    fold=0,
    label=i8([1, 0, 0]),
    truth=None,
    observation_probability=f32([0.9, 0.5, 0.1]),
    location_probability=f32(0.9, 0.5, 0.1),
    label_date=-1,
    shape=(1, 3),
)


def test_pr_curve_keeps_the_ends_and_few_points() -> None:
    random = np.random.default_rng(7)
    ranking = Ranking.of(random.random(9000, np.float32), i8(*[1, 0, 0] * 3000))

    table = pr_curve([ranking])

    assert len(table) == 500
    assert table.threshold.is_monotonic_decreasing
    assert table.recall.iloc[-1] == 1
    assert table.threshold.iloc[0] == pytest.approx(ranking.mine[-1], abs=1e-6)


def test_pr_curve_without_a_mine_is_empty() -> None:
    assert pr_curve([Ranking.of(f32(0.1), i8(0))]).empty


def test_precision_depends_on_prevalence() -> None:
    """Recall .484 and false alarm rate 6.8e-4, the published model's: about 42 % at 0.1 %."""
    mine = np.sort(f32(*[0.9] * 484, *[0.1] * 516))
    other = np.sort(f32(*[0.9] * 68, *[0.1] * 99_932))

    table = transfer_table([Ranking(mine, other)], [0.5]).set_index("prevalence")

    assert table.precision[0.001] == pytest.approx(0.416, abs=1e-3)
    assert table.precision[0.0001] == pytest.approx(0.066, abs=1e-3)


def test_site_table_counts_locations_and_objects() -> None:
    missed = replace(SITE, site_id="b", location_probability=f32(0.1, 0.9, NAN))
    thresholds = Thresholds(0.6, {0: 0.6})
    rule = ObjectRule(min_area_m2=900, tolerance_m=0, f1_tolerance_px=[0], false_per_100km2=[2])

    table = site_table(
        ScoredModel([missed, SITE], {"observation": thresholds, "location": thresholds}), rule
    )

    assert table.to_dict("records") == [
        {
            "site_id": "a",
            "fold": 0,
            "observed": 1.0,
            "mine": 1,
            "found": 1,
            "missed": 0,
            "false_alarms": 0,
            "mines": 1,
            "mines_found": 1,
            "false_objects": 0,
        },
        {
            "site_id": "b",
            "fold": 0,
            "observed": 0.666667,
            "mine": 1,
            "found": 0,
            "missed": 1,
            "false_alarms": 1,
            "mines": 1,
            "mines_found": 0,
            "false_objects": 1,
        },
    ]
