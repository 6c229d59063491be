"""The U-Net on drawn ground. Skipped without the extra `unet`, which no lock file brings."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_models import SMALL_UNET as SMALL
from numpy.typing import NDArray

from minecover.core.errors import ConfigError
from minecover.learning.unet import FittedUNet, Patches, UNet

pytest.importorskip("jax", reason="needs the extra `unet`: pip install 'minecover[unet]'")
pytest.importorskip("optax", reason="needs the extra `unet`: pip install 'minecover[unet]'")
from minecover.learning.unet import network


def drawn(seed: int, n: int = 8) -> Patches:
    """Bright squares of 4 px are mines, bright lines of 1 px are none."""
    rng = np.random.default_rng(seed)
    planes = 0.3 * rng.standard_normal((n, 16, 16, 2)).astype(np.float32)
    label = np.zeros((n, 16, 16), np.int8)
    for image, mine in zip(planes, label, strict=True):
        row, col, line = rng.integers(1, 11, 3)
        image[:, line, 0] += 2
        image[row : row + 4, col : col + 4, 0] += 2
        mine[row : row + 4, col : col + 4] = 1
    return Patches(planes, label, np.ones(label.shape, np.float32), np.arange(n))


@pytest.fixture(scope="module")
def fitted() -> FittedUNet:
    """A network that has seen a few squares."""
    return SMALL.fit(drawn(seed=0))


def probabilities(patches: Patches, settings: UNet = SMALL) -> NDArray[np.float32]:
    """Fit, and score other ground."""
    return settings.fit(patches).probability(drawn(seed=99).planes)


def test_a_tiny_net_tells_a_square_from_a_line_of_the_same_brightness() -> None:
    tested = drawn(seed=99)
    line = (tested.planes[..., 0] > 1) & (tested.label == 0)

    p = probabilities(drawn(seed=0), replace(SMALL, steps=200))

    assert p[tested.label == 1].mean() > 0.6
    assert p[line].mean() < 0.3


def test_the_same_seed_gives_the_same_probabilities_and_another_one_others(
    fitted: FittedUNet,
) -> None:
    ground = drawn(seed=0)

    first, second = fitted.probability(drawn(seed=99).planes), probabilities(ground)
    other = probabilities(ground, replace(SMALL, seed=8))

    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_labels_of_ignored_pixels_have_no_influence_on_the_model() -> None:
    ground = drawn(seed=0)
    ignored = np.zeros(ground.label.shape, np.bool_)
    ignored[:, :3] = True
    weight = np.where(ignored, 0, ground.weight).astype(np.float32)
    plain = replace(ground, weight=weight)
    wrong = replace(plain, label=np.where(ignored, 1 - ground.label, ground.label))

    np.testing.assert_array_equal(probabilities(plain), probabilities(wrong))


def test_ignored_pixels_have_no_influence_on_the_loss() -> None:
    ground = drawn(seed=0)
    weights = network.initial_weights(np.random.default_rng(1), 2, (4, 8), 0.1)
    mine = (ground.label == 1).astype(np.float32)
    weight = np.ones(mine.shape, np.float32)
    weight[:, :, 5] = 0
    other = mine.copy()
    other[:, :, 5] = 1 - mine[:, :, 5]

    losses = [float(network.loss(weights, ground.planes, y, weight)) for y in (mine, other)]

    assert losses[0] == losses[1]
    assert losses[0] != float(network.loss(weights, ground.planes, other, weight**0))


def test_a_new_network_expects_the_share_of_mines() -> None:
    weights = network.initial_weights(np.random.default_rng(1), 2, (4, 8), 0.01)

    odds = network.log_odds(weights, np.zeros((1, 8, 8, 2), np.float32))

    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), 0.01, rtol=1e-3)


def test_a_pixel_does_not_depend_on_ground_beyond_the_reach_of_the_levels() -> None:
    weights = network.initial_weights(np.random.default_rng(1), 1, (4, 8), 0.1)
    image = np.random.default_rng(2).standard_normal((1, 64, 64, 1)).astype(np.float32)
    changed = image.copy()
    changed[:, :, 48:] = 9

    one, other = (network.log_odds(weights, each) for each in (image, changed))

    np.testing.assert_array_equal(one[:, :, :32], other[:, :, :32])
    assert not np.array_equal(one[:, :, 48:], other[:, :, 48:])


def test_turned_ground_gives_the_turned_probabilities(fitted: FittedUNet) -> None:
    planes = drawn(seed=99).planes

    plain, turned = (
        fitted.probability(one) for one in (planes, np.rot90(planes, axes=(1, 2)).copy())
    )

    np.testing.assert_allclose(np.rot90(plain, axes=(1, 2)), turned, atol=2e-6)


def test_ground_of_any_size_is_scored(fitted: FittedUNet) -> None:
    planes = drawn(seed=99).planes[:1, :15, :15]

    p = fitted.probability(planes)

    assert p.shape == (1, 15, 15)
    assert np.isfinite(p).all()


def test_windows_larger_than_the_sites_are_refused() -> None:
    with pytest.raises(ConfigError, match="16 x 16 pixels; found UNet.side_px=18"):
        replace(SMALL, side_px=18).fit(drawn(seed=0))


def test_a_higher_weight_of_mines_is_corrected_for() -> None:
    ground = drawn(seed=0)

    plain = probabilities(ground, replace(SMALL, steps=200))
    weighted = probabilities(ground, replace(SMALL, steps=200, mine_weight=8.0))

    assert abs(float(weighted.mean()) - float(plain.mean())) < 0.05
