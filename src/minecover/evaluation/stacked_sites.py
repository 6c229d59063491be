"""Sites stacked in one array, so that the objects of all of them are found at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from minecover.core.components import connected
from minecover.evaluation.object_rule import ObjectRule
from minecover.evaluation.ranking import F32, F64, I8, I64
from minecover.evaluation.support import SitePredictions

I32 = NDArray[np.int32]
Mask = NDArray[np.bool_]


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
