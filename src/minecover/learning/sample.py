"""The rows that models are fitted on, and the ground that they lie on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from minecover.core.cube import F32
from minecover.core.errors import ModelError
from minecover.core.feature_table import SiteTable

Result = TypeVar("Result")


class Tables(Protocol):
    """Where the rows come from: files, or memory."""

    def __call__(self, index: int, features: Sequence[str]) -> SiteTable:
        """Give the table of the site at an index with the asked features, or none of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which ground a model may know.

    Parameters
    ----------
    site_ids : tuple of str
        In the order of the tables.
    groups : tuple of str
        Of each site. Inner folds never split a group, as the folds never do.
    fold_of_site : (n_sites,) int8
    near : tuple of mapping of (row, col) bool
        One a fold: by site index, the training pixels too near to the fold's ground.
    """

    site_ids: tuple[str, ...]
    groups: tuple[str, ...]
    fold_of_site: NDArray[np.int8]
    near: tuple[Mapping[int, NDArray[np.bool_]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What models are fitted on: every positive, and some of each site's negatives.

    Parameters
    ----------
    X : (n, n_features) float32
    y : (n,) int8
        1 mine, 0 not.
    draw : (n,) float32
        Uniform number in 0..1 that decides which negatives a model draws.
    always : (n,) bool
        Rows that every model takes: the mines, the negatives kept beside them, and the ground
        that a reviewer found to be no mine.
    rejected : (n,) bool
        That ground.
    site : (n,) int32
        Index of the row's site.
    location : (n,) int32
        Flat index of the row's pixel in its site.
    group : (n,) int32
        Number of the row's site group.
    """

    X: F32
    y: NDArray[np.int8]
    draw: F32
    always: NDArray[np.bool_]
    rejected: NDArray[np.bool_]
    site: NDArray[np.int32]
    location: NDArray[np.int32]
    group: NDArray[np.int32]

    def drawn(self, share: float, bag: int) -> NDArray[np.bool_]:
        """Tell which rows one model takes: bags draw one after the other, round the circle."""
        turned = (self.draw.astype(np.float64) - bag * share) % 1.0
        return self.always | (turned < share)


def always_kept(table: SiteTable, keep_within_px: int) -> NDArray[np.bool_]:
    """Mark the mines, the negatives within a distance of one date by date, and the rejected."""
    kept: NDArray[np.bool_] = (table.label == 1).reshape(len(table.dates), *table.shape)
    if keep_within_px:
        for plane in kept:
            if plane.any():
                plane[:] = distance_transform_edt(~plane) <= keep_within_px
    return kept.ravel() | table.rejected


def count_rows(tables: Tables, split: Split, *, keep_within_px: int) -> NDArray[np.int64]:
    """Count each site's valid positives, and the valid negatives that there are to draw from.

    Returns
    -------
    (n_sites, 2) int64
    """

    def count(index: int) -> tuple[int, int]:
        table = tables(index, ())
        others = (table.label == 0) & ~always_kept(table, keep_within_px)
        return int((table.valid & (table.label == 1)).sum()), int((table.valid & others).sum())

    return np.array(side_by_side(count, len(split.site_ids)), np.int64)


def draw_sample(
    tables: Callable[[int], SiteTable],
    split: Split,
    *,
    most: float,
    keep_within_px: int,
    seed: int,
) -> Sample:
    """Read all sites and keep the rows that any model may be fitted on.

    Parameters
    ----------
    tables : callable
        Gives the table of the site at an index.
    split : Split
    most : float
        Largest share of the negatives that the models of a fold draw together.
    keep_within_px, seed : int
        See `minecover.learning.recipe.Recipe`.

    Raises
    ------
    ModelError
        If no valid row is labelled as mine.
    """

    def rows(index: int) -> tuple[NDArray[np.generic], ...]:
        table = tables(index)
        draw = np.random.default_rng([seed, index]).random(len(table.label), dtype=np.float32)
        always = always_kept(table, keep_within_px)
        usable = table.valid & (table.label >= 0)
        kept = np.flatnonzero(usable & (always | (draw < most)))
        pixel = (kept % np.prod(table.shape)).astype(np.int32)
        marks = table.label[kept], draw[kept], always[kept], table.rejected[kept]
        return table.X[kept], *marks, pixel

    parts = side_by_side(rows, len(split.site_ids))
    X, y, draw, always, rejected, location = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    if not y.any():
        raise ModelError(
            f"no valid observation is labelled as mine among {len(y)} rows of {len(parts)} "
            "sites. Look at the labels, their dates and the mask profile."
        )
    site = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part[1]) for part in parts])
    group = np.unique(split.groups, return_inverse=True)[1].astype(np.int32)[site]
    return Sample(X, y, draw, always, rejected, site, location, group)


def fold_rows(sample: Sample, split: Split, fold: int) -> NDArray[np.bool_]:
    """Choose the rows that a fold's model may be fitted on.

    Parameters
    ----------
    sample : Sample
    split : Split
    fold : int
        The fold left out. One past the last leaves nothing out: nothing is tested then, so
        nothing is too near.
    """
    rows: NDArray[np.bool_] = split.fold_of_site[sample.site] != fold
    for index, mask in split.near[fold].items() if fold < len(split.near) else ():
        here = np.flatnonzero(sample.site == index)
        rows[here] &= ~mask.ravel()[sample.location[here]]
    return rows


def side_by_side(work: Callable[[int], Result], n: int) -> list[Result]:
    """Do work 0 ... n - 1 in threads: what they read is shared, and read outside the GIL."""
    done: list[Result] = Parallel(n_jobs=-1, prefer="threads")(
        delayed(work)(i) for i in range(n)
    )
    return done
