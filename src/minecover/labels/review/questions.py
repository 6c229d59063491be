"""Ground to be reviewed: candidates, uncertain predictions, suspicious labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from minecover.core.components import connected
from minecover.core.cube import F32
from minecover.core.errors import ConfigError, LabelError
from minecover.core.grid import LON_LAT, Grid, utm_crs
from minecover.core.raster import trace

#: Columns of a question, in order.
QUESTION_FIELDS = (
    "rank",
    "candidate_id",
    "site_id",
    "lon",
    "lat",
    "max_probability",
    "mean_probability",
    "reason",
)
ANSWER_FIELDS = ("verdict", "what", "who", "when", "why", "seen_from", "seen_to")
#: Distance of outlines from the edge of their outermost pixels [m]: every pixel that an outline
#: touches is labelled, and its neighbours must not be.
INSIDE_M = 1.0
#: Greatest factor between the odds of an uncertain pixel and those of the threshold.
ODDS_FACTOR = 3.0
#: Decimals of degrees and of probabilities.
DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class ReviewSite:
    """Out-of-fold probability and labels of one site.

    Parameters
    ----------
    site_id : str
        Name of the site.
    grid : Grid
        The site's grid, without halo.
    probability : (row, col) float32
        Out-of-fold probability of a mine, over all dates; NaN where never observed.
    label : (row, col) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    """

    site_id: str
    grid: Grid
    probability: F32
    label: NDArray[np.int8]


def candidate_questions(candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return candidates as questions, by rank.

    Parameters
    ----------
    candidates : GeoDataFrame
        `QUESTION_FIELDS` except ``reason``, and outlines of whole pixels, in WGS 84.

    Returns
    -------
    GeoDataFrame
        `QUESTION_FIELDS` and outlines, `INSIDE_M` smaller, in WGS 84.
    """
    by_rank = candidates.assign(reason="candidate").sort_values("rank", ignore_index=True)
    return _as_questions(by_rank)


def uncertain_questions(
    sites: Iterable[ReviewSite], *, threshold: float, min_px: int
) -> gpd.GeoDataFrame:
    """Return questions on the objects that the model is least certain about.

    Objects are connected pixels, not labelled as mine, whose odds lie within `ODDS_FACTOR` of
    the threshold's. Those nearest to the threshold come first, but the first of every site
    before the second of any: labels of neighbours are redundant as training data.

    Parameters
    ----------
    sites : iterable of ReviewSite
        Every site that may be reviewed.
    threshold : float
        Probability from which a location is a candidate, above 0 and below 1.
    min_px : int
        Least number of pixels of an object.

    Returns
    -------
    GeoDataFrame
        `QUESTION_FIELDS` and outlines, in WGS 84; ranks from 1.

    Raises
    ------
    ConfigError
        If the threshold is not between 0 and 1.

    References
    ----------
    Settles (2009), Active Learning Literature Survey: uncertainty sampling (2.1), batches that
    are diverse (5.4).
    """
    if not 0 < threshold < 1:
        raise ConfigError(
            "uncertain pixels are those near the threshold, which must lie between 0 and 1, "
            f"found {threshold}. Set design.threshold to such a number, or to best_f1."
        )
    widest, centre = np.log(ODDS_FACTOR), np.log(threshold / (1 - threshold))
    parts: list[gpd.GeoDataFrame] = []
    for site in sites:
        gap = np.abs(_log_odds(site.probability) - centre)
        near = (gap <= widest) & (site.label == 0)
        parts += _objects(site, near, gap, "the model can hardly tell", min_px)
    if not parts:
        return _as_questions(_no_questions())
    found = pd.concat(parts, ignore_index=True).sort_values(["order", "candidate_id"])
    turn = found.groupby("site_id").cumcount()
    found = found.assign(turn=turn).sort_values(["turn", "order", "candidate_id"])
    return _as_questions(_ranked(found))


def suspicious_questions(sites: Sequence[ReviewSite], *, min_px: int) -> gpd.GeoDataFrame:
    """Return questions on labels that contradict the out-of-fold model.

    These are mines that are at most as probable as unlabelled ground is on average, and
    unlabelled ground that is at least as probable as mines are on average. The two kinds
    alternate, the clearest cases of each first.

    Parameters
    ----------
    sites : sequence of ReviewSite
        Every site that may be reviewed.
    min_px : int
        Least number of pixels of an object.

    Returns
    -------
    GeoDataFrame
        `QUESTION_FIELDS` and outlines, in WGS 84; ranks from 1.

    Raises
    ------
    LabelError
        If no labelled mine was observed.

    References
    ----------
    Northcutt et al. (2021), Confident learning, JAIR 70, 1373-1411: thresholds are each class's
    mean self-confidence (3.1).
    """
    mine, other = (
        np.concatenate([one.probability[one.label == label].ravel() for one in sites])
        for label in (1, 0)
    )
    if not np.isfinite(mine).any():
        raise LabelError(
            "no labelled mine was observed, so the mean probability of mines is unknown. "
            "Export with --uncertain instead, or add labels (labels.input)."
        )
    mean_mine, mean_other = float(np.nanmean(mine)), float(np.nanmean(other))
    kinds: tuple[list[gpd.GeoDataFrame], list[gpd.GeoDataFrame]] = ([], [])
    for site in sites:
        p = site.probability
        missed = (site.label == 1) & (p <= mean_other)
        found = (site.label == 0) & (p >= mean_mine)
        kinds[0].extend(_objects(site, missed, p, "labelled, the model sees no mine", min_px))
        kinds[1].extend(_objects(site, found, -p, "not labelled, the model is sure", min_px))
    turns = [
        pd.concat(parts, ignore_index=True)
        .sort_values(["order", "candidate_id"], ignore_index=True)
        .reset_index(names="turn")
        for parts in kinds
        if parts
    ]
    if not turns:
        return _as_questions(_no_questions())
    both = pd.concat(turns, ignore_index=True)
    return _as_questions(_ranked(both.sort_values(["turn", "reason"])))


def _log_odds(p: F32) -> F32:
    with np.errstate(divide="ignore"):
        odds: F32 = np.log(p) - np.log1p(-p)
    return odds


def _objects(
    site: ReviewSite, mask: NDArray[np.bool_], order: F32, reason: str, min_px: int
) -> Iterator[gpd.GeoDataFrame]:
    """Describe the objects of a mask with enough pixels; a low `order` comes first."""
    row, col = np.nonzero(mask)
    number = connected(row, col)
    for one in np.flatnonzero(np.bincount(number) >= min_px) if len(row) else ():
        here = np.flatnonzero(number == one)
        p = site.probability[row[here], col[here]]
        rank = order[row[here], col[here]]
        best = here[int(rank.argmin())]
        shape = np.zeros(mask.shape, np.bool_)
        shape[row[here], col[here]] = True
        place = gpd.GeoSeries.from_xy(
            *[[v] for v in site.grid.xy(row[best], col[best])], crs=site.grid.crs
        ).to_crs("EPSG:4326")
        yield gpd.GeoDataFrame(
            {
                "candidate_id": [f"{site.site_id}-r{row[best]}-c{col[best]}"],
                "site_id": site.site_id,
                "lon": place.x.round(DECIMALS),
                "lat": place.y.round(DECIMALS),
                "max_probability": float(p.max()),
                "mean_probability": float(p.mean(dtype=np.float64)),
                "reason": reason,
                "order": float(rank.mean(dtype=np.float64)),
            },
            geometry=gpd.GeoSeries(
                [shapely.MultiPolygon(trace(shape, site.grid))], crs=site.grid.crs
            ).to_crs("EPSG:4326"),
        )


def _ranked(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rank objects in their order, of overlapping ones of several sites only the first."""
    found = found.reset_index(drop=True)
    first, second = found.sindex.query(found.geometry, predicate="intersects")
    site = found["site_id"].to_numpy()
    twice = np.unique(second[(first < second) & (site[first] != site[second])])
    found = found.drop(index=twice).reset_index(drop=True)
    return found.assign(rank=np.arange(1, len(found) + 1))


def _as_questions(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return objects with the columns of questions and outlines `INSIDE_M` smaller."""
    table = found[[*QUESTION_FIELDS, "geometry"]].reset_index(drop=True)
    table["max_probability"] = table["max_probability"].astype(float).round(DECIMALS)
    table["mean_probability"] = table["mean_probability"].astype(float).round(DECIMALS)
    zone = [utm_crs(lon, lat) for lon, lat in zip(table["lon"], table["lat"], strict=True)]
    shapes = table.geometry.copy()
    for crs, rows in table.groupby(np.array(zone, dtype=object)).groups.items():
        ground = table.geometry.loc[rows].to_crs(crs)
        # Straight edges in metres, so that corners stay corners.
        shapes.loc[rows] = ground.buffer(-INSIDE_M, join_style="mitre").to_crs("EPSG:4326")
    return table.set_geometry(shapes)


def _no_questions() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns=[*QUESTION_FIELDS, "geometry"], crs=LON_LAT)
