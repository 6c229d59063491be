"""Sites as images: weights, scaling and windows, none of which needs jax."""

import numpy as np
import pytest

from minecover.core.errors import ModelError
from minecover.core.feature_table import SiteTable
from minecover.learning.unet import Patches, Scaling
from minecover.learning.unet.patches import (
    SYMMETRIES,
    drawn_batch,
    inner_folds,
    turned,
    turned_back,
)

NAN = np.nan


def table(
    label: list[int], *, valid: list[int], look_alike: list[int], rejected: list[int]
) -> SiteTable:
    """Two by two locations of two planes."""
    return SiteTable(
        dates=("2019-01-25",),
        shape=(2, 2),
        label=np.array(label, np.int8),
        truth=np.full(4, -1, np.int8),
        rejected=np.array(rejected, np.bool_),
        look_alike=np.array(look_alike, np.bool_),
        valid=np.array(valid, np.bool_),
        n_dates=np.ones(4, np.int16),
        X=np.arange(8, dtype=np.float32).reshape(4, 2),
    )


def test_ignored_and_unobserved_locations_have_no_weight() -> None:
    one = table([1, 0, -1, 0], valid=[1, 1, 1, 0], look_alike=[0] * 4, rejected=[0] * 4)

    patches = Patches.of([one], ["a"], look_alike_weight=5)

    np.testing.assert_array_equal(patches.weight[0], [[1, 1], [0, 0]])


def test_look_alikes_weigh_more_and_mines_never_do() -> None:
    one = table([1, 0, 0, 0], valid=[1] * 4, look_alike=[1, 1, 0, 0], rejected=[0, 0, 1, 0])

    patches = Patches.of([one], ["a"], look_alike_weight=5)

    np.testing.assert_array_equal(patches.weight[0], [[1, 5], [5, 1]])


def test_rows_of_a_table_become_pixels_in_the_order_of_the_grid() -> None:
    one = table([0, 1, 0, 0], valid=[1] * 4, look_alike=[0] * 4, rejected=[0] * 4)

    patches = Patches.of([one], ["a"], look_alike_weight=1)

    np.testing.assert_array_equal(patches.planes[0, ..., 0], [[0, 2], [4, 6]])
    np.testing.assert_array_equal(patches.label[0], [[0, 1], [0, 0]])


def test_sites_of_one_group_share_a_number() -> None:
    one = table([0, 1, 0, 0], valid=[1] * 4, look_alike=[0] * 4, rejected=[0] * 4)

    patches = Patches.of([one] * 3, ["b", "a", "b"], look_alike_weight=1)

    assert patches.group.tolist() == [1, 0, 1]
    assert patches.take(np.array([True, False, True])).group.tolist() == [1, 1]


def test_scaled_training_ground_has_mean_0_and_deviation_1() -> None:
    planes = np.array([[1, 10], [3, 10], [NAN, 10]], np.float32).reshape(1, 3, 1, 2)

    scaled = Scaling.fit(planes)(planes)

    np.testing.assert_allclose(scaled[0, :, 0, 0], [-1, 1, 0])
    np.testing.assert_array_equal(scaled[0, :, 0, 1], [0, 0, 0])
    np.testing.assert_allclose(scaled[0, :, 0, 2], [1, 1, 0.5])


def test_scaling_knows_nothing_of_the_ground_it_is_applied_to() -> None:
    train = np.array([0, 2], np.float32).reshape(1, 2, 1, 1)
    scaling = Scaling.fit(train)

    one = scaling(np.array([2, 2], np.float32).reshape(1, 2, 1, 1))
    other = scaling(np.array([2, 90], np.float32).reshape(1, 2, 1, 1))

    assert one[0, 0, 0, 0] == other[0, 0, 0, 0] == 1
    assert other[0, 1, 0, 0] == 6, "extreme values are clipped"


@pytest.mark.parametrize("symmetry", range(SYMMETRIES))
def test_turning_back_is_the_inverse(symmetry: int) -> None:
    image = np.arange(2 * 3 * 3 * 2).reshape(2, 3, 3, 2)

    np.testing.assert_array_equal(turned_back(turned(image, symmetry), symmetry), image)


def test_the_eight_ways_to_turn_a_square_differ() -> None:
    image = np.arange(9).reshape(1, 3, 3)

    assert len({turned(image, k).tobytes() for k in range(SYMMETRIES)}) == 8


def test_windows_of_all_arrays_are_of_the_same_pixels() -> None:
    place = np.arange(2 * 6 * 6, dtype=np.float32).reshape(2, 6, 6)
    image = np.stack([place, -place], axis=-1)

    windows, places = drawn_batch(
        [image, place], np.array([1, 0, 1]), 4, np.random.default_rng(7)
    )

    assert windows.shape == (3, 4, 4, 2)
    np.testing.assert_array_equal(windows[..., 0], places)
    np.testing.assert_array_equal(places.min(axis=(1, 2)) >= 36, [True, False, True])


def test_inner_folds_split_no_group_and_all_hold_mines() -> None:
    label = np.zeros((8, 2, 2), np.int8)
    label[:6, 0, 0] = 1
    group = np.array([0, 0, 1, 1, 2, 3, 4, 5])
    patches = Patches(
        np.zeros((8, 2, 2, 1), np.float32), label, np.ones((8, 2, 2), np.float32), group
    )

    folds = inner_folds(patches, 2, seed=7)

    assert np.sum(folds, axis=0).tolist() == [1] * 8
    assert all(len(set(fold[group == one])) == 1 for fold in folds for one in group)
    assert all((label[fold] == 1).any() for fold in folds)


def test_too_few_groups_with_a_mine_are_refused() -> None:
    label = np.zeros((4, 2, 2), np.int8)
    label[:2, 0, 0] = 1
    patches = Patches(
        np.zeros((4, 2, 2, 1), np.float32),
        label,
        np.ones((4, 2, 2), np.float32),
        np.array([0, 0, 1, 2]),
    )

    with pytest.raises(ModelError, match="2 inner folds .* found 1"):
        inner_folds(patches, 2, seed=7)
