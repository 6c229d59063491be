"""The network, its loss and its optimiser: the only module that imports jax and optax."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import numpy as np
import optax
from jax import Array
from jax import numpy as jnp

from minecover.core.cube import F32

Weights = dict[str, Array]
#: What a training step takes and returns: weights and the state of the optimiser.
State = tuple[Weights, optax.OptState]


def initial_weights(
    rng: np.random.Generator, n_planes: int, widths: Sequence[int], mine_share: float
) -> Weights:
    """Draw the weights of a network that has learned nothing.

    Parameters
    ----------
    rng : Generator
    n_planes : int
        Planes of an image.
    widths : sequence of int
        Channels of each level; each level has half the resolution of the one before.
    mine_share : float
        Probability that the new network gives every pixel, 0 < share < 1: else its first steps
        would be spent on learning that mines are rare.

    References
    ----------
    Ronneberger et al. (2015), U-Net, doi:10.1007/978-3-319-24574-4_28.
    He et al. (2015), Delving deep into rectifiers, doi:10.1109/ICCV.2015.123.
    """
    weights: Weights = {}

    def convolution(name: str, side: int, n_in: int, n_out: int) -> None:
        scale = np.sqrt(2 / (side * side * n_in))
        drawn = scale * rng.standard_normal((side, side, n_in, n_out))
        weights[name] = jnp.asarray(drawn, jnp.float32)
        weights[f"{name}_bias"] = jnp.zeros(n_out, jnp.float32)

    convolution("stem", 1, n_planes, widths[0])
    for level, width in enumerate(widths):
        convolution(f"down{level}_0", 3, widths[max(level - 1, 0)], width)
        convolution(f"down{level}_1", 3, width, width)
    for level in range(len(widths) - 1):
        convolution(f"narrow{level}", 1, widths[level + 1], widths[level])
        convolution(f"up{level}", 3, widths[level], widths[level])
    convolution("head", 1, widths[0], 1)
    weights["head"] = weights["head"] * 0.1
    weights["head_bias"] += float(np.log(mine_share / (1 - mine_share)))
    return weights


def n_weights(weights: Weights) -> int:
    """Count the numbers that are learned."""
    return sum(int(one.size) for one in weights.values())


def logits(weights: Weights, images: Array) -> Array:
    """Return the log odds of a mine in each pixel.

    Parameters
    ----------
    weights : mapping of Array
        See `initial_weights`.
    images : (site, row, col, plane) float32
        Rows and columns divide by 2 as often as there are levels but one.

    Returns
    -------
    (site, row, col) float32
    """
    n_levels = sum(name.startswith("down") and name.endswith("_0") for name in weights)
    x = jax.nn.relu(_convolved(weights, "stem", images))
    skipped = []
    for level in range(n_levels):
        if level:
            skipped.append(x)
            x = _halved(x)
        x = _block(weights, f"down{level}_0", x)
        x = _block(weights, f"down{level}_1", x)
    for level in reversed(range(n_levels - 1)):
        x = _doubled(_convolved(weights, f"narrow{level}", x)) + skipped[level]
        x = _block(weights, f"up{level}", x)
    return _convolved(weights, "head", x)[..., 0]


def loss(weights: Weights, images: Array, is_mine: Array, weight: Array) -> Array:
    """Return the mean cross-entropy of the pixels that count.

    Parameters
    ----------
    weights : mapping of Array
    images : (site, row, col, plane) float32
    is_mine : (site, row, col) float32
        1 mine, 0 not; without influence where the weight is 0.
    weight : (site, row, col) float32
        Weight of each pixel.
    """
    z = logits(weights, images)
    entropy = jax.nn.softplus(z) - is_mine * z
    return (weight * entropy).sum() / jnp.maximum(weight.sum(), 1e-6)


def optimiser(
    learning_rate: float, steps: int, weight_decay: float
) -> optax.GradientTransformation:
    """Return AdamW with a warm-up over a tenth of the steps and a cosine to zero.

    References
    ----------
    Loshchilov & Hutter (2019), Decoupled weight decay regularization, ICLR.
    """
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, learning_rate, max(steps // 10, 1), max(steps, 2)
    )
    return optax.chain(
        optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=weight_decay)
    )


def training_step(
    optimising: optax.GradientTransformation,
) -> Callable[[State, F32, F32, F32], State]:
    """Return the compiled step: weights and state after images, mines and pixel weights."""

    def step(state: State, images: Array, is_mine: Array, weight: Array) -> State:
        weights, inner = state
        gradient = jax.grad(loss)(weights, images, is_mine, weight)
        update, inner = optimising.update(gradient, inner, weights)
        return optax.apply_updates(weights, update), inner

    compiled: Callable[[State, F32, F32, F32], State] = jax.jit(step)
    return compiled


_compiled_logits = jax.jit(logits)


def log_odds(weights: Weights, images: F32) -> F32:
    """Return the log odds of a mine in each pixel of some images, in memory of numpy."""
    found: F32 = np.asarray(_compiled_logits(weights, images), np.float32)
    return found


def _convolved(weights: Weights, name: str, x: Array) -> Array:
    """Convolve; beyond the edges there are zeros."""
    return (
        jax.lax.conv_general_dilated(
            x, weights[name], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        + weights[f"{name}_bias"]
    )


def _block(weights: Weights, name: str, x: Array) -> Array:
    """Convolve, and scale the channels of each pixel: no pixel depends on the whole image.

    Statistics of the image (batch, instance or group normalisation) would let the size of a
    tile decide what is found on it.
    """
    x = _convolved(weights, name, x)
    mean = x.mean(axis=-1, keepdims=True)
    variance = x.var(axis=-1, keepdims=True)
    return jax.nn.relu((x - mean) * jax.lax.rsqrt(variance + 1e-5))


def _halved(x: Array) -> Array:
    """Return the largest of each two by two pixels."""
    n, rows, cols, width = x.shape
    return x.reshape(n, rows // 2, 2, cols // 2, 2, width).max(axis=(2, 4))


def _doubled(x: Array) -> Array:
    """Repeat each pixel two by two times."""
    return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
