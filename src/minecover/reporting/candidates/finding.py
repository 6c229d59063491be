"""Find candidates on the maps of sites: connected objects of high probability, ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minecover.core.components import connected
from minecover.core.cube import F32
from minecover.core.errors import ConfigError
from minecover.core.grid import Grid
from minecover.labels import MINES
from minecover.reporting.candidates.objects import (
    COLUMNS,
    ObjectPixels,
    no_objects,
    objects_of,
    ranked,
)
from minecover.reporting.candidates.place_names import lattice_name, lattice_of


@dataclass(frozen=True, slots=True, eq=False)
class SiteMap:
    """The probability map of one site.

    Parameters
    ----------
    site_id : str
        Id of the site.
    grid : Grid
        Grid of the site, without halo.
    probability : (row, col) float32
        Probability of a mine, aggregated over dates; NaN where never observed.
    """

    site_id: str
    grid: Grid
    probability: F32

    @property
    def zone(self) -> str:
        """Name of the lattice, see `lattice_name`."""
        return lattice_name(self.grid, self.site_id)

    @property
    def corner(self) -> tuple[int, int]:
        """Row and column of the first pixel on the lattice.

        Rows count southwards, so they are negative north of the equator.
        """
        return lattice_of(self.grid).rowcol(*self.grid.xy(0, 0))


def find_candidates(
    maps: Iterable[SiteMap], labels: gpd.GeoDataFrame, *, threshold: float, min_px: int
) -> gpd.GeoDataFrame:
    """Return the connected objects of high probability, ranked; each one once.

    An object is a set of 8-connected pixels of the lattice and may span several sites. A pixel
    that lies in several sites counts once, with its highest probability. Sites in longitude
    and latitude share no lattice: there an object ends at the border of its site, and of
    overlapping objects the one with the better rank is returned.

    Parameters
    ----------
    maps : iterable of SiteMap
        Probability maps of the sites, in any order.
    labels : GeoDataFrame
        The label table (see `minecover.labels`), in WGS 84. A candidate that touches a mine of
        it is known.
    threshold : float
        Minimum probability of a candidate's pixels, 0 ... 1.
    min_px : int
        Minimum number of pixels of a candidate.

    Returns
    -------
    GeoDataFrame
        Columns `COLUMNS`, in WGS 84, ordered by rank: largest expected mined area first, which
        is the sum of the pixels' probabilities times the pixel area. `lon` and `lat` are a
        `point_inside`. `candidate_id` names the square of `CELL_M` that holds
        the centroid, so that it does not depend on the sites, and rarely on the model. Further
        objects in one square get the letters b, c, ... from north to south, then west to east.
        `at_edge` tells whether a pixel beside the object was observed on no site: more of it
        may lie there.

    Raises
    ------
    ConfigError
        If `threshold` is not in 0 ... 1 or `min_px` is below 1.
    """
    if not (0 < threshold <= 1 and min_px >= 1):
        raise ConfigError(
            f"the threshold of candidates must lie in 0..1, found {threshold}, and "
            f"metrics.objects.min_area_m2 must give at least one pixel, found {min_px}. "
            "Fix conf/config.yaml; a wrong threshold comes from models/model.json: train again."
        )
    by_zone: dict[str, list[SiteMap]] = {}
    for site in maps:
        by_zone.setdefault(site.zone, []).append(site)
    zones = [_zone_objects(by_zone[zone], threshold, min_px) for zone in sorted(by_zone)]
    zones = [zone for zone in zones if len(zone)]
    if not zones:
        return no_objects()
    found = ranked(pd.concat(zones, ignore_index=True))
    found["known"] = touches(found, labels[labels["kind"].isin(MINES)])
    return found[list(COLUMNS)]


def touches(candidates: gpd.GeoDataFrame, mines: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return which candidates touch or overlap a mine.

    Parameters
    ----------
    candidates, mines : GeoDataFrame
        n candidates, and mines, in WGS 84.

    Returns
    -------
    (n,) bool
    """
    touching = np.zeros(len(candidates), np.bool_)
    touching[candidates.sindex.query(mines.geometry, predicate="intersects")[1]] = True
    return touching


def _zone_objects(sites: list[SiteMap], threshold: float, min_px: int) -> gpd.GeoDataFrame:
    """Return the objects of one lattice that have enough pixels."""
    sites = sorted(sites, key=lambda site: site.site_id)
    pixels = _pixels(sites, threshold)
    row, col = pixels["row"].to_numpy(), pixels["col"].to_numpy()
    number = connected(row, col)
    kept = np.bincount(number)[number] >= min_px if len(number) else np.zeros(0, np.bool_)
    if not kept.any():
        return no_objects()
    pixels = pixels[kept]
    site = pixels["site"].to_numpy()
    return objects_of(
        ObjectPixels(
            zone=sites[0].zone,
            lattice=lattice_of(sites[0].grid),
            row=row[kept],
            col=col[kept],
            number=np.unique(number[kept], return_inverse=True)[1],
            probability=pixels["probability"].to_numpy(),
            site=site,
            site_ids=[site.site_id for site in sites],
            at_edge=_at_edge(sites, pixels, site),
        )
    )


def _pixels(sites: Sequence[SiteMap], threshold: float) -> pd.DataFrame:
    """Return the pixels at or above the threshold by lattice row and column, each one once."""
    tables = []
    for index, site in enumerate(sites):
        row, col = np.nonzero(site.probability >= threshold)
        top, left = site.corner
        table = {
            "row": row + top,
            "col": col + left,
            "probability": site.probability[row, col].astype(np.float64),
            "site": index,
        }
        tables.append(pd.DataFrame(table))
    every = pd.concat(tables, ignore_index=True).sort_values(
        ["row", "col", "probability", "site"], ascending=[True, True, False, True]
    )
    return every.drop_duplicates(["row", "col"], ignore_index=True)


def _at_edge(
    sites: Sequence[SiteMap], pixels: pd.DataFrame, within: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which pixels have a neighbour that was observed on none of the sites.

    Most neighbours lie on the site of their pixel (`within`), so the other sites are asked for
    the rest alone.
    """
    steps = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]
    row, col = pixels["row"].to_numpy(), pixels["col"].to_numpy()
    beside = np.array([(row + down, col + right) for down, right in steps])
    down, right = (beside[:, axis].ravel() for axis in (0, 1))
    unseen = np.ones(down.size, np.bool_)
    own = np.tile(within, len(steps))
    order = np.argsort(own, kind="stable")
    ends = np.searchsorted(own[order], np.arange(len(sites) + 1))
    for index, site in enumerate(sites):
        here = order[ends[index] : ends[index + 1]]
        unseen[here] = ~_observed(site, down[here], right[here])
    rest = np.flatnonzero(unseen)
    for site in sites if rest.size else ():
        rest = rest[~_observed(site, down[rest], right[rest])]
    unseen[:] = False
    unseen[rest] = True
    return np.asarray(unseen.reshape(len(steps), len(row)).any(axis=0), np.bool_)


def _observed(
    site: SiteMap, row: NDArray[np.int64], col: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which places of the lattice were observed on a site."""
    top, left = site.corner
    rows, cols = site.probability.shape
    r, c = row - top, col - left
    inside = (r >= 0) & (r < rows) & (c >= 0) & (c < cols)
    observed = np.zeros(len(row), np.bool_)
    observed[inside] = ~np.isnan(site.probability[r[inside], c[inside]])
    return observed
