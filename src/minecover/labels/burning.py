"""Burn the label table onto grids: which pixels are labelled as mine on which date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from minecover.core.grid import Grid
from minecover.core.ground_kinds import GroundKinds
from minecover.core.raster import burn
from minecover.core.sites import near
from minecover.labels.table import MINES, SITE

I8 = NDArray[np.int8]

MINE, UNLABELLED, IGNORE = 1, 0, -1
#: Labels this far outside a grid are burned too [px]: its outline in degrees is a bit curved.
SEARCH_PX = 10
#: Pixel value of each verdict, in the order in which they are burned: over all other labels,
#: since a verdict is later and was given on inspection of the place.
VERDICTS = {"unsure": IGNORE, "rejected": UNLABELLED, "confirmed": MINE}


def label_cube(
    labels: gpd.GeoDataFrame, grid: Grid, dates: Sequence[date], *, ignore_ring_m: float
) -> tuple[I8, I8]:
    """Burn the label table onto a grid, date by date.

    Parameters
    ----------
    labels : GeoDataFrame
        The label table, in WGS 84.
    grid : Grid
        A site's grid, without its halo.
    dates : sequence of date
        Dates of the site's scenes.
    ignore_ring_m : float
        Width of the ignored ring around mines [m], see `label_plane`.

    Returns
    -------
    label : (time, row, col) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    truth : (row, col) int8
        1 mine, 0 no mine; -1 (unknown) everywhere if the table has no labels of kind "truth".
    """
    here = _near(labels, grid, _width_px(grid, ignore_ring_m) + SEARCH_PX)
    planes = [label_plane(here, grid, day=d, ignore_ring_m=ignore_ring_m) for d in dates]
    if not (labels["kind"] == "truth").any():
        return np.stack(planes), np.full(grid.shape, IGNORE, np.int8)
    truth = burn(here.loc[here["kind"] == "truth", "geometry"], grid, all_touched=True)
    return np.stack(planes), truth.astype(np.int8)


def labels_of_site(labels: gpd.GeoDataFrame, site_id: str) -> gpd.GeoDataFrame:
    """Return the labels that count on a site: all but those of other chips."""
    return labels[labels[SITE].isin(("", site_id))] if SITE in labels else labels


def kind_plane(labels: gpd.GeoDataFrame, grid: Grid, kind: str) -> I8:
    """Burn the labels of one kind onto a grid.

    Parameters
    ----------
    labels : GeoDataFrame
        The label table, in WGS 84.
    grid : Grid
        A site's grid, without its halo.
    kind : str
        ``"rejected"``, where a reviewer found no mine, or ``"look_alike"``.

    Returns
    -------
    (row, col) int8
        1 on the labels, 0 elsewhere.
    """
    here = _near(labels, grid, SEARCH_PX)
    ground = here.loc[here["kind"] == kind].geometry
    return burn(ground, grid, all_touched=True).astype(np.int8)


def ground_kinds(labels: gpd.GeoDataFrame, grid: Grid) -> GroundKinds | None:
    """Burn onto a grid what the labels call the ground.

    Parameters
    ----------
    labels : GeoDataFrame
        The label table, in WGS 84. What a look-alike is says its column `name`, and so does
        that of ignored ground of a chip.
    grid : Grid
        A site's grid, without its halo.

    Returns
    -------
    GroundKinds or None
        (row, col); None if no label names the ground.
    """
    here = _near(labels, grid, SEARCH_PX)
    # An outline of a user that is ignored has the name of a mine.
    of_chip = (here["kind"] == "ignore") & (here[SITE] != "") if SITE in here else False
    named = here[((here["kind"] == "look_alike") | of_chip) & (here["name"] != "")]
    planes = {
        str(name): burn(some.geometry, grid, all_touched=True)
        for name, some in named.groupby("name")
    }
    return GroundKinds.of(planes)


def label_plane(labels: gpd.GeoDataFrame, grid: Grid, *, day: date, ignore_ring_m: float) -> I8:
    """Burn the labels of one day onto a grid.

    A pixel belongs to a polygon if the two overlap at all. Polygons count on the days from
    `seen_from` to `seen_to`, both included; on other days their ground is not labelled.

    Parameters
    ----------
    labels : GeoDataFrame
        Columns `kind`, `seen_from`, `seen_to`, geometry in ``grid.crs``.
    grid : Grid
        The grid, in any CRS.
    day : date
        Date of the scene.
    ignore_ring_m : float
        Width of a ring *outside* the mines that is ignored [m], rounded to whole pixels: its
        pixels are mixed, and geolocation errs by a third of a pixel. There is none inside,
        where it would cover small mines completely.

    Returns
    -------
    (row, col) int8
        1 mine, 0 not labelled as mine, -1 ignore: the ring, and polygons of kind "ignore",
        which override mines. A reviewer's verdict overrides both.
    """
    today = day.isoformat()
    ring_px = _width_px(grid, ignore_ring_m)
    is_seen = (labels["seen_from"] <= today) & (
        (labels["seen_to"] == "") | (labels["seen_to"] >= today)
    )
    seen = labels[is_seen]
    # The ring of a mine beyond the edge may lie inside the grid.
    mines = seen.loc[seen["kind"].isin(MINES)].geometry
    wide = burn(mines, grid.grown(ring_px), all_touched=True)
    ring = binary_dilation(wide, np.ones((3, 3)), ring_px) if ring_px else wide
    rows, cols = grid.shape
    inner = np.s_[ring_px : ring_px + rows, ring_px : ring_px + cols]
    plane = np.where(wide[inner], MINE, np.where(ring[inner], IGNORE, UNLABELLED))
    for kind, value in {"ignore": IGNORE, **VERDICTS}.items():
        ground = seen.loc[seen["kind"] == kind].geometry
        plane[burn(ground, grid, all_touched=True)] = value
    return plane.astype(np.int8)


def _width_px(grid: Grid, width_m: float) -> int:
    """Return the number of pixels nearest to a width [m]."""
    return round(width_m / grid.side_m)


def _near(labels: gpd.GeoDataFrame, grid: Grid, margin_px: int) -> gpd.GeoDataFrame:
    """Return the labels on or near a grid, in its CRS."""
    return labels.iloc[near(labels, grid.grown(margin_px))].to_crs(grid.crs)
