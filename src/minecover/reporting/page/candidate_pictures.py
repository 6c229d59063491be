"""Pictures of one candidate on every date, as one image, with the outlines to draw over it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.grid import LON_LAT, Grid
from minecover.core.raster import burn
from minecover.reporting.candidates import Balloon
from minecover.reporting.candidates.describing import MIN_SHARE
from minecover.reporting.figures.date_pictures import (
    TRUE,
    Ground,
    date_pictures,
    png_of,
    read_webp,
    webp,
)

#: Least side of the pictures of a candidate, and the ground shown around it at least [m].
LEAST_M, AROUND_M = 2400.0, 600.0
#: Largest side of a picture [px]: of larger candidates every n-th pixel is shown.
LARGEST_PX = 256
#: Decimals of outlines [px] and of corners [degrees].
PIXEL_DECIMALS, DEGREE_DECIMALS = 2, 7
#: What a date can show of a candidate.
SEEN, NOT_SEEN, HIDDEN, OBSERVED = "seen", "not seen", "hidden", "observed"


@dataclass(frozen=True, slots=True, eq=False)
class CandidatePictures:
    """Pictures of one candidate, see `minecover.reporting.page.content` for their format.

    Parameters
    ----------
    image : bytes
        WebP of all pictures, below each other.
    facts : mapping
        What the page must know of them, as JSON can hold it.
    """

    image: bytes
    facts: Mapping[str, object]


def window_around(outline: shapely.Geometry, grid: Grid) -> Grid:
    """Return a square around an outline, on the lattice of a grid.

    Parameters
    ----------
    outline : geometry
        In the CRS of the grid.
    grid : Grid
        Any grid of the lattice.
    """
    left, bottom, right, top = outline.bounds
    width_m, height_m = grid.pixel_m
    sides_px = ((right - left) / grid.transform.a, (top - bottom) / -grid.transform.e)
    around_px, least_px = (2 * AROUND_M / min(width_m, height_m), LEAST_M / grid.side_m)
    side = 2 * math.ceil(max(*sides_px, least_px - around_px) / 2 + around_px / 2)
    side += -side % math.ceil(side / LARGEST_PX)
    row, col = grid.rowcol((left + right) / 2, (bottom + top) / 2)
    return grid.cut(
        row - side // 2, col - side // 2, row - side // 2 + side, col - side // 2 + side
    )


def draw_candidate(
    ground: Ground, outline: shapely.Geometry, others: Mapping[str, gpd.GeoSeries]
) -> CandidatePictures:
    """Draw a candidate on every date.

    Parameters
    ----------
    ground : Ground
        The ground of its window, see `window_around`.
    outline : geometry
        Its outline in WGS 84.
    others : mapping of str to GeoSeries
        Further outlines to draw, by name and in any CRS: ``"label"`` and ``"truth"``.
    """
    local = gpd.GeoSeries([outline], crs=LON_LAT).to_crs(ground.grid.crs)
    seen = dates_shown(ground, local.iloc[0])
    ground = ground.thinned(math.ceil(max(ground.grid.shape) / LARGEST_PX))
    pictures = date_pictures(ground)
    outlines = {name: _rings(shapes, ground.grid) for name, shapes in others.items()}
    facts: dict[str, object] = {
        "size": list(ground.grid.shape)[::-1],
        "pixel_m": round(ground.grid.side_m, 3),
        "planes": [[one.name, one.day.isoformat() if one.day else ""] for one in pictures],
        "seen": seen,
        "corners": _corners(ground.grid),
        "outlines": {**outlines, "candidate": _rings(local, ground.grid)},
    }
    return CandidatePictures(webp(np.concatenate([one.colours for one in pictures])), facts)


def balloon_of(image: bytes, facts: Mapping[str, object]) -> Balloon:
    """Return the first and the last clear date and the probability of a candidate as a PNG.

    Google Earth shows no WebP.

    Parameters
    ----------
    image, facts
        See `CandidatePictures`.
    """
    planes, seen, size = facts["planes"], facts["seen"], facts["size"]
    assert isinstance(planes, list)
    assert isinstance(seen, dict)
    assert isinstance(size, list)
    clear = [
        number
        for number, (name, day) in enumerate(planes)
        if name == TRUE and seen[day] != HIDDEN
    ]
    chosen = list(dict.fromkeys([*clear[:1], *clear[-1:]]))
    colours = read_webp(image).reshape(len(planes), size[1], size[0], 3)
    row = np.concatenate([*colours[chosen], colours[-1]], axis=1)
    return Balloon(png_of(row), [date.fromisoformat(planes[number][1]) for number in chosen])


def dates_shown(ground: Ground, outline: shapely.Geometry) -> dict[str, str]:
    """Return what each date shows of a candidate: `SEEN`, `NOT_SEEN`, `HIDDEN`, `OBSERVED`.

    Parameters
    ----------
    ground : Ground
        The ground of its window.
    outline : geometry
        Its outline in the CRS of the ground.

    Returns
    -------
    dict of str to str
        By date in ISO format. Seen is a date on which at least half of the candidate's valid
        pixels looked mined; observed, one of scenes that cannot tell.
    """
    inside = burn([outline], ground.grid, all_touched=False)
    if not inside.any():
        inside = burn([outline], ground.grid, all_touched=True)
    usable = ground.usable[:, inside]
    states = {}
    for time, day in enumerate(ground.dates):
        n = int(usable[time].sum())
        if ground.looks_mined is None:
            state = OBSERVED
        else:
            looks = int((ground.looks_mined[time, inside] & usable[time]).sum())
            state = SEEN if looks >= MIN_SHARE * n else NOT_SEEN
        states[day.isoformat()] = state if n else HIDDEN
    return states


def _corners(grid: Grid) -> list[list[float]]:
    """Return [longitude, latitude] of the corners, clockwise from the upper left one."""
    left, bottom, right, top = grid.bounds
    corners = gpd.GeoSeries.from_xy(
        [left, right, right, left], [top, top, bottom, bottom], crs=grid.crs
    ).to_crs(LON_LAT)
    return [
        [round(point.x, DEGREE_DECIMALS), round(point.y, DEGREE_DECIMALS)] for point in corners
    ]


def _rings(shapes: gpd.GeoSeries, grid: Grid) -> list[list[list[float]]]:
    """Return the rings of the shapes that meet a grid, [x to the right, y down] in pixels."""
    local, box = shapes.to_crs(grid.crs), shapely.box(*grid.bounds)
    near = np.asarray([shape for shape in local if shape.intersects(box)], np.object_)
    rings = []
    for polygon in shapely.get_parts(near):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            x, y = np.asarray(ring.coords)[:, :2].T
            col, row = ~grid.transform @ (x, y)
            points = np.stack([col, row], axis=-1).round(PIXEL_DECIMALS)
            rings.append(points.tolist())
    return rings
