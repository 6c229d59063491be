"""Fit the network on training ground, stopped on inner folds, and score whole sites with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.errors import ConfigError, ModelError
from minecover.core.probabilities import DECIMALS
from minecover.evaluation import average_precision
from minecover.learning.unet.patches import (
    Patches,
    Scaling,
    drawn_batch,
    inner_folds,
    turned,
    turned_back,
)

if TYPE_CHECKING:
    from minecover.learning.unet.network import Weights

log = logging.getLogger(__name__)
#: How often a network is tried on the inner fold that it does not learn from.
N_TRIALS = 12
#: Sites that are scored at once.
SCORED_AT_ONCE = 8
#: Quarter turns of an image that is scored: which way is north decides nothing.
TURNS = range(4)


@dataclass(frozen=True, slots=True)
class UNet:
    """Settings of a small U-Net.

    Parameters
    ----------
    widths : sequence of int
        Channels of each level; each level has half the resolution of the one before.
    steps : int
        Largest number of training steps.
    batch : int
        Windows in a step.
    side_px : int
        Side of a window; divides by 2 as often as there are levels but one.
    learning_rate, weight_decay : float
        Of AdamW.
    mine_weight : float
        Weight of a mine pixel in the loss, where another weighs 1. The probabilities are
        corrected for it.
    inner_folds : int
        The training groups are dealt into so many folds, at least 2. Each member is stopped
        where its average precision on one of them is best, and does not learn from that one.
    members : int
        Networks whose mean probability is taken, each stopped on another inner fold; at least
        1 and at most `inner_folds`.
    seed : int
    """

    widths: Sequence[int]
    steps: int
    batch: int
    side_px: int
    learning_rate: float
    weight_decay: float
    mine_weight: float
    inner_folds: int
    members: int
    seed: int

    def __post_init__(self) -> None:
        """Refuse windows that cannot be halved, and members without an inner fold."""
        if self.side_px % self.multiple or self.side_px < self.multiple:
            raise ConfigError(
                f"the windows of {len(self.widths)} levels must have a side that divides by "
                f"{self.multiple}, found UNet.side_px={self.side_px}. Choose another side."
            )
        if self.inner_folds < 2 or not 1 <= self.members <= self.inner_folds:
            raise ConfigError(
                "UNet needs inner_folds >= 2 and 1 <= members <= inner_folds, found "
                f"inner_folds={self.inner_folds}, members={self.members}. Fix them."
            )

    @property
    def multiple(self) -> int:
        """What rows and columns of an image must divide by."""
        return int(2 ** (len(self.widths) - 1))

    def fit(self, patches: Patches) -> FittedUNet:
        """Fit the members, each on the training groups outside of an inner fold.

        Parameters
        ----------
        patches : Patches
            Training ground alone: the scaling of the planes is learned from it, too.

        Raises
        ------
        ConfigError
            If jax or optax is not installed, or the windows are larger than the sites.
        ModelError
            If there are fewer groups than inner folds, or an inner fold lacks a labelled mine.
        """
        network = import_network()
        if min(patches.label.shape[1:]) < self.side_px:
            raise ConfigError(
                f"the windows must lie inside the sites, which are {patches.label.shape[1]} x "
                f"{patches.label.shape[2]} pixels; found UNet.side_px={self.side_px}. Lower it."
            )
        scaling = Scaling.fit(patches.planes)
        images = scaling(patches.planes)
        held_out = inner_folds(patches, self.inner_folds, seed=self.seed)[: self.members]
        members = [
            self._fit_one(network, images, patches, tested, number)
            for number, tested in enumerate(held_out)
        ]
        return FittedUNet(self, scaling, members)

    def _fit_one(
        self,
        network: ModuleType,
        images: F32,
        patches: Patches,
        tested: NDArray[np.bool_],
        number: int,
    ) -> Member:
        """Fit one member, and return it as it was when it scored best."""
        rng = np.random.default_rng([self.seed, number])
        learned, checked = np.flatnonzero(~tested & _counts(patches)), patches.take(tested)
        is_mine = (patches.label == 1).astype(np.float32)
        weight = patches.weight * np.where(is_mine == 1, self.mine_weight, 1)
        weight = weight.astype(np.float32)
        share = float((weight * is_mine)[learned].sum() / weight[learned].sum())
        if not 0 < share < 1:
            raise ModelError(
                "the U-Net needs mine pixels and others to learn from, found one class only. "
                "Lower inner_folds, or add labelled sites."
            )
        weights = network.initial_weights(rng, images.shape[-1], self.widths, share)
        optimising = network.optimiser(self.learning_rate, self.steps, self.weight_decay)
        step = network.training_step(optimising)
        state, best = (weights, optimising.init(weights)), Member(weights, 0, -1.0)
        order, every = _without_end(learned, rng), max(self.steps // N_TRIALS, 1)
        for n_done in range(1, self.steps + 1):
            sites = np.array([next(order) for _ in range(self.batch)])
            state = step(
                state, *drawn_batch((images, is_mine, weight), sites, self.side_px, rng)
            )
            if n_done % every == 0:
                odds = _in_batches(network, state[0], images[tested], self.multiple)
                label = np.where(checked.weight > 0, checked.label, -1).astype(np.int8)
                found = average_precision(odds, label)
                log.debug("member %d, step %d: AP %.4f", number, n_done, found)
                if found > best.inner_precision:
                    best = Member(state[0], n_done, found)
        return best


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One fitted network.

    Parameters
    ----------
    weights : mapping of arrays
    step : int
        Training step at which it was stopped.
    inner_precision : float
        Average precision on the inner fold that it was stopped on.
    """

    weights: Weights
    step: int
    inner_precision: float


@dataclass(frozen=True, slots=True, eq=False)
class FittedUNet:
    """Fitted networks, and the scaling of the planes they were fitted with.

    Parameters
    ----------
    settings : UNet
    scaling : Scaling
    members : sequence of Member
    """

    settings: UNet
    scaling: Scaling
    members: Sequence[Member]

    def probability(self, planes: F32) -> F32:
        """Return the probability of a mine in each pixel.

        The mean over the members, and over four quarter turns of an image.

        Parameters
        ----------
        planes : (site, row, col, plane) float32
            NaN where there is no data.

        Returns
        -------
        (site, row, col) float32
            0..1; also where nothing was observed.
        """
        network = import_network()
        images, multiple = self.scaling(planes), self.settings.multiple
        total = np.zeros(planes.shape[:3], np.float64)
        for member in self.members:
            for quarters in TURNS:
                seen = np.ascontiguousarray(turned(images, quarters))
                odds = _in_batches(network, member.weights, seen, multiple)
                odds = odds - np.log(self.settings.mine_weight)
                total += turned_back(1 / (1 + np.exp(-odds.astype(np.float64))), quarters)
        mean = total / (len(self.members) * len(TURNS))
        rounded: F32 = np.round(mean, DECIMALS).astype(np.float32)
        return rounded


def import_network() -> ModuleType:
    """Return the module of the network, which needs packages of an extra.

    Raises
    ------
    ConfigError
        If they are not installed.
    """
    try:
        from minecover.learning.unet import network
    except ImportError as error:
        raise ConfigError(
            f"the U-Net needs jax and optax, and {error.name} is not installed: "
            "pip install 'minecover[unet]'."
        ) from error
    return network


def _counts(patches: Patches) -> NDArray[np.bool_]:
    """Mark the sites with a pixel that counts."""
    counted: NDArray[np.bool_] = np.any(patches.weight > 0, axis=(1, 2))
    return counted


def _without_end(sites: NDArray[np.int64], rng: np.random.Generator) -> Iterator[int]:
    """Yield the sites in a random order, again and again."""
    while True:
        yield from rng.permutation(sites).tolist()


def _in_batches(network: ModuleType, weights: Weights, images: F32, multiple: int) -> F32:
    """Return the log odds of whole sites, which are padded as the levels need it."""
    n, rows, cols, _ = images.shape
    below, right = -rows % multiple, -cols % multiple
    odds = np.empty((n, rows, cols), np.float32)
    for first in range(0, n, SCORED_AT_ONCE):
        part = images[first : first + SCORED_AT_ONCE]
        # Always as many: the network is compiled for each number of images.
        missing = SCORED_AT_ONCE - len(part)
        part = np.pad(part, ((0, missing), (0, below), (0, right), (0, 0)))
        found = network.log_odds(weights, part)[: len(odds) - first, :rows, :cols]
        odds[first : first + SCORED_AT_ONCE] = found
    return odds
