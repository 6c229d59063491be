"""Scores of label sets: mines against look-alikes, chip against chip, and no mine counted."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.evaluation import (
    Bootstrap,
    EvaluationSettings,
    ObjectRule,
    Report,
    ScoredModel,
    SitePredictions,
    Thresholds,
    compute_scores,
    get_score,
)
from minecover.evaluation.chips import chip_score

SETTINGS = EvaluationSettings(
    bootstrap=Bootstrap(replicates=20, level=0.95, seed=7),
    objects=ObjectRule(
        min_area_m2=900, tolerance_m=0, f1_tolerance_px=[0], false_per_100km2=[2]
    ),
    prevalences=[0.5],
)


def chip(
    name: str, label: list[int], probability: list[float], *, alike: list[int], mine: int
) -> SitePredictions:
    """A chip of one row on one date."""
    p = np.array(probability, np.float32)
    return SitePredictions(
        site_id=name,
        fold=0,
        label=np.array([label], np.int8),
        truth=None,
        observation_probability=p[None],
        location_probability=p,
        label_date=-1,
        shape=(1, len(label)),
        look_alike=np.array(alike, np.bool_) if any(alike) else None,
        chip_label=mine,
    )


CHIPS = [
    chip("a", [1, 1, 0, 0], [0.9, 0.4, 0.3, 0.1], alike=[0, 0, 0, 0], mine=1),
    chip("b", [0, 0, 0, 0], [0.5, 0.2, 0.1, np.nan], alike=[1, 0, 0, 1], mine=0),
    # Known to hold a mine, nobody knows where.
    chip("c", [-1, -1, -1, -1], [0.3, 0.3, 0.2, 0.1], alike=[0, 0, 0, 0], mine=1),
]


def report(*sites: SitePredictions) -> Report:
    both = Thresholds(0.5, {0: 0.5})
    model = ScoredModel(sites, {"observation": both, "location": both})
    return compute_scores(model, SETTINGS)


def test_mines_against_look_alikes_alone() -> None:
    found = report(*CHIPS)

    # 0.9 is above the look-alike's 0.5, 0.4 is not; the other look-alike was not observed.
    assert get_score(found, "look_alike.auc") == 0.5
    assert get_score(found, "look_alike.mine_locations") == 2
    assert get_score(found, "look_alike.look_alike_locations") == 1


def test_a_chip_without_mask_counts_as_a_chip_alone() -> None:
    found = report(*CHIPS)

    # The mean of the highest tenth, here the highest: 0.9 and 0.3 against 0.5.
    assert get_score(found, "chip.auc") == 0.5
    assert get_score(found, "chip.with_mask.auc") == 1.0
    assert get_score(found, "count.locations") == 12
    assert get_score(found, "prevalence.location") == 0.25


def test_mines_that_are_cut_by_edges_are_not_counted() -> None:
    found = report(*CHIPS)

    assert "objects" not in found
    assert np.isnan(get_score(found, "objects.mine_recall"))


def test_other_sites_have_none_of_these_scores() -> None:
    found = report(*(replace(one, look_alike=None, chip_label=-1) for one in CHIPS))

    assert "objects" in found
    assert not {"chip", "look_alike", "position_only"} & set(found)


def test_chips_of_one_label_have_no_chip_score() -> None:
    assert "chip" not in report(CHIPS[0], CHIPS[2])


def test_the_score_of_a_chip_is_the_mean_of_its_highest_tenth() -> None:
    p = np.array([*[0.0] * 18, 0.6, 0.8, *[np.nan] * 5], np.float32)

    assert chip_score(p) == pytest.approx(0.7)
    assert np.isnan(chip_score(p[-5:]))
