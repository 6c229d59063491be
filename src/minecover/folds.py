"""Site-grouped folds, the exclusion buffer, and the audit that looks for leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score

from minecover.errors import FoldError
from minecover.grid import Grid, transformed_bounds
from minecover.sites import Site, square
from minecover.table import SiteTable

#: A position-only model may reach this many times the chance average precision, no more.
POSITION_LIFT_LIMIT = 1.25


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
                f"found {self.n} and {self.buffer_m:g}. Fix conf/folds."
            )

    def deal(self, sites: Sequence[Site], positives: Mapping[str, int]) -> pd.DataFrame:
        """Assign a fold to every site.

        Parameters
        ----------
        sites : sequence of Site
            Grouped sites.
        positives : mapping
            Labelled pixels by site id.

        Returns
        -------
        DataFrame
            Columns site_id, group, fold (int8), positives (int64), sorted by site_id.

        Raises
        ------
        FoldError
            If there are fewer groups than folds, or a fold without a positive.
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
        held = frame.groupby("fold")["positives"].sum()
        if (held == 0).any():
            raise FoldError(
                f"fold {int(held.idxmin())} holds no labelled mine, so it has one class only "
                f"(labelled pixels by fold: {held.tolist()}). "
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

        Returns
        -------
        list of dict of (row, col) bool
            One a fold: masks by site index, only of sites that have such a pixel.
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
        """Give each group, the richest first, to the fold that holds the fewest positives."""
        order = groups.sort_index().sort_values(
            ["positives", "sites"], ascending=False, kind="stable"
        )
        held = np.zeros((self.n, 2), np.int64)
        fold_of: dict[str, int] = {}
        for group, row in order.iterrows():
            fold = min(range(self.n), key=lambda k: (held[k, 0], held[k, 1], k))
            fold_of[str(group)] = fold
            held[fold] += (int(row["positives"]), int(row["sites"]))
        return fold_of


def near_ground(grid: Grid, others: Sequence[Grid], *, within_m: float) -> NDArray[np.bool_]:
    """Find the pixels of a grid whose centre lies within a distance of other squares.

    Parameters
    ----------
    grid : Grid
        The pixels asked about.
    others : sequence of Grid
        Squares of ground, in any CRS.
    within_m : float
        Distance to a square's edge [m]; 0 finds the pixels inside.

    Returns
    -------
    (row, col) bool
    """
    x_m, y_m = grid.centres()
    near = np.zeros(grid.shape, np.bool_)
    for other in others:
        left, bottom, right, top = transformed_bounds(other, grid.crs)
        dx = np.maximum(np.maximum(left - x_m, x_m - right), 0.0)
        dy = np.maximum(np.maximum(bottom - y_m, y_m - top), 0.0)
        if dx.min() <= within_m and dy.min() <= within_m:
            near |= np.hypot(dy[:, None], dx[None, :]) <= within_m
    return near


def audit(
    sites: Sequence[Site], folds: pd.DataFrame, tables: Mapping[str, SiteTable], *, seed: int
) -> dict[str, float | int | bool]:
    """Look for ways in which test ground could be known in training.

    Parameters
    ----------
    sites : sequence of Site
        All sites.
    folds : DataFrame
        What `GroupedFolds.deal` returned.
    tables : mapping of SiteTable
        Location labels by site id.
    seed : int
        Seeds the position-only model.

    Returns
    -------
    dict
        ``split_groups`` (groups in two folds), ``overlapping_pairs`` (pairs of sites that share
        ground across folds), ``nearest_m`` (least distance between squares of two folds),
        ``position_only_lift`` (average precision of a model that sees only row and column
        inside the site, over prevalence) and ``passed``.
    """
    fold_of = dict(zip(folds["site_id"], folds["fold"], strict=True))
    fold = np.array([fold_of[site.site_id] for site in sites])
    pairs = folds[["group", "fold"]].drop_duplicates()
    split = int(pairs["group"].duplicated().sum())
    overlapping, nearest_m = _across(sites, fold)
    lift = _position_lift([tables[site.site_id] for site in sites], fold, seed)
    return {
        "n_folds": len(set(fold.tolist())),
        "n_groups": int(folds["group"].nunique()),
        "split_groups": split,
        "overlapping_pairs": overlapping,
        "nearest_m": round(nearest_m, 1),
        "position_only_lift": round(lift, 3),
        "position_only_limit": POSITION_LIFT_LIMIT,
        "passed": bool(split == 0 and overlapping == 0 and lift <= POSITION_LIFT_LIMIT),
    }


def _across(sites: Sequence[Site], fold: NDArray[np.int8]) -> tuple[int, float]:
    """Count overlapping squares of different folds, and measure the nearest two [m]."""
    outlines = gpd.GeoSeries([square(site.grid) for site in sites], crs="EPSG:4326")
    middle = outlines.union_all().centroid
    local = outlines.to_crs(f"+proj=aeqd +lon_0={middle.x:.4f} +lat_0={middle.y:.4f} +units=m")
    # A millimetre less, so that tiles which only touch do not count as shared ground.
    inner = local.buffer(-0.001, join_style="mitre")
    a, b = inner.sindex.query(inner.to_numpy(), predicate="intersects")
    overlapping = int(((a < b) & (fold[a] != fold[b])).sum())
    nearest = np.inf
    for k in np.unique(fold):
        theirs = shapely.union_all(local[fold != k].to_numpy())
        nearest = min(nearest, float(local[fold == k].distance(theirs).min()))
    return overlapping, nearest


def _position_lift(tables: Sequence[SiteTable], fold: NDArray[np.int8], seed: int) -> float:
    """Score a model that sees only the position inside the site, over chance."""
    shape = tables[0].shape
    if any(table.shape != shape for table in tables):
        raise FoldError(
            "sites of different sizes cannot be audited for position. Use one size."
        )
    position = np.indices(shape).reshape(2, -1).T.astype(np.float32)
    mines = np.stack([table.label == 1 for table in tables])
    others = np.stack([table.label == 0 for table in tables])
    score = np.zeros(mines.shape)
    for k in np.unique(fold):
        count = np.stack([others[fold != k].sum(0), mines[fold != k].sum(0)])
        model = HistGradientBoostingClassifier(max_iter=30, random_state=seed)
        model.fit(
            np.tile(position, (2, 1)),
            np.repeat([0, 1], len(position)),
            sample_weight=count.ravel().astype(np.float64),
        )
        score[fold == k] = model.predict_proba(position)[:, 1]
    known = mines | others
    label = mines[known]
    return float(average_precision_score(label, score[known]) / label.mean())
