"""Scores of mines against ground that is known to look mined and not to be, kind by kind."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minecover.evaluation.bootstrap import average_precisions
from minecover.evaluation.estimates import Estimates
from minecover.evaluation.ranking import (
    F32,
    F64,
    Ranking,
    curve,
    curve_average_precision,
    ratio,
)
from minecover.evaluation.roc import weighted_auc
from minecover.evaluation.support import SitePredictions

#: Side of the squares, counted over a site, in which a model of the position knows the labels.
N_CELLS = 12


def look_alike_scores(
    sites: Sequence[SitePredictions], thresholds: F64, draws: F64
) -> Estimates:
    """Compute how well mines are separated from ground that looks like one.

    A mask that was drawn with a rule on indices is found again by any model of the same
    indices: scores over all pixels flatter. These do not.

    Parameters
    ----------
    sites : sequence of SitePredictions
        The sites, in the order of the draws.
    thresholds : (n_sites,) float64
        Threshold of each site: what has its probability or a higher one is called a mine.
    draws : (1 + replicates, n_sites) float64
        How often each site counts; see `Bootstrap.group_draws`.

    Returns
    -------
    nested dict
        Empty without observed look-alikes. Under ``look_alike``: ``auc``, the probability that
        a mine location scores higher than a look-alike; ``average_precision`` among the two,
        ``mine_share`` that of a random ranking; ``called``, the share of the look-alikes that
        is called a mine, and ``mines_called``; ``kind.<name>`` with ``auc`` and ``called`` of
        each kind that the labels name; numbers of locations. ``position_only`` has what a model
        of the position in the site alone would score, if sites have one size and several folds.
    """
    is_alike = [_look_alike(site) for site in sites]
    if not any(plane.any() for plane in is_alike):
        return {}
    is_mine = [site.targets(against_truth=False) == 1 for site in sites]
    probability = [site.location_probability for site in sites]
    all_of = _Compared(is_mine, is_alike, probability, thresholds, draws)
    named = [site.ground for site in sites]
    kinds = sorted({name for one in named if one is not None for name in one.names})
    by_kind: Estimates = {}
    for name in kinds:
        where = [
            alike & one.where(name) if one is not None else np.zeros_like(alike)
            for alike, one in zip(is_alike, named, strict=True)
        ]
        if any(plane.any() for plane in where):
            compared = _Compared(is_mine, where, probability, thresholds, draws)
            by_kind[key_of(name)] = compared.of_kind()
    scores = all_of.scores()
    if by_kind:
        scores["kind"] = by_kind
    found: Estimates = {"look_alike": scores}
    position = position_probability(sites, is_mine, is_alike)
    if position is not None:
        known = [
            np.where(np.isnan(seen), np.float32(np.nan), one)
            for seen, one in zip(probability, position, strict=True)
        ]
        compared = _Compared(is_mine, is_alike, known, thresholds, draws)
        found["position_only"] = {"look_alike": {"auc": compared.auc()}}
    return found


def key_of(kind: str) -> str:
    """Return the name of a kind of ground as part of a dotted name: letters, digits, ``_``."""
    return re.sub(r"\W+", "_", kind.strip().lower()).strip("_") or "unnamed"


def position_probability(
    sites: Sequence[SitePredictions],
    is_mine: Sequence[NDArray[np.bool_]],
    is_alike: Sequence[NDArray[np.bool_]],
) -> list[F32] | None:
    """Return what a model of the position in the site alone predicts, out of fold.

    Parameters
    ----------
    sites : sequence of SitePredictions
        The sites.
    is_mine, is_alike : sequence of (n,) bool
        Mines and look-alikes of each site.

    Returns
    -------
    list of (n,) float32, or None
        For each site the share of mines among mines and look-alikes in the same part of the
        sites of other folds (`N_CELLS` squares a side); None if sites differ in size or all are
        of one fold.
    """
    if len({site.shape for site in sites}) > 1 or len({site.fold for site in sites}) < 2:
        return None
    row, col = np.indices(sites[0].shape).reshape(2, -1)
    rows, cols = sites[0].shape
    cell = row * N_CELLS // rows * N_CELLS + col * N_CELLS // cols
    mines, both = (
        np.stack([np.bincount(cell, weights=plane, minlength=N_CELLS**2) for plane in planes])
        for planes in (is_mine, [a | b for a, b in zip(is_mine, is_alike, strict=True)])
    )
    fold = np.array([site.fold for site in sites])
    by_fold = {}
    for k in set(fold.tolist()):
        n_mine, n_both = mines[fold != k].sum(0), both[fold != k].sum(0)
        # A square that nobody labelled says what all squares say.
        share = n_mine.sum() / max(n_both.sum(), 1)
        by_fold[k] = ((n_mine + share) / (n_both + 1)).astype(np.float32)[cell]
    return [by_fold[k] for k in fold.tolist()]


def _look_alike(site: SitePredictions) -> NDArray[np.bool_]:
    """Return which locations of a site look like a mine and are none."""
    if site.look_alike is None:
        return np.zeros(site.location_probability.shape, np.bool_)
    is_alike: NDArray[np.bool_] = site.look_alike & (site.targets(against_truth=False) != 1)
    return is_alike


class _Compared:
    """Mines and some look-alikes, on locations that were observed."""

    def __init__(
        self,
        is_mine: Sequence[NDArray[np.bool_]],
        is_alike: Sequence[NDArray[np.bool_]],
        probability: Sequence[F32],
        thresholds: F64,
        draws: F64,
    ) -> None:
        self.mine = [p[m & ~np.isnan(p)] for p, m in zip(probability, is_mine, strict=True)]
        self.alike = [p[m & ~np.isnan(p)] for p, m in zip(probability, is_alike, strict=True)]
        self.thresholds, self.draws = thresholds.astype(np.float32), draws

    def auc(self) -> F64:
        """Compute the area under the ROC curve in each draw."""
        parts = [*self.mine, *self.alike]
        site = np.repeat(np.tile(np.arange(len(self.mine)), 2), [part.size for part in parts])
        n_mine = sum(part.size for part in self.mine)
        score = np.concatenate(parts)
        return weighted_auc(score, np.arange(score.size) < n_mine, site, self.draws)

    def called(self, parts: Sequence[F32]) -> F64:
        """Compute the share of some locations that is called a mine in each draw."""
        pairs = zip(parts, self.thresholds, strict=True)
        n_called = np.array([np.count_nonzero(part >= level) for part, level in pairs])
        return ratio(self.draws @ n_called, self.draws @ [part.size for part in parts])

    def of_kind(self) -> Estimates:
        """Compute the scores of one kind."""
        return {
            "auc": self.auc(),
            "called": self.called(self.alike),
            "locations": sum(part.size for part in self.alike),
            "sites": sum(part.size > 0 for part in self.alike),
        }

    def scores(self) -> Estimates:
        """Compute the scores of all kinds together."""
        rankings = [
            Ranking(np.sort(mine), np.sort(alike))
            for mine, alike in zip(self.mine, self.alike, strict=True)
        ]
        average = average_precisions(rankings, self.draws)
        average[0] = curve_average_precision(curve(rankings))
        n_mine, n_alike = (sum(part.size for part in one) for one in (self.mine, self.alike))
        return {
            "auc": self.auc(),
            "average_precision": average,
            "mine_share": n_mine / (n_mine + n_alike) if n_mine + n_alike else float("nan"),
            "called": self.called(self.alike),
            "mines_called": self.called(self.mine),
            "mine_locations": n_mine,
            "look_alike_locations": n_alike,
            "look_alike_sites": sum(part.size > 0 for part in self.alike),
        }
