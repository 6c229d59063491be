"""What the page shows of one candidate: a strip of pictures, outlines over them, and facts."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.grid import Grid
from minecover.reporting.figures import WINDOW_PX, Colours, stacked_png, windowed

#: Where in a strip the ground stands that only outlines are drawn on, and how light it is.
DRAWN_AT, DRAWN_GREY = 3, 225
DRAWN = "drawn by hand"
#: Decimals of a pixel that are kept of an outline: a metre and a half.
DECIMALS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What all strips of one site are cut from.

    Parameters
    ----------
    grid : Grid
        The site's, without halo.
    captions : tuple of str
        Of the pictures.
    pictures : (n, row + WINDOW_PX, col + WINDOW_PX, 3) uint8
        As `minecover.reporting.figures.strip_pictures` gives them.
    drawn : mapping of GeoSeries
        Outlines to draw over the pictures, by name, in any CRS: of the labels, and of the
        truth where it is known.
    """

    grid: Grid
    captions: tuple[str, ...]
    pictures: Colours
    drawn: Mapping[str, gpd.GeoSeries]


@dataclass(frozen=True, slots=True)
class Strip:
    """One candidate on the page.

    Parameters
    ----------
    captions : tuple of str
        Of the pictures.
    png : bytes
        The pictures, one below the other.
    outlines : mapping
        By name the columns and rows, up from the lower left corner, of every ring [px].
    """

    captions: tuple[str, ...]
    png: bytes
    outlines: Mapping[str, tuple[list[list[float]], list[list[float]]]]

    @property
    def content(self) -> dict[str, object]:
        """What is written into the page."""
        return {
            "captions": self.captions,
            "png": base64.b64encode(self.png).decode(),
            "outlines": self.outlines,
        }


def strip(look: Look, shape: shapely.Geometry, said: Mapping[str, str]) -> Strip:
    """Cut one candidate's strip out of its site.

    Parameters
    ----------
    look : Look
    shape : geometry
        The candidate's outline, in WGS 84.
    said : mapping of str to str
        What to say behind a caption, e.g. whether the candidate was seen on that date.
    """
    local = gpd.GeoSeries([shape], crs="EPSG:4326").to_crs(look.grid.crs)
    middle = local.iloc[0].centroid
    row, col = (
        int(np.clip(at, 0, n)) for at, n in zip(
            look.grid.rowcol(middle.x, middle.y), look.grid.shape, strict=True
        )
    )  # fmt: skip
    pictures = windowed(look.pictures, row, col)
    captions = [f"{name}: {said[name]}" if name in said else name for name in look.captions]
    captions.insert(DRAWN_AT, DRAWN)
    top, left = row - WINDOW_PX // 2, col - WINDOW_PX // 2
    window = look.grid.cut(top, left, top + WINDOW_PX, left + WINDOW_PX)
    rings = {name: _rings(shapes, window) for name, shapes in look.drawn.items()}
    return Strip(
        captions=tuple(captions),
        png=stacked_png(np.insert(pictures, DRAWN_AT, DRAWN_GREY, axis=0)),
        outlines={**rings, "candidate": _rings(local, window)},
    )


def _rings(shapes: gpd.GeoSeries, window: Grid) -> tuple[list[list[float]], list[list[float]]]:
    """List the rings that meet a window, in its pixels."""
    local: Sequence[shapely.Geometry] = shapes.to_crs(window.crs)
    box = shapely.box(*window.bounds)
    xs, ys = [], []
    for polygon in shapely.get_parts(np.asarray([s for s in local if s.intersects(box)])):
        for ring in (polygon.exterior, *polygon.interiors):
            col, row = ~window.transform @ np.asarray(ring.coords)[:, :2].T
            xs.append(col.round(DECIMALS).tolist())
            ys.append((window.shape[0] - row).round(DECIMALS).tolist())
    return xs, ys
