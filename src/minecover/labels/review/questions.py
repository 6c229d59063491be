"""Which ground to ask a reviewer about: candidates, what is uncertain, what is suspicious."""

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

#: What a reviewer sees of a question, in order; `FIELDS` of a verdict are filled in by them.
ASKED = (
    "rank",
    "candidate_id",
    "site_id",
    "lon",
    "lat",
    "max_probability",
    "mean_probability",
    "reason",
)
ANSWERS = ("verdict", "who", "when", "why", "seen_from", "seen_to")
#: Outlines end this far inside their outermost pixels [m]: a pixel is labelled as soon as an
#: outline touches it, and the neighbours must not be.
INSIDE_M = 1.0
#: Pixels whose odds differ from the threshold's by no more than this factor are uncertain.
ODDS_FACTOR = 3.0
#: Decimals of degrees and of probabilities.
DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class SiteDoubt:
    """What model and labels say of one site.

    Parameters
    ----------
    site_id : str
    grid : Grid
        Without halo.
    probability : (row, col) float32
        Out of fold, over all dates; NaN where never observed.
    label : (row, col) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    """

    site_id: str
    grid: Grid
    probability: F32
    label: NDArray[np.int8]


def from_candidates(candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Ask about candidates, by rank.

    Parameters
    ----------
    candidates : GeoDataFrame
        Columns `rank`, `candidate_id`, `site_id`, `lon`, `lat`, `max_probability`,
        `mean_probability` and outlines of whole pixels, in WGS 84.

    Returns
    -------
    GeoDataFrame
        `ASKED` and outlines a metre smaller.
    """
    asked = candidates.assign(reason="candidate").sort_values("rank", ignore_index=True)
    return _questions(asked)


def uncertain(sites: Iterable[SiteDoubt], *, threshold: float, min_px: int) -> gpd.GeoDataFrame:
    """Ask where a label would teach most: where the model can hardly tell, all over the sites.

    Objects are connected pixels, not labelled as mine, whose odds lie within `ODDS_FACTOR` of
    the threshold's. Those nearest to it come first, but every site's first before any site's
    second: neighbours teach the same.

    Parameters
    ----------
    sites : iterable of SiteDoubt
    threshold : float
        Probability from which a location is a candidate, above 0 and below 1.
    min_px : int
        Least number of an object's pixels.

    References
    ----------
    Settles (2009), Active Learning Literature Survey: uncertainty sampling (2.1), batches that
    are diverse (5.4).
    """
    if not 0 < threshold < 1:
        raise ConfigError(
            f"uncertain means near a threshold between 0 and 1, found {threshold}. Set "
            "design.threshold to such a number, or to best_f1."
        )
    reach, cut = np.log(ODDS_FACTOR), np.log(threshold / (1 - threshold))
    parts: list[gpd.GeoDataFrame] = []
    for site in sites:
        gap = np.abs(_log_odds(site.probability) - cut)
        near = (gap <= reach) & (site.label == 0)
        parts += _objects(site, near, gap, "the model can hardly tell", min_px)
    if not parts:
        return _questions(_nothing())
    found = pd.concat(parts, ignore_index=True).sort_values(["order", "candidate_id"])
    turn = found.groupby("site_id").cumcount()
    found = found.assign(turn=turn).sort_values(["turn", "order", "candidate_id"])
    return _questions(_numbered(found))


def suspicious(sites: Sequence[SiteDoubt], *, min_px: int) -> gpd.GeoDataFrame:
    """Ask about labels that the model, which was not shown them, would not have given.

    Labelled as mine and at most as probable as unlabelled ground is on average; not labelled
    and at least as probable as labelled mines are on average. The two kinds come by turns, the
    clearest cases of each first.

    Parameters
    ----------
    sites : sequence of SiteDoubt
    min_px : int
        Least number of an object's pixels.

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
            "no labelled mine was observed, so nobody can say what the model makes of mines. "
            "Ask with --uncertain."
        )
    sure, blind = float(np.nanmean(mine)), float(np.nanmean(other))
    kinds: tuple[list[gpd.GeoDataFrame], list[gpd.GeoDataFrame]] = ([], [])
    for site in sites:
        p = site.probability
        missed, found = (site.label == 1) & (p <= blind), (site.label == 0) & (p >= sure)
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
        return _questions(_nothing())
    both = pd.concat(turns, ignore_index=True)
    return _questions(_numbered(both.sort_values(["turn", "reason"])))


def _log_odds(p: F32) -> F32:
    with np.errstate(divide="ignore"):
        odds: F32 = np.log(p) - np.log1p(-p)
    return odds


def _objects(
    site: SiteDoubt, mask: NDArray[np.bool_], order: F32, reason: str, min_px: int
) -> Iterator[gpd.GeoDataFrame]:
    """Describe the objects of a mask with enough pixels; `order` is least where clearest."""
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


def _numbered(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give ranks in the given order; of objects that sites share, keep the first."""
    found = found.reset_index(drop=True)
    first, second = found.sindex.query(found.geometry, predicate="intersects")
    site = found["site_id"].to_numpy()
    twice = np.unique(second[(first < second) & (site[first] != site[second])])
    found = found.drop(index=twice).reset_index(drop=True)
    return found.assign(rank=np.arange(1, len(found) + 1))


def _questions(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Bring questions into the one form, their outlines a metre smaller."""
    table = found[[*ASKED, "geometry"]].reset_index(drop=True)
    table["max_probability"] = table["max_probability"].astype(float).round(DECIMALS)
    table["mean_probability"] = table["mean_probability"].astype(float).round(DECIMALS)
    zone = [utm_crs(lon, lat) for lon, lat in zip(table["lon"], table["lat"], strict=True)]
    shapes = table.geometry.copy()
    for crs, rows in table.groupby(np.array(zone, dtype=object)).groups.items():
        ground = table.geometry.loc[rows].to_crs(crs)
        # Straight edges in metres, so that corners stay corners.
        shapes.loc[rows] = ground.buffer(-INSIDE_M, join_style="mitre").to_crs("EPSG:4326")
    return table.set_geometry(shapes)


def _nothing() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns=[*ASKED, "geometry"], crs=LON_LAT)
