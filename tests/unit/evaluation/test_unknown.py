"""Scores that cannot be known: a sentence for each, and never a zero."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.evaluation import SitePredictions, find_unknown
from minecover.evaluation.unknown import (
    CUT_MINES,
    NO_LOOK_ALIKES,
    NO_MINE_SITES,
    NO_MINES_DRAWN,
    NO_OTHER_SITES,
    known_counts,
)

P = np.array([0.9, 0.5, np.nan], np.float32)
SITE = SitePredictions(
    site_id="a",
    fold=0,
    label=np.array([[1, 0, 1]], np.int8),
    truth=None,
    observation_probability=P[None],
    location_probability=P,
    label_date=-1,
    shape=(1, 3),
    look_alike=np.array([False, True, True]),
)
OTHER = replace(SITE, site_id="b", label=np.zeros((1, 3), np.int8), look_alike=None)


def test_what_was_not_observed_is_not_counted() -> None:
    hidden = replace(OTHER, location_probability=np.full(3, np.nan, np.float32))

    assert known_counts([SITE, OTHER, hidden]) == {
        "mine_sites": 1,
        "other_sites": 1,
        "mine_locations": 1,
        "look_alike_locations": 1,
        "chips": 0,
    }


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        pytest.param([SITE, OTHER], [], id="all is known"),
        pytest.param([SITE], [NO_OTHER_SITES], id="every site holds a mine"),
        pytest.param([OTHER], [NO_MINES_DRAWN, NO_LOOK_ALIKES, NO_MINE_SITES], id="none does"),
        pytest.param(
            [replace(SITE, look_alike=None), OTHER], [NO_LOOK_ALIKES], id="no look-alikes"
        ),
        pytest.param(
            [replace(SITE, chip_label=1), replace(OTHER, chip_label=0)], [CUT_MINES], id="chips"
        ),
    ],
)
def test_each_kind_of_score_has_its_sentence(
    sites: list[SitePredictions], expected: list[str]
) -> None:
    assert find_unknown({"count": {**known_counts(sites)}}) == expected


def test_scores_of_an_earlier_minecover_are_not_judged() -> None:
    assert find_unknown({"count": {"sites": 3}}) == []
