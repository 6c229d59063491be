"""Leakage audit: planted leaks fail, folds without leaks pass."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from minecover.core.errors import FoldError
from minecover.core.feature_table import SiteTable
from minecover.core.grid import Grid
from minecover.core.sites import Site
from minecover.learning.folds import GroupedFolds
from minecover.learning.leakage import Audit, Evidence, audit

SIDE = 20
FEATURES = ("coastal", "blue", "far_river")


def site(name: str, east_px: int) -> Site:
    grid = Grid.from_corner("EPSG:32635", 600015.0 + 30 * east_px, 15.0, SIDE, SIDE)
    return Site(name, name, grid, 0)


def row_of_sites(n: int) -> list[Site]:
    return [site(f"s{i:02d}", 40 * i) for i in range(n)]


def table(
    where: tuple[int, int],
    seed: int,
    *,
    side: int = 3,
    river: float = 0.0,
    tones: Sequence[float] = (0.0, 0.0),
) -> SiteTable:
    """Make a site with a square mine: two bands of noise around the tones of both classes."""
    label = np.zeros((SIDE, SIDE), np.int8)
    label[where[0] : where[0] + side, where[1] : where[1] + side] = 1
    X = np.random.default_rng(seed).normal(size=(SIDE**2, 3)).astype(np.float32)
    X[:, :2] += np.array(tones)[label.reshape(-1, 1)]
    X[:, 2] = river + 0.001 * X[:, 2]
    return SiteTable(
        dates=("2017-01-14",),
        shape=(SIDE, SIDE),
        label=label.ravel(),
        truth=label.ravel(),
        rejected=np.zeros(SIDE**2, np.bool_),
        look_alike=np.zeros(SIDE**2, np.bool_),
        valid=np.ones(SIDE**2, np.bool_),
        n_dates=np.ones(SIDE**2, np.int16),
        X=X,
    )


def random_sites(n: int) -> list[SiteTable]:
    """Make sites whose mine and whose distance to the river are random."""
    rng = np.random.default_rng(7)
    return [
        table((y, x), seed, river=river)
        for seed, (y, x), river in zip(
            range(n), rng.integers(0, 18, (n, 2)).tolist(), rng.random(n), strict=True
        )
    ]


def dealt(sites: Sequence[Site], n: int = 3) -> pd.DataFrame:
    return GroupedFolds(n=n, buffer_m=0).deal(
        sites, dict.fromkeys([s.site_id for s in sites], 9)
    )


def audited(
    sites: Sequence[Site], folds: pd.DataFrame, tables: Sequence[SiteTable], buffer_m: float = 0
) -> Audit:
    evidence = [Evidence.of(one, 2, seed=i) for i, one in enumerate(tables)]
    return audit(sites, folds, evidence, features=FEATURES, buffer_m=buffer_m, seed=7)


def test_folds_without_leaks_pass() -> None:
    sites = row_of_sites(60)

    found = audited(sites, dealt(sites), random_sites(60))

    assert found["failed"] == []
    assert found["passed"]
    assert found["duplicate_pixels"] == 0
    assert found["nearest_m"] == pytest.approx(600, abs=2)


@pytest.mark.parametrize(
    ("buffer_m", "distance_m"),
    [
        pytest.param(390, 600, id="sites farther apart than the buffer"),
        pytest.param(900, 900, id="training pixels within the buffer are dropped"),
    ],
)
def test_the_nearest_training_pixel(buffer_m: float, distance_m: float) -> None:
    sites = row_of_sites(6)

    found = audited(sites, dealt(sites), random_sites(6), buffer_m)

    assert found["train_test_m"] == pytest.approx(distance_m, abs=2)


def test_a_planted_overlapping_fold_fails() -> None:
    sites = [*row_of_sites(6), site("copy", 5)]
    folds = dealt(sites, 2)
    first = folds.loc[folds.site_id == "s00", "fold"].item()
    folds.loc[folds.site_id == "copy", "fold"] = 1 - first

    found = audited(sites, folds, random_sites(7))

    assert found["overlapping_pairs"] == 1
    assert "overlapping_pairs" in str(found["failed"])
    assert not found["passed"]


def test_the_same_pixels_under_another_name_fail() -> None:
    """A copy of a site with a wrong position: no square overlaps."""
    sites = row_of_sites(6)
    tables = random_sites(5)
    folds = dealt(sites, 2)
    copied = folds.loc[folds.fold != folds.fold.iloc[5], "site_id"].iloc[0]

    found = audited(sites, folds, [*tables, tables[int(str(copied)[1:])]])

    assert found["overlapping_pairs"] == 0
    assert found["duplicate_pixels"] == 2 * SIDE**2
    assert "duplicate_share" in str(found["failed"])


def test_the_same_pixels_in_one_fold_are_no_leak() -> None:
    sites = row_of_sites(6)
    tables = random_sites(5)
    folds = dealt(sites, 2)
    copied = folds.loc[(folds.fold == folds.fold.iloc[5]), "site_id"].iloc[0]

    found = audited(sites, folds, [*tables, tables[int(str(copied)[1:])]])

    assert found["duplicate_pixels"] == 0


def test_a_split_group_fails() -> None:
    sites = row_of_sites(6)
    folds = dealt(sites, 2)
    folds["group"] = "all"

    found = audited(sites, folds, random_sites(6))

    assert found["split_groups"] == 1
    assert not found["passed"]


def test_centred_mines_make_the_position_only_model_fail() -> None:
    sites = row_of_sites(12)

    found = audited(sites, dealt(sites), [table((8, 8), i) for i in range(12)])

    assert float(str(found["position_only_lift"])) > 10
    assert "position_only_lift" in str(found["failed"])


def rivers(n: int, *, is_telling: bool) -> list[SiteTable]:
    """Make sites with large and small mines near two rivers, one each or mixed."""
    kind = np.arange(n) % 2
    river = kind if is_telling else np.random.default_rng(7).permutation(kind)
    return [
        table((i % 10, i % 7), i, side=2 + 6 * k, river=r)
        for i, (k, r) in enumerate(zip(kind.tolist(), river.tolist(), strict=True))
    ]


@pytest.mark.parametrize(
    ("is_telling", "failed"),
    [
        pytest.param(True, True, id="the river predicts the mine area"),
        pytest.param(False, False, id="the river predicts nothing"),
    ],
)
def test_a_feature_that_identifies_the_site(is_telling: bool, failed: bool) -> None:
    sites = row_of_sites(60)

    found = audited(sites, dealt(sites), rivers(60, is_telling=is_telling))

    assert found["site_features"] == ["far_river"]
    assert ("site_only_lift" in str(found["failed"])) is failed


def test_without_a_feature_that_identifies_the_site_nothing_can_be_known() -> None:
    sites = row_of_sites(12)

    found = audited(sites, dealt(sites), [table((i, i), i) for i in range(12)])

    assert found["site_features"] == []
    assert found["site_only_lift"] == 1


def test_a_random_split_scores_higher_than_a_grouped_one() -> None:
    """Each mine has a tone of its own, known from its neighbours but not from other sites."""
    sites = row_of_sites(24)
    tones = np.random.default_rng(7).uniform(-30, 30, (24, 2)).tolist()
    tables = [table((i % 12, i % 9), i, side=5, tones=pair) for i, pair in enumerate(tones)]

    found = audited(sites, dealt(sites), tables)

    assert float(str(found["random_minus_grouped"])) > 0.05


def test_a_random_split_gains_nothing_on_noise() -> None:
    sites = row_of_sites(24)

    found = audited(sites, dealt(sites), [table((i % 12, i % 9), i) for i in range(24)])

    assert float(str(found["random_minus_grouped"])) == pytest.approx(0, abs=0.03)


def clouded(one: SiteTable) -> SiteTable:
    nothing: NDArray[np.float32] = np.full_like(one.X, np.nan)
    never = np.zeros_like(one.valid)
    return replace(one, valid=never, X=nothing)


def test_a_clouded_site_is_no_duplicate() -> None:
    sites = row_of_sites(12)
    tables = random_sites(12)

    found = audited(sites, dealt(sites), [clouded(tables[0]), *tables[1:]])

    assert found["duplicate_pixels"] == 0


def test_sites_of_two_sizes_are_refused() -> None:
    sites = row_of_sites(4)
    tables = random_sites(4)
    one = tables[0]
    small = SiteTable(
        one.dates,
        (10, 10),
        one.label[:100],
        one.truth[:100],
        one.rejected[:100],
        one.look_alike[:100],
        one.valid[:100],
        one.n_dates[:100],
        one.X[:100],
    )

    with pytest.raises(FoldError, match="size_px"):
        audited(sites, dealt(sites), [small, *tables[1:]])


def test_the_sample_weights_add_up_to_all_valid_locations() -> None:
    found = Evidence.of(table((3, 4), 7, side=8), 2, seed=1)

    assert np.bincount(found.y).tolist() == [75, 25]
    np.testing.assert_allclose(
        np.bincount(found.y, found.weight), [SIDE**2 - 64, 64], rtol=1e-12
    )
