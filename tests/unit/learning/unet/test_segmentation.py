"""Settings of the U-Net, and what is said where its packages are missing: no jax is needed."""

import sys
from dataclasses import fields

import numpy as np
import pytest

from minecover.core.errors import ConfigError, ModelError
from minecover.learning import unet
from minecover.learning.unet import Patches, UNet
from minecover.learning.unet.segmentation import import_network, inner_folds

SMALL = UNet(
    widths=(4, 8),
    steps=60,
    batch=4,
    side_px=12,
    learning_rate=0.02,
    weight_decay=1e-4,
    mine_weight=1.0,
    inner_folds=2,
    members=1,
    seed=7,
)


def test_without_jax_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "minecover.learning.unet.network", raising=False)
    monkeypatch.delattr(unet, "network", raising=False)
    monkeypatch.setitem(sys.modules, "jax", None)

    with pytest.raises(ConfigError, match=r"pip install 'minecover\[unet\]'"):
        import_network()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"side_px": 13}, "divides by 2", id="a window that cannot be halved"),
        pytest.param({"inner_folds": 1}, "inner_folds >= 2", id="no inner fold to stop on"),
        pytest.param({"members": 3}, "members <= inner_folds", id="a member without a fold"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, int], message: str) -> None:
    settings = {one.name: getattr(SMALL, one.name) for one in fields(UNet)}

    with pytest.raises(ConfigError, match=message):
        UNet(**{**settings, **wrong})


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
