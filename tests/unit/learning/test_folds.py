"""Folds: whole groups, balanced, with a buffer around test ground."""

import pandas as pd
import pytest
from affine import Affine

from minecover.core.errors import FoldError
from minecover.core.grid import Grid
from minecover.core.sites import Site
from minecover.learning.folds import GroupedFolds, near_ground


def site(name: str, group: str, east_px: int = 0) -> Site:
    return Site(
        name, group, Grid.from_corner("EPSG:32635", 600015.0 + 30 * east_px, 15.0, 20, 20), 0
    )


def folds(n: int, buffer_m: float = 0.0) -> GroupedFolds:
    return GroupedFolds(n=n, buffer_m=buffer_m)


def row_of_sites(n: int) -> list[Site]:
    return [site(f"s{i:02d}", f"g{i:02d}", 40 * i) for i in range(n)]


def test_a_group_is_never_split() -> None:
    sites = [site(f"s{i}", f"g{i // 3}", 40 * i) for i in range(12)]

    dealt = folds(2).deal(sites, dict.fromkeys([s.site_id for s in sites], 5))

    assert dealt.groupby("group")["fold"].nunique().max() == 1


def test_folds_have_near_equal_positives() -> None:
    sites = row_of_sites(20)
    positives = {s.site_id: 1 + 7 * i % 11 for i, s in enumerate(sites)}

    dealt = folds(4).deal(sites, positives)

    total = dealt.groupby("fold")["positives"].sum()
    assert total.max() - total.min() <= 3


def test_groups_without_mines_are_spread_over_the_folds() -> None:
    sites = row_of_sites(12)
    positives = {s.site_id: 9 - i if i < 3 else 0 for i, s in enumerate(sites)}

    dealt = folds(3).deal(sites, positives)

    assert dealt.groupby("fold").size().tolist() == [4, 4, 4]


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

    with pytest.raises(FoldError, match="fold 2 has no labelled mine"):
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


def test_ground_in_degrees_is_near_by_metres() -> None:
    # A ten-thousandth of a degree is 11 m, and 5.6 m from east to west at 60 degrees north.
    here = Grid("EPSG:4326", Affine(1e-4, 0, 28.0, 0, -1e-4, 60.0), (1, 5))
    there = Grid("EPSG:4326", Affine(1e-4, 0, 28.001, 0, -1e-4, 60.0), (1, 5))

    near = near_ground(here, [there], within_m=40)

    # Pixel centres lie 53, 47, 42, 36 and 31 m from the other square's edge.
    assert near.tolist() == [[False, False, False, True, True]]
