"""Site detection: which sites hold a mine, by what the labels say of whole sites."""

from dataclasses import replace

import numpy as np
import pytest

from minecover.core.ground_kinds import GroundKinds
from minecover.evaluation import Bootstrap, SitePredictions, get_score
from minecover.evaluation.estimates import Report, to_report
from minecover.evaluation.site_detection import site_scores

BOOTSTRAP = Bootstrap(replicates=50, level=0.95, seed=7)


def site(
    name: str, probability: list[float], *, label: int, kind: str = "", fold: int = 0
) -> SitePredictions:
    """A chip of one row; of unknown label (-1) it has no mask."""
    p = np.array(probability, np.float32)
    return SitePredictions(
        site_id=name,
        fold=fold,
        label=np.full((1, p.size), label, np.int8),
        truth=None,
        observation_probability=p[None],
        location_probability=p,
        label_date=-1,
        shape=(1, p.size),
        chip_label=label,
        ground=GroundKinds.of({kind: np.ones(p.size, np.bool_)}) if kind else None,
    )


SITES = [
    site("a", [0.9, 0.8, 0.7], label=1),
    site("b", [0.6, 0.3, 0.3], label=1),
    site("c", [0.5, 0.2, 0.1], label=0, kind="river bar"),
    site("d", [0.2, 0.2, 0.2], label=0, kind="pond"),
    site("e", [0.7, 0.6, 0.1], label=-1, kind="industrial"),
]


def report(*sites: SitePredictions, pooling: str | None = "highest") -> Report:
    draws = BOOTSTRAP.group_draws([one.site_id for one in sites])
    return to_report(site_scores(sites, draws, pooling=pooling), BOOTSTRAP)


def test_sites_with_a_mine_against_sites_without() -> None:
    found = report(*SITES)

    assert get_score(found, "site.auc") == 1.0
    assert get_score(found, "site.average_precision") == 1.0
    assert get_score(found, "site.mine_share") == 0.5
    assert get_score(found, "site.recall_at_5_percent_false") == 1.0
    assert (get_score(found, "site.mine_sites"), get_score(found, "site.other_sites")) == (2, 2)


def test_average_precision_is_that_of_the_ranking() -> None:
    worse = site("b", [0.3, 0.3, 0.3], label=1)

    found = report(SITES[0], worse, *SITES[2:])

    # a, then c (no mine), then b: precision 1 and 2/3.
    assert get_score(found, "site.average_precision") == pytest.approx((1 + 2 / 3) / 2)
    assert get_score(found, "site.recall_at_5_percent_false") == 0.5


def test_kinds_and_sites_apart_are_scored_by_themselves() -> None:
    found = report(*SITES)

    assert get_score(found, "site.kind.river_bar.auc") == 1.0
    assert get_score(found, "site.kind.pond.called") == 0.0
    assert get_score(found, "site.kind.pond.sites") == 1
    # As high as the mines: called where no other site is.
    assert get_score(found, "site.apart.industrial.called") == 1.0
    assert get_score(found, "site.apart.industrial.auc") == 1.0


def test_every_pooling_is_reported_and_how_many_folds_chose_it() -> None:
    sites = [replace(one, fold=k % 2) for k, one in enumerate(SITES * 2)]
    named = [replace(one, site_id=f"{one.site_id}{k}") for k, one in enumerate(sites)]

    found = report(*named, pooling=None)

    assert get_score(found, "site.pooling.mean.auc") == 1.0
    chosen = [get_score(found, f"site.pooling.{name}.folds") for name in ("highest", "mean")]
    assert chosen == [2, 0]


def test_sites_that_are_labelled_as_a_whole_are_left_out_of_with_mask() -> None:
    unmasked = replace(SITES[1], label=np.full((1, 3), -1, np.int8))

    found = report(SITES[0], unmasked, *SITES[2:])

    assert get_score(found, "site.mine_sites") == 2
    assert get_score(found, "site.with_mask.mine_sites") == 1
    assert "with_mask" not in report(*SITES[:4])["site"]  # type: ignore[operator]


@pytest.mark.parametrize("kept", [slice(0, 2), slice(2, 5)], ids=["mines", "no mines"])
def test_without_sites_of_both_kinds_there_is_no_such_score(kept: slice) -> None:
    assert report(*SITES[kept]) == {}


def test_a_site_that_nobody_saw_counts_nowhere() -> None:
    hidden = replace(SITES[1], location_probability=np.full(3, np.nan, np.float32))

    assert get_score(report(SITES[0], hidden, *SITES[2:]), "site.mine_sites") == 1


def plain(label: list[int], truth: list[int] | None = None) -> SitePredictions:
    """A site that is no chip."""
    one = replace(SITES[0], chip_label=-1, label=np.array([label], np.int8))
    return one if truth is None else replace(one, truth=np.array([truth], np.int8))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(plain([0, 1, 0]), 1, id="a labelled mine"),
        pytest.param(plain([0, 0, 0]), 0, id="no mine"),
        pytest.param(plain([0, -1, 0]), -1, id="no mine, some ground ignored"),
        pytest.param(plain([0, 0, 0], [0, 1, 0]), 1, id="a true mine that nobody drew"),
        pytest.param(plain([0, -1, 1]), 1, id="a mine, some ground ignored"),
    ],
)
def test_what_is_known_of_a_site_that_is_no_chip(found: SitePredictions, expected: int) -> None:
    assert found.mine_label == expected
