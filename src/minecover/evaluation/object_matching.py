"""Matching of predicted objects with mines: mines found and false objects instead of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from minecover.core.components import connected
from minecover.core.errors import ConfigError
from minecover.core.lattice import LANDSAT, Lattice
from minecover.evaluation.ranking import F32, F64, I8, I64
from minecover.evaluation.support import SitePredictions

I32 = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ObjectRule:
    """What counts as an object, and when an object finds a mine.

    Parameters
    ----------
    min_area_m2 : float
        Smallest object [m2], above 0; rounded to whole pixels, at least one.
    tolerance_m : float
        How far an object may lie from a mine that it finds, in both axes [m], rounded to whole
        pixels: labels are off by 30-60 m.
    f1_tolerance_px : sequence of int
        Distances at which the tolerant F1 of the pixels is reported [pixels].
    false_per_100km2 : sequence of float
        Limits on the false objects per 100 km2 at which the mine recall is reported.
    lattice : Lattice
        The pixels of the sites.
    """

    min_area_m2: float
    tolerance_m: float
    f1_tolerance_px: Sequence[int]
    false_per_100km2: Sequence[float]
    lattice: Lattice = LANDSAT

    def __post_init__(self) -> None:
        """Refuse an object without pixels, and distances and rates below zero."""
        least = min(self.tolerance_m, *self.f1_tolerance_px, *self.false_per_100km2, 0)
        if self.min_area_m2 <= 0 or least < 0:
            raise ConfigError(
                "ObjectRule needs min_area_m2 above 0 and no tolerance or rate below 0, found "
                f"{self}. Fix metrics.objects in conf/config.yaml."
            )

    @property
    def pixel_km2(self) -> float:
        """Area of a pixel [km2]."""
        return self.lattice.pixel_m**2 / 1e6

    @property
    def min_px(self) -> int:
        """Smallest object [px]."""
        return max(1, round(self.min_area_m2 / self.lattice.pixel_m**2))

    @property
    def tolerance_px(self) -> int:
        """How far an object may lie from a mine that it finds [px]."""
        return round(self.tolerance_m / self.lattice.pixel_m)

    @property
    def gap_px(self) -> int:
        """Rows between two stacked sites [pixels], so that no distance reaches across."""
        return max(self.tolerance_px, *self.f1_tolerance_px, 1)


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


@dataclass(frozen=True, slots=True, eq=False)
class StackedSites:
    """Sites stacked along the rows of one array, with gaps too wide for objects to connect.

    Parameters
    ----------
    site : (rows,) int64
        Index of each row's site; `n_sites` in the gaps.
    probability : (rows, cols) float32
        Probability of each location; NaN where not observed, and outside of the sites.
    target : (rows, cols) int8
        1 mine, 0 not, -1 ignore or outside of the sites.
    mine : (rows, cols) int32
        Index of the mine (an 8-connected object of the target) at each pixel; -1 elsewhere.
    near : (rows, cols) bool
        Whether a pixel lies within the rule's tolerance of a mine.
    observed_px : (n_mines,) int64
        Number of observed pixels of each mine.
    mine_site : (n_mines,) int64
        Index of each mine's site.
    n_sites : int
        Number of sites.
    pixel_km2 : float
        Area of a pixel [km2].
    """

    site: I64
    probability: F32
    target: I8
    mine: I32
    near: Mask
    observed_px: I64
    mine_site: I64
    n_sites: int
    pixel_km2: float

    @classmethod
    def of(
        cls, sites: Sequence[SitePredictions], rule: ObjectRule, *, truth: bool
    ) -> StackedSites:
        """Stack sites.

        Parameters
        ----------
        sites : sequence of SitePredictions
            Sites of any shape, in the order of the counts.
        rule : ObjectRule
            Its distances define the gap between sites, its tolerance the pixels near a mine.
        truth : bool
            Whether the target is the truth instead of the labels.
        """
        gap = rule.gap_px
        tops = np.cumsum([gap, *(site.shape[0] + gap for site in sites)])
        shape = (int(tops[-1]), max([site.shape[1] for site in sites], default=0))
        probability, target = np.full(shape, np.nan, np.float32), np.full(shape, -1, np.int8)
        site_of_row = np.full(shape[0], len(sites))
        for index, (site, top) in enumerate(zip(sites, tops, strict=False)):
            rows, cols = site.shape
            window = slice(top, top + rows), slice(cols)
            probability[window] = site.location_probability.reshape(site.shape)
            target[window] = site.targets(against_truth=truth).reshape(site.shape)
            site_of_row[window[0]] = index
        mine = np.full(shape, -1, np.int32)
        row, col = np.nonzero(target == 1)
        mine[row, col] = number = connected(row, col)
        n_mines = int(number.max(initial=-1)) + 1
        observed_px = np.bincount(number, ~np.isnan(probability[row, col]), n_mines)
        mine_site = np.zeros(n_mines, np.int64)
        mine_site[number] = site_of_row[row]
        return cls(
            site=site_of_row,
            probability=probability,
            target=target,
            mine=mine,
            near=dilate(target == 1, rule.tolerance_px),
            observed_px=observed_px.astype(np.int64),
            mine_site=mine_site,
            n_sites=len(sites),
            pixel_km2=rule.pixel_km2,
        )

    @property
    def mines(self) -> F64:
        """Number of mines of each site with an observed pixel: (n_sites,) float64."""
        return self.per_site(self.mine_site[self.observed_px > 0])

    @property
    def n_unobserved_mines(self) -> int:
        """Number of mines without an observed pixel, which no model can find."""
        return int((self.observed_px == 0).sum())

    @property
    def km2(self) -> F64:
        """Observed area of each site [km2]: (n_sites,) float64."""
        n_observed = np.count_nonzero(~np.isnan(self.probability), axis=1).astype(np.float64)
        return self.per_site(self.site, n_observed * self.pixel_km2)

    def per_site(self, site: I64, values: F64 | None = None) -> F64:
        """Count things, or sum up their values, by site.

        Parameters
        ----------
        site : (n,) int64
            Index of each thing's site; `n_sites` for none.
        values : (n,) float64 or None
            What to sum up; None counts.

        Returns
        -------
        (n_sites,) float64
        """
        sums = np.bincount(site, values, self.n_sites + 1)[: self.n_sites]
        return sums.astype(np.float64)

    def at_least(self, threshold: F64 | float) -> Mask:
        """Return the pixels whose probability reaches the threshold.

        Parameters
        ----------
        threshold : float, or (n_sites,) float64
            One for all sites or one for each.

        Returns
        -------
        (rows, cols) bool
        """
        by_row = np.append(np.broadcast_to(threshold, self.n_sites), np.inf)[self.site]
        found: Mask = self.probability >= by_row.astype(np.float32)[:, None]
        return found


def dilate(mask: Mask, distance_px: int) -> Mask:
    """Return a (rows, cols) mask dilated by a square: `distance_px` pixels on all sides."""
    side = 2 * distance_px + 1
    dilated: Mask = binary_dilation(mask, np.ones((side, side), np.bool_))
    return dilated


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
