"""Folds of whole site groups, and the exclusion buffer around test ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core.errors import FoldError
from minecover.core.grid import Grid, transformed_bounds
from minecover.core.sites import Site


@dataclass(frozen=True, slots=True)
class GroupedFolds:
    """Deal whole groups of sites into folds of near-equal positives.

    Pixels of one mine look alike, so a random split lets a model recognise the mine instead of
    mining. Whole groups move together: no ground is ever in two folds.

    Parameters
    ----------
    n : int
        Number of folds, at least 2.
    buffer_m : float
        Training pixels nearer than this to test ground are dropped [m].
    """

    n: int
    buffer_m: float

    def __post_init__(self) -> None:
        """Refuse fewer than two folds and a negative buffer."""
        if self.n < 2 or self.buffer_m < 0:
            raise FoldError(
                f"folds.n must be at least 2 and folds.buffer_m at least 0 m, "
                f"found {self.n} and {self.buffer_m:g}. Fix them in conf/config.yaml."
            )

    def deal(self, sites: Sequence[Site], positives: Mapping[str, int]) -> pd.DataFrame:
        """Assign a fold to every site.

        Parameters
        ----------
        sites : sequence of Site
            Each with its group.
        positives : mapping of int
            Number of labelled pixels by site id.

        Returns
        -------
        DataFrame
            Columns site_id, group, fold (int8), positives (int64), sorted by site_id.

        Raises
        ------
        FoldError
            If there are fewer groups than folds, or a fold has no labelled pixel.
        """
        frame = pd.DataFrame(
            {
                "site_id": [site.site_id for site in sites],
                "group": [site.group for site in sites],
                "positives": [positives[site.site_id] for site in sites],
            }
        ).sort_values("site_id", ignore_index=True)
        groups = frame.groupby("group").agg(
            positives=("positives", "sum"), sites=("site_id", "size")
        )
        if len(groups) < self.n:
            raise FoldError(
                f"{self.n} folds need at least {self.n} groups of sites, found {len(groups)} "
                f"groups of {len(frame)} sites. Lower folds.n, or add sites that lie apart."
            )
        fold_of = self._greedy(groups)
        frame["fold"] = frame["group"].map(fold_of).astype(np.int8)
        total = frame.groupby("fold")["positives"].sum()
        if (total == 0).any():
            raise FoldError(
                f"fold {int(total.idxmin())} has no labelled mine, so it has one class only "
                f"(labelled pixels by fold: {total.tolist()}). "
                "Lower folds.n or sites.layouts.*.block_tiles."
            )
        return frame[["site_id", "group", "fold", "positives"]]

    def too_near(
        self, sites: Sequence[Site], fold_of_site: NDArray[np.int8]
    ) -> list[dict[int, NDArray[np.bool_]]]:
        """Mark the training pixels that lie within the buffer of a fold's ground.

        Parameters
        ----------
        sites : sequence of Site
        fold_of_site : (n_sites,) int8
            Fold of each site, 0 ... n - 1.

        Returns
        -------
        list of dict of (row, col) bool
            One a fold: masks by index of the site, only of sites with such a pixel.
        """
        near: list[dict[int, NDArray[np.bool_]]] = []
        for fold in range(self.n):
            tested = [s.grid for s, k in zip(sites, fold_of_site, strict=True) if k == fold]
            masks = {
                i: near_ground(site.grid, tested, within_m=self.buffer_m)
                for i, site in enumerate(sites)
                if fold_of_site[i] != fold
            }
            near.append({i: mask for i, mask in masks.items() if mask.any()})
        return near

    def _greedy(self, groups: pd.DataFrame) -> dict[str, int]:
        """Deal each group, the richest first, to the fold with the fewest positives.

        Groups without any (background, empty tiles) go to the fold with the fewest sites: else
        all of them would end in one fold.
        """
        order = groups.sort_index().sort_values(
            ["positives", "sites"], ascending=False, kind="stable"
        )
        totals = np.zeros((self.n, 2), np.int64)
        fold_of: dict[str, int] = {}
        for group, row in order.iterrows():
            first, second = (0, 1) if row["positives"] else (1, 0)
            fold = int(np.lexsort((totals[:, second], totals[:, first]))[0])
            fold_of[str(group)] = fold
            totals[fold] += (int(row["positives"]), int(row["sites"]))
        return fold_of


def near_ground(grid: Grid, others: Sequence[Grid], *, within_m: float) -> NDArray[np.bool_]:
    """Find the pixels of a grid whose centre lies within a distance of other squares.

    Parameters
    ----------
    grid : Grid
        The pixels to mark.
    others : sequence of Grid
        Squares of ground, in any CRS.
    within_m : float
        Distance to a square's edge [m]; 0 finds the pixels inside.

    Returns
    -------
    (row, col) bool
    """
    x, y = grid.centres()
    # One metre a unit, or as many as a degree has here.
    metres_x, metres_y = np.abs(np.array(grid.pixel_m) / (grid.transform.a, grid.transform.e))
    near = np.zeros(grid.shape, np.bool_)
    for other in others:
        left, bottom, right, top = transformed_bounds(other, grid.crs)
        dx = np.maximum(np.maximum(left - x, x - right), 0.0) * metres_x
        dy = np.maximum(np.maximum(bottom - y, y - top), 0.0) * metres_y
        if dx.min() <= within_m and dy.min() <= within_m:
            near |= np.hypot(dy[:, None], dx[None, :]) <= within_m
    return near
