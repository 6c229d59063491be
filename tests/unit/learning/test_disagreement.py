"""Disagreement: models of halves of the ground contradict what it does not determine."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.learning.disagreement import CONTRARY, Disagreement, SmallModels
from minecover.learning.models.compiled_trees import CompiledTrees, compile_trees
from minecover.learning.sample import Sample

GROUPS = 12
BRIGHT, DARK = np.array([[0.95, 0.5], [0.05, 0.5]], np.float32)


def ground(n: int = 2400) -> tuple[F32, NDArray[np.int8], NDArray[np.int64]]:
    """Rows of groups of sites: mines are bright (the first column), the second is noise."""
    rng = np.random.default_rng(7)
    X = rng.uniform(size=(n, 2)).astype(np.float32)
    return X, (X[:, 0] > 0.7).astype(np.int8), np.arange(n) % GROUPS


def fitted() -> Disagreement:
    X, y, group = ground()
    return Disagreement(pairs=4, seed=7).fit(X, y, group=group)


def test_the_members_agree_with_an_answer_that_the_ground_determines() -> None:
    rows = np.stack([BRIGHT, DARK])

    right = fitted().disagreement(rows, np.array([True, False]))
    wrong = fitted().disagreement(rows, np.array([False, True]))

    assert (right < 0.2).all()
    np.testing.assert_allclose(right + wrong, 1, atol=2e-4)


def test_a_member_sees_half_of_the_groups_and_its_partner_the_others() -> None:
    _, y, group = ground()

    halves = Disagreement(pairs=3, seed=7)._halves(y == 1, group)

    seen = [set(group[half].tolist()) for half in halves]
    np.testing.assert_array_equal(halves[::2], ~halves[1::2])
    assert [len(groups) for groups in seen] == 6 * [GROUPS // 2]
    assert seen[0].isdisjoint(seen[1])


def test_groups_with_mines_are_halved_apart_from_those_without() -> None:
    group = np.repeat(np.arange(10), 50)
    is_mine = group < 2

    halves = Disagreement(pairs=5, seed=7)._halves(is_mine, group)

    assert {int(is_mine[half].sum()) for half in halves} == {50}


def test_mines_of_a_single_group_are_halved_row_by_row() -> None:
    X, y, _ = ground()

    members = Disagreement(pairs=1, seed=7).fit(X, y, group=np.zeros(len(y), int))

    assert members.disagreement(BRIGHT[None], np.array([True])).item() < CONTRARY


def test_groups_of_one_class_each_are_halved_so_that_each_half_has_both() -> None:
    X, y, _ = ground()

    halves = Disagreement(pairs=4, seed=7)._halves(y == 1, y.astype(np.int64))

    assert all(len(np.unique(y[half])) == 2 for half in halves)


def test_a_single_mine_is_refused() -> None:
    X, y, _ = ground()
    one = np.zeros_like(y)
    one[0] = 1

    with pytest.raises(ValueError, match="two rows of each class, found 1 of mines"):
        Disagreement().fit(X, one)


def test_as_many_locations_are_called_mines_as_there_are() -> None:
    X, _, group = ground()
    # Half of what is bright is a mine, by chance, and other ground is twenty times as common.
    y = ((X[:, 0] > 0.7) & (group % 2 == 0)).astype(np.int8)
    weight = np.where(y == 1, 1.0, 20.0)

    rare, plain = (
        Disagreement(seed=7).fit(X, y, group=group // 2, weight=each) for each in (weight, None)
    )

    called = rare.disagreement(X, np.zeros(len(X), np.bool_)) > CONTRARY
    assert rare.odds_ < plain.odds_
    assert weight[called].sum() < 2 * weight[y == 1].sum()


def test_members_see_the_chosen_columns_alone() -> None:
    X, y, group = ground()
    members = Disagreement(columns=[0], seed=7).fit(X, y, group=group)

    against, other = (
        members.disagreement(rows, y == 1) for rows in (X, X + np.array([0, 1000], np.float32))
    )

    np.testing.assert_array_equal(against, other)


def test_compiled_members_disagree_alike() -> None:
    X, y, _ = ground()
    plain = fitted()

    compiled = compile_trees(plain)

    assert isinstance(compiled.members_[0], CompiledTrees)
    np.testing.assert_allclose(
        compiled.disagreement(X, y == 1), plain.disagreement(X, y == 1), atol=1.1e-4
    )


def test_no_rows_have_an_empty_answer_and_rows_pass_unchanged() -> None:
    X, _, _ = ground()

    assert fitted().disagreement(X[:0], np.zeros(0, np.bool_)).shape == (0,)
    assert fitted().transform(X) is X


def test_fitting_twice_makes_the_same_bytes() -> None:
    assert pickle.dumps(fitted()) == pickle.dumps(fitted())


def test_one_class_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="y must hold two classes"):
        Disagreement().fit(np.zeros((50, 1)), np.ones(50))


def sample() -> Sample:
    """Rows of which every negative was drawn with a chance of a quarter."""
    X, _, group = ground()
    y = ((X[:, 0] > 0.7) & (group % 2 == 0)).astype(np.int8)
    draw = np.random.default_rng(8).uniform(0, 0.25, len(y)).astype(np.float32)
    site, never = group.astype(np.int32), y < 0
    return Sample(X, y, draw, y == 1, never, site, site, site, site.astype(np.int16), never)


def test_each_drawn_negative_stands_for_those_that_were_not() -> None:
    small, columns = SmallModels(pairs=2, rows=900, seed=7), np.array([0, 1])

    quarter = small.fit(sample(), columns, kept_negatives=0.25)
    whole = small.fit(
        replace(sample(), always=np.ones(2400, np.bool_)), columns, kept_negatives=1.0
    )

    assert quarter.columns_.tolist() == [0, 1]
    assert quarter.odds_ < whole.odds_


@pytest.mark.parametrize(
    ("pairs", "rows"),
    [pytest.param(0, 900, id="no members"), pytest.param(4, 10, id="too few rows")],
)
def test_no_members_and_too_few_rows_are_refused(pairs: int, rows: int) -> None:
    with pytest.raises(ConfigError, match=r"Fix design\.disagreement"):
        SmallModels(pairs=pairs, rows=rows, seed=7)
