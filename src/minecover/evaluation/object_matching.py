"""Matching of predicted objects with mines: mines found and false objects instead of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from minecover.core.components import connected
from minecover.evaluation.object_rule import ObjectRule
from minecover.evaluation.ranking import F64, I64
from minecover.evaluation.stacked_sites import I32, StackedSites


@dataclass(frozen=True, slots=True, eq=False)
class ObjectCounts:
    """Objects matched with mines, at one threshold or at several.

    Parameters
    ----------
    found : (n_sites,) or (n_thresholds, n_sites) float64
        Number of observed mines within the tolerance of an object.
    hits : float64 array of the same shape
        Number of objects within the tolerance of an observed mine.
    false : float64 array of the same shape
        Number of objects that have no pixel within the tolerance of a mine or on ignored
        pixels.
    iou : float64 array of the same shape
        Sum over the found mines of the intersection over union of mine and objects.
    """

    found: F64
    hits: F64
    false: F64
    iou: F64

    @classmethod
    def stacked(cls, counts: Sequence[ObjectCounts], n_sites: int) -> ObjectCounts:
        """Stack the counts of several thresholds into (n_thresholds, n_sites) arrays."""
        shape = (len(counts), n_sites)
        columns = ([getattr(one, field.name) for one in counts] for field in fields(cls))
        return cls(*(np.array(column, np.float64).reshape(shape) for column in columns))


def count_objects(
    stacked: StackedSites, threshold: F64 | float, rule: ObjectRule
) -> ObjectCounts:
    """Find the objects at a threshold and match them with the mines.

    Parameters
    ----------
    stacked : StackedSites
        Probabilities and target of the sites, stacked with the same rule.
    threshold : float, or (n_sites,) float64
        A pixel with a probability at or above it belongs to an object.
    rule : ObjectRule
        Defines objects and when one of them finds a mine.

    Returns
    -------
    ObjectCounts of (n_sites,) arrays
        A mine counts as found whatever else its object covers; the intersection over union,
        of observed pixels that are not ignored, says how well the extents agree.
    """
    row, col = np.nonzero(stacked.at_least(threshold))
    return match_objects(stacked, row, col, rule)


def match_objects(stacked: StackedSites, row: I64, col: I64, rule: ObjectRule) -> ObjectCounts:
    """Find the objects that some pixels form, and match them with the mines.

    Parameters
    ----------
    stacked, rule
        See `count_objects`.
    row, col : (n,) int64
        Pixels of the stacked sites that are predicted a mine, row by row.

    Returns
    -------
    ObjectCounts of (n_sites,) arrays
    """
    number = connected(row, col)
    n_objects = int(number.max(initial=-1)) + 1
    is_object = np.bincount(number, minlength=n_objects) >= rule.min_px
    inside = is_object[number]
    row, col, number = row[inside], col[inside], number[inside]
    target, near = stacked.target[row, col], stacked.near[row, col]
    is_excused = np.bincount(number, near | (target == -1), n_objects) > 0
    site_of = np.zeros(n_objects, np.int64)
    site_of[number] = stacked.site[row]

    hit, mine = _pairs(stacked, row[near], col[near], number[near], rule.tolerance_px)
    found, n_mines = np.unique(mine), len(stacked.observed_px)
    labelled_px = np.bincount(number, target >= 0, n_objects)
    shared_px = np.bincount(stacked.mine[row, col] + 1, minlength=n_mines + 1)[1:]
    object_px = np.bincount(mine, labelled_px[hit], n_mines)
    union_px = stacked.observed_px + object_px - shared_px
    return ObjectCounts(
        found=stacked.per_site(stacked.mine_site[found]),
        hits=stacked.per_site(site_of[np.unique(hit)]),
        false=stacked.per_site(site_of[is_object & ~is_excused]),
        iou=stacked.per_site(stacked.mine_site[found], shared_px[found] / union_px[found]),
    )


def _pairs(
    stacked: StackedSites, row: I64, col: I64, number: I32, tolerance_px: int
) -> tuple[I64, I64]:
    """Pair each object with each observed mine within the tolerance, once: (n_pairs,) each."""
    steps = np.arange(-tolerance_px, tolerance_px + 1)
    down, right = (step.ravel() for step in np.meshgrid(steps, steps, indexing="ij"))
    col_there = col[:, None] + right
    inside = (col_there >= 0) & (col_there < stacked.mine.shape[1])
    mine = stacked.mine[row[:, None] + down, np.where(inside, col_there, 0)]
    meets = inside & (mine >= 0)
    meets[meets] = stacked.observed_px[mine[meets]] > 0
    objects = np.broadcast_to(number[:, None], meets.shape)[meets].astype(np.int64)
    n_mines = max(len(stacked.observed_px), 1)
    pairs = np.unique(objects * n_mines + mine[meets])
    return pairs // n_mines, pairs % n_mines
