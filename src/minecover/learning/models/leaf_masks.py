"""Trees as bit masks over their leaves: read from LightGBM, scored by compiled loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from lightgbm import Booster
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.kernels import compiled_loop

#: Most leaves of a tree: one bit each.
MOST_LEAVES = 64
#: Rows that go through a tree together.
LANES = 128
#: De Bruijn's sequence: multiplied by a single bit, its top six bits name that bit's place.
SEQUENCE = np.uint64(0x03F79D71B4CB0A89)

#: A node of LightGBM's dump: numbers, names and its two children.
Node = dict[str, Any]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: The fields of `LeafMasks`, in their order: compiled loops take no objects.
Trees = tuple[Ints, F32, NDArray[np.bool_], NDArray[np.unsignedinteger], Ints, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class LeafMasks:
    """Trees, node by node.

    Parameters
    ----------
    feature : (n_nodes,) int64
    threshold : (n_nodes,) float32
        A row goes right if its feature is above it ...
    nan_right : (n_nodes,) bool
        ... or NaN, where that is sent right.
    keep : (n_nodes,) uint32 or uint64
        Leaves that are still possible once a row went right; leaves count from the left.
    first : (n_trees + 1,) int64
        Each tree's first node.
    leaf : (n_trees, 32 or 64) float64
        Values.
    """

    feature: NDArray[np.int64]
    threshold: F32
    nan_right: NDArray[np.bool_]
    keep: NDArray[np.unsignedinteger]
    first: NDArray[np.int64]
    leaf: NDArray[np.float64]

    def first_trees(self, n: int) -> LeafMasks:
        """Return the masks of the first trees alone."""
        first = self.first[: n + 1]
        end = first[-1]
        return LeafMasks(
            feature=self.feature[:end],
            threshold=self.threshold[:end],
            nan_right=self.nan_right[:end],
            keep=self.keep[:end],
            first=first,
            leaf=self.leaf[:n],
        )

    def positive(self, X: F32) -> Floats:
        """Return the probability of the positive class.

        Parameters
        ----------
        X : (n, n_features) float32

        Returns
        -------
        (n,) float64
            As LightGBM computes it, to the bit.
        """
        found: Floats = self.positive_after(X, [len(self.leaf)])[0]
        return found

    def positive_after(self, X: F32, sizes: Sequence[int]) -> Floats:
        """Return the probability of the positive class by the first trees alone.

        Parameters
        ----------
        X : (n, n_features) float32
        sizes : sequence of int
            Numbers of trees, increasing, up to that of all.

        Returns
        -------
        (n_sizes, n) float64
        """
        trees = (self.feature, self.threshold, self.nan_right, self.keep, self.first, self.leaf)
        return _scored(
            np.asarray(X, np.float32),
            trees,
            ~self.keep.dtype.type(0),
            np.asarray(sizes, np.int64),
        )


def leaf_masks(booster: Booster) -> LeafMasks | None:
    """Read the trees of a booster.

    Parameters
    ----------
    booster : lightgbm.Booster

    Returns
    -------
    LeafMasks or None
        None if masks do not cover the trees: several classes, categories, more than
        `MOST_LEAVES` leaves, zeros taken for missing values.
    """
    dumped = booster.dump_model()
    trees = [tree["tree_structure"] for tree in dumped["tree_info"]]
    leaves = [list(_leaves(tree)) for tree in trees]
    nodes = [list(_nodes(tree, 0)) for tree in trees]
    plain = all(
        node["decision_type"] == "<=" and node["missing_type"] in ("None", "NaN")
        for tree in nodes
        for node, _, _ in tree
    )
    is_binary = dumped["objective"] == "binary sigmoid:1" and not dumped["average_output"]
    if not plain or not is_binary or max(map(len, leaves)) > MOST_LEAVES:
        return None
    flat = [each for tree in nodes for each in tree]
    bits = 32 if max(map(len, leaves)) <= 32 else MOST_LEAVES
    values = np.zeros((len(trees), bits))
    for row, found in zip(values, leaves, strict=True):
        row[: len(found)] = found
    return LeafMasks(
        feature=np.array([node["split_feature"] for node, _, _ in flat], np.int64),
        threshold=_at_most(np.array([n["threshold"] for n, _, _ in flat], np.float64)),
        nan_right=np.array([_sends_nan_right(node) for node, _, _ in flat], np.bool_),
        keep=np.array([_without(at, n, bits) for _, at, n in flat], f"uint{bits}"),
        first=np.cumsum([0, *(len(tree) for tree in nodes)], dtype=np.int64),
        leaf=values,
    )


def _leaves(node: Node) -> Iterator[float]:
    """Yield the values of a tree's leaves, from the left."""
    if "leaf_value" in node:
        yield float(node["leaf_value"])
        return
    for side in ("left_child", "right_child"):
        yield from _leaves(node[side])


def _nodes(node: Node, first: int) -> Iterator[tuple[Node, int, int]]:
    """Yield a tree's inner nodes, each with its first left leaf and their number."""
    if "leaf_value" in node:
        return
    left, right = node["left_child"], node["right_child"]
    n = len(list(_leaves(left)))
    yield node, first, n
    yield from _nodes(left, first)
    yield from _nodes(right, first + n)


def _without(first: int, n: int, bits: int) -> int:
    """Mask of all leaves but `n` from `first` on."""
    return ((1 << bits) - 1) ^ (((1 << n) - 1) << first)


def _sends_nan_right(node: Node) -> bool:
    """Tell where NaN goes: its learned side, or where 0 goes if training had none."""
    if node["missing_type"] == "None":
        return float(node["threshold"]) < 0.0
    return not node["default_left"]


def _at_most(thresholds: NDArray[np.float64]) -> F32:
    """Round down to float32: the same float32 values lie above."""
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    over = rounded.astype(np.float64) > thresholds
    rounded[over] = np.nextafter(rounded[over], np.float32(-np.inf))
    return rounded


def _places() -> NDArray[np.uint8]:
    """Tabulate a single bit's place by the top six bits of its product with `SEQUENCE`."""
    table = np.zeros(64, np.uint8)
    for place in range(64):
        table[(int(SEQUENCE) << place) % 2**64 >> 58] = place
    return table


PLACES = _places()


@compiled_loop
def _scored(X: F32, trees: Trees, all_leaves: np.unsignedinteger, sizes: Ints) -> Floats:
    """Add up the values of the leaves that rows fall into, tree after tree: the log odds."""
    feature, threshold, nan_right, keep, first, leaf = trees
    n, n_features = X.shape
    positive = np.empty((len(sizes), n))
    here = np.empty(LANES)
    columns = np.zeros((n_features, LANES), np.float32)
    possible = np.empty(LANES, keep.dtype)
    for start in range(0, n, LANES):
        width = min(LANES, n - start)
        for k in range(n_features):
            columns[k, :width] = X[start : start + width, k]
        here[:] = 0.0
        size = 0
        for tree in range(sizes[-1]):
            possible[:] = all_leaves
            for node in range(first[tree], first[tree + 1]):
                column, left = columns[feature[node]], keep[node]
                if nan_right[node]:
                    _keep_unless_at_most(possible, column, threshold[node], left, all_leaves)
                else:
                    _keep_if_above(possible, column, threshold[node], left, all_leaves)
            _add_leaves(here, possible, leaf[tree])
            if tree + 1 == sizes[size]:
                for x in range(width):
                    positive[size, start + x] = 1.0 / (1.0 + math.exp(-here[x]))
                size += 1
    return positive


@compiled_loop
def _keep_if_above(
    possible: NDArray[np.unsignedinteger],
    column: F32,
    threshold: np.float32,
    left: np.unsignedinteger,
    all_leaves: np.unsignedinteger,
) -> None:
    """Where a row goes right, keep what a node keeps; NaN goes left."""
    for x in range(LANES):
        possible[x] &= left if column[x] > threshold else all_leaves


@compiled_loop
def _keep_unless_at_most(
    possible: NDArray[np.unsignedinteger],
    column: F32,
    threshold: np.float32,
    left: np.unsignedinteger,
    all_leaves: np.unsignedinteger,
) -> None:
    """Where a row goes right, keep what a node keeps; NaN goes right."""
    for x in range(LANES):
        possible[x] &= all_leaves if column[x] <= threshold else left


@compiled_loop
def _add_leaves(
    here: NDArray[np.float64],
    possible: NDArray[np.unsignedinteger],
    values: NDArray[np.float64],
) -> None:
    """Add the value of the leftmost leaf that is still possible."""
    for x in range(len(here)):
        leaves = np.uint64(possible[x])
        leftmost = leaves & (~leaves + np.uint64(1))
        here[x] += values[PLACES[(leftmost * SEQUENCE) >> np.uint64(58)]]
