"""Folds: whole groups, balanced, and an audit that finds planted leaks."""

import numpy as np
import pandas as pd
import pytest

from minecover.errors import FoldError
from minecover.folds import GroupedFolds, audit, near_ground
from minecover.grid import Grid
from minecover.sites import Site
from minecover.table import SiteTable


def site(name: str, group: str, east_px: int = 0) -> Site:
    return Site(
        name, group, Grid.from_corner("EPSG:32635", 600015.0 + 30 * east_px, 15.0, 20, 20), 0
    )


def folds(n: int, buffer_m: float = 0.0) -> GroupedFolds:
    return GroupedFolds(n=n, buffer_m=buffer_m)


def row_of_sites(n: int) -> list[Site]:
    return [site(f"s{i:02d}", f"g{i:02d}", 40 * i) for i in range(n)]


def table(where: tuple[int, int]) -> SiteTable:
    label = np.zeros((20, 20), np.int8)
    label[where[0] : where[0] + 3, where[1] : where[1] + 3] = 1
    return SiteTable(
        dates=("2017-01-14",),
        shape=(20, 20),
        label=label.ravel(),
        truth=label.ravel(),
        valid=np.ones(400, np.bool_),
        X=np.zeros((400, 0), np.float32),
    )


def anywhere(sites: list[Site]) -> dict[str, SiteTable]:
    rng = np.random.default_rng(7)
    return {s.site_id: table(tuple(rng.integers(0, 17, 2))) for s in sites}


def test_a_group_is_never_split() -> None:
    sites = [site(f"s{i}", f"g{i // 3}", 40 * i) for i in range(12)]

    dealt = folds(2).deal(sites, dict.fromkeys([s.site_id for s in sites], 5))

    assert dealt.groupby("group")["fold"].nunique().max() == 1


def test_folds_hold_near_equal_positives() -> None:
    sites = row_of_sites(20)
    positives = {s.site_id: 1 + 7 * i % 11 for i, s in enumerate(sites)}

    dealt = folds(4).deal(sites, positives)

    held = dealt.groupby("fold")["positives"].sum()
    assert held.max() - held.min() <= 3


def test_dealing_does_not_depend_on_the_order_of_sites() -> None:
    sites = row_of_sites(9)
    positives = {s.site_id: 3 + i % 4 for i, s in enumerate(sites)}

    pd.testing.assert_frame_equal(
        folds(3).deal(sites, positives), folds(3).deal(sites[::-1], positives)
    )


def test_more_folds_than_groups_is_refused() -> None:
    sites = [site("a", "g"), site("b", "g", 40)]

    with pytest.raises(FoldError, match=r"at least 2 groups of sites, found 1 .*folds\.n"):
        folds(2).deal(sites, {"a": 1, "b": 1})


def test_a_fold_without_mines_is_refused() -> None:
    sites = row_of_sites(3)

    with pytest.raises(FoldError, match="fold 2 holds no labelled mine"):
        folds(3).deal(sites, {"s00": 5, "s01": 5, "s02": 0})


def test_one_fold_is_refused() -> None:
    with pytest.raises(FoldError, match="folds.n must be at least 2"):
        folds(1)


def test_ground_is_near_up_to_the_buffer() -> None:
    here = Grid.from_corner("EPSG:32635", 600015.0, 15.0, 1, 5)
    there = Grid.from_corner("EPSG:32635", 600015.0 + 7 * 30, 15.0, 1, 5)

    near = near_ground(here, [there], within_m=90)

    # Pixel centres lie 195, 165, 135, 105 and 75 m from the other square's edge.
    assert near.tolist() == [[False, False, False, False, True]]


def test_honest_folds_pass_the_audit() -> None:
    sites = row_of_sites(12)
    tables = anywhere(sites)
    dealt = folds(3).deal(sites, dict.fromkeys(tables, 9))

    found = audit(sites, dealt, tables, seed=7)

    assert found["split_groups"] == 0
    assert found["overlapping_pairs"] == 0
    assert found["nearest_m"] == pytest.approx(600, abs=2)


def test_shared_ground_fails_the_audit() -> None:
    sites = [*row_of_sites(6), site("twin", "other", 5)]
    tables = anywhere(sites)
    dealt = folds(2).deal(sites, dict.fromkeys(tables, 9))
    dealt.loc[dealt.site_id == "twin", "fold"] = (
        1 - dealt.loc[dealt.site_id == "s00", "fold"].item()
    )

    found = audit(sites, dealt, tables, seed=7)

    assert found["overlapping_pairs"] == 1
    assert not found["passed"]


def test_a_split_group_fails_the_audit() -> None:
    sites = row_of_sites(6)
    tables = anywhere(sites)
    dealt = folds(2).deal(sites, dict.fromkeys(tables, 9))
    dealt["group"] = "all"

    assert audit(sites, dealt, tables, seed=7)["split_groups"] == 1


def test_centred_mines_fail_the_audit() -> None:
    sites = row_of_sites(12)
    tables = {s.site_id: table((8, 8)) for s in sites}
    dealt = folds(3).deal(sites, dict.fromkeys(tables, 9))

    found = audit(sites, dealt, tables, seed=7)

    assert found["position_only_lift"] > 10
    assert not found["passed"]


def test_mines_anywhere_have_no_position() -> None:
    rng = np.random.default_rng(7)
    sites = row_of_sites(60)
    tables = {s.site_id: table(tuple(rng.integers(0, 18, 2))) for s in sites}
    dealt = folds(3).deal(sites, dict.fromkeys(tables, 9))

    assert audit(sites, dealt, tables, seed=7)["position_only_lift"] < 1.25
