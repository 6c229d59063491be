"""Mines against look-alikes: kind by kind, at the threshold, and by the position alone."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.core.ground_kinds import GroundKinds
from minecover.evaluation import Bootstrap, SitePredictions, get_score
from minecover.evaluation.estimates import Report, to_report
from minecover.evaluation.look_alikes import key_of, look_alike_scores

BOOTSTRAP = Bootstrap(replicates=50, level=0.95, seed=7)
SHAPE = (6, 6)


def site(name: str, *, fold: int, marks: str, group: str = "") -> SitePredictions:
    """A site of 6 x 6: the upper half is # a mine, b a river bar, p a pond, or . other ground.

    The probability is 0.9 on mines, 0.6 on river bars, 0.2 on ponds and 0.1 elsewhere.
    """
    upper = np.repeat([marks], 18)
    kind = np.concatenate([upper, np.repeat(["."], 18)])
    p = np.select([kind == "#", kind == "b", kind == "p"], [0.9, 0.6, 0.2], 0.1).astype(
        np.float32
    )
    return SitePredictions(
        site_id=name,
        fold=fold,
        label=(kind == "#").astype(np.int8)[None],
        truth=None,
        observation_probability=p[None],
        location_probability=p,
        label_date=-1,
        shape=SHAPE,
        look_alike=(kind == "b") | (kind == "p"),
        group=group,
        ground=GroundKinds.of({"River bar": kind == "b", "pond": kind == "p"}),
    )


SITES = [
    site("a", fold=0, marks="#"),
    site("b", fold=0, marks="b"),
    site("c", fold=1, marks="#"),
    site("d", fold=1, marks="p"),
]


def report(*sites: SitePredictions, threshold: float = 0.5) -> Report:
    draws = BOOTSTRAP.group_draws([one.group or one.site_id for one in sites])
    found = look_alike_scores(sites, np.full(len(sites), threshold), draws)
    return to_report(found, BOOTSTRAP)


def test_the_share_of_look_alikes_that_is_called_a_mine() -> None:
    found = report(*SITES)

    assert get_score(found, "look_alike.auc") == 1.0
    assert get_score(found, "look_alike.called") == 0.5
    assert get_score(found, "look_alike.mines_called") == 1.0
    assert get_score(found, "look_alike.mine_share") == 0.5
    assert get_score(found, "look_alike.average_precision") == 1.0
    assert get_score(found, "look_alike.look_alike_sites") == 2


def test_kinds_are_scored_by_the_names_of_the_labels() -> None:
    found = report(*SITES, threshold=0.15)

    assert get_score(found, "look_alike.kind.river_bar.called") == 1.0
    assert get_score(found, "look_alike.kind.pond.called") == 1.0
    assert get_score(found, "look_alike.kind.pond.locations") == 18
    assert get_score(report(*SITES), "look_alike.kind.pond.called") == 0.0


def test_a_kind_that_scores_above_the_mines_has_an_area_of_zero() -> None:
    bar = SITES[1]
    above = replace(bar, location_probability=bar.location_probability + np.float32(0.35))

    found = report(SITES[0], above, *SITES[2:])

    assert get_score(found, "look_alike.kind.river_bar.auc") == 0.0
    assert get_score(found, "look_alike.kind.pond.auc") == 1.0
    assert get_score(found, "look_alike.auc") == 0.5


def test_what_was_not_observed_counts_nowhere() -> None:
    hidden = replace(SITES[1], location_probability=np.full(36, np.nan, np.float32))

    found = report(SITES[0], hidden, *SITES[2:])

    assert get_score(found, "look_alike.look_alike_locations") == 18
    assert get_score(found, "look_alike.called") == 0.0


def test_a_labelled_mine_is_no_look_alike_of_itself() -> None:
    both = replace(SITES[0], look_alike=np.ones(36, np.bool_))

    assert get_score(report(both, *SITES[1:]), "look_alike.look_alike_locations") == 54


def test_without_look_alikes_there_is_no_such_score() -> None:
    assert report(*(replace(one, look_alike=None) for one in SITES)) == {}


def test_the_position_alone_is_scored_out_of_fold() -> None:
    # Mines lie in the middle, look-alikes at the edge, alike in both folds.
    inner = np.pad(np.ones((2, 2), np.bool_), 2).ravel()
    centred = [
        replace(
            one,
            label=inner.astype(np.int8)[None],
            look_alike=~inner,
            ground=None,
            location_probability=np.full(36, 0.5, np.float32),
        )
        for one in SITES
    ]

    found = report(*centred)

    assert get_score(found, "look_alike.auc") == 0.5
    assert get_score(found, "position_only.look_alike.auc") == 1.0
    # In each fold alone the mark is where the other fold has none: nothing can be known.
    upside_down = [
        replace(one, label=(~inner).astype(np.int8)[None], look_alike=inner)
        for one in centred[2:]
    ]
    mixed = report(*centred[:2], *upside_down)
    assert get_score(mixed, "position_only.look_alike.auc") < 0.2


def test_sites_of_two_sizes_or_of_one_fold_have_no_score_by_position() -> None:
    small = replace(SITES[0], shape=(4, 9))

    assert "position_only" not in report(small, *SITES[1:])
    assert "position_only" not in report(*(replace(one, fold=0) for one in SITES))


def test_sites_of_one_group_are_drawn_together() -> None:
    together = [replace(one, group="7") for one in SITES]

    found = report(*together)

    assert get_score(found, "look_alike.auc") == 1.0
    assert found["look_alike"]["auc_low"] is None  # type: ignore[index]


@pytest.mark.parametrize(
    ("kind", "key"),
    [("River bar", "river_bar"), ("fish pond?", "fish_pond"), ("??", "unnamed")],
)
def test_a_kind_becomes_a_part_of_a_key(kind: str, key: str) -> None:
    assert key_of(kind) == key
