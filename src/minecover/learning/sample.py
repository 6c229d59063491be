"""The rows that models are fitted on, and which ground they lie on."""

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
    """Interface of what reads the rows of a site, from files or from memory."""

    def __call__(self, index: int, features: Sequence[str], /) -> SiteTable:
        """Return the table of a site.

        Parameters
        ----------
        index : int
            Position of the site in `Split`.
        features : sequence of str
            Columns to read; may be empty.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which ground the model of each fold may be fitted on.

    Parameters
    ----------
    site_ids : tuple of str
        In the order of the tables.
    groups : tuple of str
        Group of each site. Neither folds nor inner folds split a group.
    fold_of_site : (n_sites,) int8
        Fold of each site, 0 ... n_folds - 1.
    near : tuple of mapping of (row, col) bool
        One a fold: by index of the site, the training pixels too near to the fold's ground.
    background : (n_sites,) bool
        Whether each site was laid out on ground without a mine.
    chip_label : (n_sites,) int8
        Of chips, whether they are known to hold a mine, 1 or 0; -1 for other sites.
    """

    site_ids: tuple[str, ...]
    groups: tuple[str, ...]
    fold_of_site: NDArray[np.int8]
    near: tuple[Mapping[int, NDArray[np.bool_]], ...]
    background: NDArray[np.bool_]
    chip_label: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows to fit models on: every positive, and some of each site's negatives.

    Parameters
    ----------
    X : (n, n_features) float32
    y : (n,) int8
        1 mine, 0 not.
    draw : (n,) float32
        Uniform number in 0..1 that decides which negatives a model draws.
    always : (n,) bool
        Rows that every model takes: the mines, the negatives kept near them, and the rejected.
    rejected : (n,) bool
        Rows that a reviewer found to be no mine, or that are known to look like one.
    site : (n,) int32
        Index of the row's site.
    location : (n,) int32
        Flat index of the row's pixel in its site.
    group : (n,) int32
        Number of the row's site group.
    n_dates : (n,) int16
        Number of valid dates that the row's features were computed from.
    is_thinned : (n,) bool
        Rows of the tables of fewer dates: their locations may be there with all dates too.
    """

    X: F32
    y: NDArray[np.int8]
    draw: F32
    always: NDArray[np.bool_]
    rejected: NDArray[np.bool_]
    site: NDArray[np.int32]
    location: NDArray[np.int32]
    group: NDArray[np.int32]
    n_dates: NDArray[np.int16]
    is_thinned: NDArray[np.bool_]

    def drawn(self, share: float, bag: int) -> NDArray[np.bool_]:
        """Mark the rows that one model draws.

        Bags draw one after the other, and begin anew once every negative was drawn.

        Parameters
        ----------
        share : float
            Share of the negatives, in 0 ... 1.
        bag : int
            Number of the draw, from 0.

        Returns
        -------
        (n,) bool
        """
        turned = (self.draw.astype(np.float64) - bag * share) % 1.0
        return self.always | (turned < share)


def always_kept(table: SiteTable, keep_within_px: int) -> NDArray[np.bool_]:
    """Mark the rows that every model takes.

    Parameters
    ----------
    table : SiteTable
    keep_within_px : int
        Negatives within this distance of a mine of the same date are marked [px]; 0 marks none.

    Returns
    -------
    (n,) bool
        The mines, these negatives, what a reviewer rejected, and what looks like a mine.
    """
    kept: NDArray[np.bool_] = (table.label == 1).reshape(len(table.dates), *table.shape)
    if keep_within_px:
        for plane in kept:
            if plane.any():
                plane[:] = distance_transform_edt(~plane) <= keep_within_px
    return kept.ravel() | table.rejected | table.look_alike


def count_rows(tables: Tables, split: Split, *, keep_within_px: int) -> NDArray[np.int64]:
    """Count each site's valid positives, and the valid negatives to draw from.

    Parameters
    ----------
    tables : Tables
    split : Split
        Of all the tables, in their order.
    keep_within_px : int
        See `minecover.learning.recipe.Recipe`.

    Returns
    -------
    (n_sites, 2) int64
    """

    def count(index: int) -> tuple[int, int]:
        table = tables(index, ())
        others = (table.label == 0) & ~always_kept(table, keep_within_px)
        return int((table.valid & (table.label == 1)).sum()), int((table.valid & others).sum())

    return np.array(map_in_threads(count, len(split.site_ids)), np.int64)


@dataclass(frozen=True, slots=True)
class Thinned:
    """Rows of fewer dates that a sample takes beside those of all dates.

    Parameters
    ----------
    tables : callable
        Returns the location table of fewer dates of the site at an index.
    share : float
        Share of its rows that is added, 0 ... 1.
    """

    tables: Callable[[int], SiteTable]
    share: float


def draw_sample(
    tables: Callable[[int], SiteTable],
    split: Split,
    *,
    thinned: Thinned | None,
    most: float,
    keep_within_px: int,
    seed: int,
) -> Sample:
    """Read all sites, and return the rows that any model may be fitted on.

    Parameters
    ----------
    tables : callable
        Returns the table of the site at an index.
    split : Split
        Of all the tables, in their order.
    thinned : Thinned or None
        Rows of fewer dates; None adds none. Those of a site follow its other rows.
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
        rng = np.random.default_rng([seed, index])
        whole = _drawn_rows(tables(index), rng, most, keep_within_px, 1.0)
        is_thinned = np.zeros(len(whole[0]), np.bool_)
        if thinned is None:
            return *whole, is_thinned
        fewer = _drawn_rows(thinned.tables(index), rng, most, keep_within_px, thinned.share)
        is_fewer = np.ones(len(fewer[0]), np.bool_)
        both = zip((*whole, is_thinned), (*fewer, is_fewer), strict=True)
        return tuple(np.concatenate(pair) for pair in both)

    parts = map_in_threads(rows, len(split.site_ids))
    X, y, draw, always, rejected, n_dates, location, is_thinned = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    if not y.any():
        raise ModelError(
            f"no valid observation is labelled as mine among {len(y)} rows of {len(parts)} "
            "sites. Check the labels, their dates and the mask profile."
        )
    site = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part[1]) for part in parts])
    group = np.unique(split.groups, return_inverse=True)[1].astype(np.int32)[site]
    return Sample(X, y, draw, always, rejected, site, location, group, n_dates, is_thinned)


def _drawn_rows(
    table: SiteTable, rng: np.random.Generator, most: float, keep_within_px: int, share: float
) -> tuple[NDArray[np.generic], ...]:
    """Draw rows of a table: features, marks and pixels; of all usable rows a share."""
    draw = rng.random(len(table.label), dtype=np.float32)
    always = always_kept(table, keep_within_px)
    usable = table.valid & (table.label >= 0)
    if share < 1:
        usable &= rng.random(len(usable), dtype=np.float32) < share
    kept = np.flatnonzero(usable & (always | (draw < most)))
    pixel = (kept % np.prod(table.shape)).astype(np.int32)
    no_mine = table.rejected[kept] | table.look_alike[kept]
    marks = table.label[kept], draw[kept], always[kept], no_mine
    return table.X[kept], *marks, table.n_dates[kept], pixel


def fold_rows(sample: Sample, split: Split, fold: int) -> NDArray[np.bool_]:
    """Mark the rows that a fold's model may be fitted on.

    Parameters
    ----------
    sample : Sample
    split : Split
    fold : int
        The fold left out. One past the last leaves nothing out: the final model has no test
        ground.

    Returns
    -------
    (n,) bool
    """
    rows: NDArray[np.bool_] = split.fold_of_site[sample.site] != fold
    for index, mask in split.near[fold].items() if fold < len(split.near) else ():
        here = np.flatnonzero(sample.site == index)
        rows[here] &= ~mask.ravel()[sample.location[here]]
    return rows


def map_in_threads(work: Callable[[int], Result], n: int) -> list[Result]:
    """Call a function with 0 ... n - 1 in parallel threads, which share what they read.

    Parameters
    ----------
    work : callable
        Does most of its work outside the GIL.
    n : int

    Returns
    -------
    list
        Results in order.
    """
    results: list[Result] = Parallel(n_jobs=-1, prefer="threads")(
        delayed(work)(i) for i in range(n)
    )
    return results
