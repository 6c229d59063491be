"""Two models on the same sites: what one gains over the other, drawn alike for both."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from minecover.core.errors import ModelError
from minecover.evaluation import (
    Bootstrap,
    Cut,
    Judged,
    ObjectRule,
    SiteScores,
    Yardstick,
    number,
    paired,
    scores,
)

YARDSTICK = Yardstick(
    bootstrap=Bootstrap(replicates=100, level=0.95, seed=7),
    objects=ObjectRule(min_px=1, tolerance_px=0, f1_tolerance_px=[0], false_per_100km2=[2]),
    prevalences=[0.001],
)


def world(skill: float, *, n_dates: int = 2) -> Judged:
    """Six sites of unlike difficulty, scored by a model of some skill."""
    random = np.random.default_rng(7)
    sites = [_site(random, index, skill, n_dates) for index in range(6)]
    cut = Cut(0.5, {0: 0.5, 1: 0.5})
    return Judged(sites, {"observation": cut, "location": cut})


def _site(random: np.random.Generator, index: int, skill: float, n_dates: int) -> SiteScores:
    label = (random.random(100) < 0.1).astype(np.int8)
    noise = random.random(100) * 0.2 * (1 + index)
    score = np.clip(noise + skill * label, 0, 1).astype(np.float32)
    dated = np.tile(label, (n_dates, 1))
    by_date = np.tile(score, (n_dates, 1))
    return SiteScores(f"s{index}", index % 2, dated, dated, by_date, score, -1, (10, 10))


def row(table: pd.DataFrame, score: str) -> pd.Series:
    return table.set_index("score").loc[score]


def test_a_model_gains_nothing_over_itself() -> None:
    table = paired(world(0.4), world(0.4), YARDSTICK)

    assert (table["difference"].dropna() == 0).all()
    assert (table["difference_low"].dropna() == 0).all()


def test_the_difference_is_that_of_the_reported_scores() -> None:
    a, b = world(0.3), world(0.5)

    gain = row(paired(a, b, YARDSTICK), "location.f1")

    of_a, of_b = (number(scores(model, YARDSTICK), "location.f1") for model in (a, b))
    assert gain["a"] == of_a
    assert gain["b"] == of_b
    assert gain["difference"] == pytest.approx(of_b - of_a, abs=2e-6)
    assert gain["difference_low"] <= gain["difference"] <= gain["difference_high"]


@pytest.mark.parametrize(
    "score",
    [
        "observation.average_precision",
        "common_support.observation.f1",
        "calibration.location.ece",
        "objects.mine_recall",
        "objects.at_2_false_per_100km2.mine_recall",
        "transfer.precision_at_1000_ppm",
        "truth.objects.false_per_100km2",
    ],
)
def test_every_score_is_compared(score: str) -> None:
    assert score in set(paired(world(0.3), world(0.5), YARDSTICK)["score"])


def test_pairing_narrows_the_interval() -> None:
    """The sites differ much, the models alike on each."""
    a, b = world(0.40), world(0.42)

    gain = row(paired(a, b, YARDSTICK), "location.average_precision")

    alone = scores(b, YARDSTICK)
    width = number(alone, "location.average_precision_high") - number(
        alone, "location.average_precision_low"
    )
    assert gain["difference_high"] - gain["difference_low"] < width / 2


def test_the_order_of_the_sites_does_not_matter() -> None:
    a, b = world(0.3), world(0.5)
    turned = replace(b, sites=list(reversed(b.sites)))

    pd.testing.assert_frame_equal(paired(a, turned, YARDSTICK), paired(a, b, YARDSTICK))


def test_designs_with_other_dates_are_compared_on_their_locations() -> None:
    table = paired(world(0.3), world(0.3, n_dates=1), YARDSTICK)

    assert not table["score"].str.contains("observation").any()
    assert row(table, "location.f1")["difference"] == 0


def test_other_sites_are_refused() -> None:
    a, b = world(0.3), world(0.5)

    with pytest.raises(ModelError, match="found 1 sites that differ: s5"):
        paired(a, replace(b, sites=b.sites[:5]), YARDSTICK)


def test_other_labels_are_refused() -> None:
    a, b = world(0.3), world(0.5)
    relabelled = [replace(b.sites[0], label=1 - b.sites[0].label), *b.sites[1:]]

    with pytest.raises(ModelError, match="found 1 sites that differ: s0"):
        paired(a, replace(b, sites=relabelled), YARDSTICK)
