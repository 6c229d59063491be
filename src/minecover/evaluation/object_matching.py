"""Mines found and false objects: what an investigator counts, instead of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from minecover.core.components import connected
from minecover.core.errors import ConfigError
from minecover.core.grid import PIXEL_M
from minecover.evaluation.ranking import F32, F64, I8, I64
from minecover.evaluation.support import SiteScores

I32 = NDArray[np.int32]
Mask = NDArray[np.bool_]

#: Square kilometres of a Landsat pixel.
PIXEL_KM2 = PIXEL_M**2 / 1e6


@dataclass(frozen=True, slots=True)
class ObjectRule:
    """When an object is one, and when it has found a mine.

    Parameters
    ----------
    min_px : int
        Least pixels of a predicted object.
    tolerance_px : int
        How far an object may lie from a mine that it finds, in both axes: labels are off by
        30-60 m.
    f1_tolerance_px : sequence of int
        Tolerances that the pixels' F1 is reported at.
    false_per_100km2 : sequence of float
        Affordable false objects per 100 km2 that the mine recall is reported at.
    """

    min_px: int
    tolerance_px: int
    f1_tolerance_px: Sequence[int]
    false_per_100km2: Sequence[float]

    def __post_init__(self) -> None:
        """Refuse counts and distances below zero."""
        least = min(self.tolerance_px, *self.f1_tolerance_px, *self.false_per_100km2, 0)
        if self.min_px < 1 or least < 0:
            raise ConfigError(
                f"ObjectRule needs min_px >= 1 and no tolerance or rate below 0, found {self}. "
                "Fix objects in conf/metrics."
            )

    @property
    def gap_px(self) -> int:
        """Rows between two sites, so that nothing reaches from one to the other."""
        return max(self.tolerance_px, *self.f1_tolerance_px, 1)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectCounts:
    """What was found at one threshold: (n_sites,) float64 each."""

    found: F64  # mines that an object overlaps
    hits: F64  # objects that overlap a mine
    false: F64  # objects that touch neither a mine, nor its tolerance, nor ignored ground
    iou: F64  # sum over the found mines of the overlap of their extents

    @classmethod
    def stacked(cls, counts: Sequence[ObjectCounts], n_sites: int) -> ObjectCounts:
        """Stack the counts of several thresholds: (n_thresholds, n_sites)."""
        shape = (len(counts), n_sites)
        columns = ([getattr(one, field.name) for one in counts] for field in fields(cls))
        return cls(*(np.array(column, np.float64).reshape(shape) for column in columns))


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Sites laid under each other on one plane, too far apart to touch.

    Parameters
    ----------
    site : (rows,) int64
        Index of each row's site; the number of sites between them.
    score : (rows, cols) float32
        Location scores; NaN where not observed, and between sites.
    target : (rows, cols) int8
        1 mine, 0 not, -1 ignore or no site.
    mine : (rows, cols) int32
        Number of the mine (an 8-connected object of the target) at each pixel; -1 elsewhere.
    near : (rows, cols) bool
        Within the rule's tolerance of a mine.
    seen_px : (n_mines,) int64
        Observed pixels of each mine.
    mine_site : (n_mines,) int64
        Index of each mine's site.
    n_sites : int
        Number of sites.
    """

    site: I64
    score: F32
    target: I8
    mine: I32
    near: Mask
    seen_px: I64
    mine_site: I64
    n_sites: int

    @classmethod
    def of(cls, sites: Sequence[SiteScores], rule: ObjectRule, *, truth: bool) -> Ground:
        """Lay the sites out, against their labels or the truth."""
        gap = rule.gap_px
        tops = np.cumsum([gap, *(site.shape[0] + gap for site in sites)])
        shape = (int(tops[-1]), max([site.shape[1] for site in sites], default=0))
        score, target = np.full(shape, np.nan, np.float32), np.full(shape, -1, np.int8)
        owner = np.full(shape[0], len(sites))
        for index, (site, top) in enumerate(zip(sites, tops, strict=False)):
            rows, cols = site.shape
            place = slice(top, top + rows), slice(cols)
            score[place] = site.location_score.reshape(site.shape)
            target[place] = site.targets(against_truth=truth).reshape(site.shape)
            owner[place[0]] = index
        mine = np.full(shape, -1, np.int32)
        row, col = np.nonzero(target == 1)
        mine[row, col] = number = connected(row, col)
        n_mines = int(number.max(initial=-1)) + 1
        seen = np.bincount(number, ~np.isnan(score[row, col]), n_mines).astype(np.int64)
        mine_site = np.zeros(n_mines, np.int64)
        mine_site[number] = owner[row]
        near = within(target == 1, rule.tolerance_px)
        return cls(owner, score, target, mine, near, seen, mine_site, len(sites))

    @property
    def mines(self) -> F64:
        """Mines of each site that were observed, on one pixel at least: (n_sites,)."""
        return self.per_site(self.mine_site[self.seen_px > 0])

    @property
    def unseen_mines(self) -> int:
        """Mines that no pixel was ever observed of; nobody could find them."""
        return int((self.seen_px == 0).sum())

    @property
    def km2(self) -> F64:
        """Observed ground of each site: (n_sites,) [km2]."""
        seen = np.count_nonzero(~np.isnan(self.score), axis=1).astype(np.float64)
        return self.per_site(self.site, seen * PIXEL_KM2)

    def per_site(self, index: I64, values: F64 | None = None) -> F64:
        """Count, or add up, by site: (n_sites,) float64."""
        sums = np.bincount(index, values, self.n_sites + 1)[: self.n_sites]
        return sums.astype(np.float64)

    def at_least(self, threshold: F64 | float) -> Mask:
        """Find the pixels at or above a threshold, one for all or one a site."""
        every = np.append(np.broadcast_to(threshold, self.n_sites), np.inf)[self.site]
        found: Mask = self.score >= every.astype(np.float32)[:, None]
        return found


def within(mask: Mask, distance_px: int) -> Mask:
    """Widen a mask by some pixels on all sides, corners included."""
    side = 2 * distance_px + 1
    wide: Mask = binary_dilation(mask, np.ones((side, side), np.bool_))
    return wide


def count_objects(ground: Ground, threshold: F64 | float, rule: ObjectRule) -> ObjectCounts:
    """Find the objects at a threshold and hold them against the mines.

    Parameters
    ----------
    ground : Ground
    threshold : float, or (n_sites,) float64
        A score at or above it belongs to an object.
    rule : ObjectRule

    Returns
    -------
    ObjectCounts
        A mine counts as found whatever else its object covers: read it beside the overlap
        (intersection over union, on observed ground that is not ignored).
    """
    row, col = np.nonzero(ground.at_least(threshold))
    number = connected(row, col)
    n_objects = int(number.max(initial=-1)) + 1
    is_object = np.bincount(number, minlength=n_objects) >= rule.min_px
    kept = is_object[number]
    row, col, number = row[kept], col[kept], number[kept]
    target, near = ground.target[row, col], ground.near[row, col]
    excused = np.bincount(number, near | (target == -1), n_objects) > 0
    site_of = np.zeros(n_objects, np.int64)
    site_of[number] = ground.site[row]

    hit, mine = _pairs(ground, row[near], col[near], number[near], rule.tolerance_px)
    found = np.unique(mine)
    judged_px = np.bincount(number, target >= 0, n_objects)
    shared_px = np.bincount(ground.mine[row, col] + 1, minlength=len(ground.seen_px) + 1)[1:]
    object_px = np.bincount(mine, judged_px[hit], len(ground.seen_px))
    union_px = ground.seen_px + object_px - shared_px
    return ObjectCounts(
        found=ground.per_site(ground.mine_site[found]),
        hits=ground.per_site(site_of[np.unique(hit)]),
        false=ground.per_site(site_of[is_object & ~excused]),
        iou=ground.per_site(ground.mine_site[found], shared_px[found] / union_px[found]),
    )


def _pairs(
    ground: Ground, row: I64, col: I64, number: I32, tolerance_px: int
) -> tuple[I64, I64]:
    """List each object with each observed mine that it lies within the tolerance of, once."""
    steps = np.arange(-tolerance_px, tolerance_px + 1)
    down, right = (step.ravel() for step in np.meshgrid(steps, steps, indexing="ij"))
    there = col[:, None] + right
    inside = (there >= 0) & (there < ground.mine.shape[1])
    mine = ground.mine[row[:, None] + down, np.where(inside, there, 0)]
    meets = inside & (mine >= 0)
    meets[meets] = ground.seen_px[mine[meets]] > 0
    objects = np.broadcast_to(number[:, None], meets.shape)[meets].astype(np.int64)
    n_mines = max(len(ground.seen_px), 1)
    pairs = np.unique(objects * n_mines + mine[meets])
    return pairs // n_mines, pairs % n_mines
