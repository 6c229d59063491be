"""Cut the strip of pictures of one candidate, with the outlines to draw over it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from minecover.core.grid import Grid
from minecover.reporting.candidates import point_inside
from minecover.reporting.figures import WINDOW_PX, Colours, cut_window, stack_png

#: Position, grey level and caption of the picture that shows nothing but the outlines.
BLANK_POSITION, BLANK_GREY, BLANK_CAPTION = 3, 225, "drawn by hand"
#: Decimals of outline coordinates [px]: 0.01 pixel is 0.3 m.
COORDINATE_DECIMALS = 2


@dataclass(frozen=True, slots=True, eq=False)
class StripSources:
    """Pictures and outlines of one site, from which the strips of its candidates are cut.

    Parameters
    ----------
    grid : Grid
        Grid of the site, without halo.
    captions : tuple of n str
        Captions of the pictures.
    pictures : (n, row + WINDOW_PX, col + WINDOW_PX, 3) uint8
        Pictures as `minecover.reporting.figures.strip_pictures` returns them.
    outlines : mapping of str to GeoSeries
        Outlines to draw over the pictures, by name and in any CRS: ``"label"`` and, where it
        is known, ``"truth"``.
    """

    grid: Grid
    captions: tuple[str, ...]
    pictures: Colours
    outlines: Mapping[str, gpd.GeoSeries]


@dataclass(frozen=True, slots=True)
class Strip:
    """The strip of pictures of one candidate.

    Parameters
    ----------
    captions : tuple of str
        Captions of the pictures.
    png : bytes
        The pictures as one PNG, below each other, each `WINDOW_PX` pixels wide and high.
    outlines : mapping of str to (list, list)
        Columns and rows of every ring [px], by name of the outline. Rows count upwards from
        the lower left corner.
    """

    captions: tuple[str, ...]
    png: bytes
    outlines: Mapping[str, tuple[list[list[float]], list[list[float]]]]

    def to_dict(self) -> dict[str, object]:
        """Return the strip as a dictionary that JSON can hold, the PNG in base64."""
        return {
            "captions": self.captions,
            "png": base64.b64encode(self.png).decode(),
            "outlines": self.outlines,
        }


def cut_strip(
    sources: StripSources, shape: shapely.Geometry, remarks: Mapping[str, str]
) -> Strip:
    """Cut the strip of one candidate out of the pictures of its site.

    Parameters
    ----------
    sources : StripSources
        Pictures and outlines of the candidate's site.
    shape : geometry
        Outline of the candidate, in WGS 84. Its `point_inside` becomes the centre of the
        pictures.
    remarks : mapping of str to str
        Text to append to a caption, by caption: e.g. whether the candidate was seen that date.

    Returns
    -------
    Strip
    """
    grid = sources.grid
    local = gpd.GeoSeries([shape], crs="EPSG:4326").to_crs(grid.crs)
    middle = point_inside(local.iloc[0], grid)
    row, col = (
        int(np.clip(at, 0, n)) for at, n in zip(
            grid.rowcol(middle.x, middle.y), grid.shape, strict=True
        )
    )  # fmt: skip
    pictures = cut_window(sources.pictures, row, col)
    captions = [
        f"{name}: {remarks[name]}" if name in remarks else name for name in sources.captions
    ]
    captions.insert(BLANK_POSITION, BLANK_CAPTION)
    top, left = row - WINDOW_PX // 2, col - WINDOW_PX // 2
    window = grid.cut(top, left, top + WINDOW_PX, left + WINDOW_PX)
    rings = {name: _rings(shapes, window) for name, shapes in sources.outlines.items()}
    return Strip(
        captions=tuple(captions),
        png=stack_png(np.insert(pictures, BLANK_POSITION, BLANK_GREY, axis=0)),
        outlines={**rings, "candidate": _rings(local, window)},
    )


def _rings(shapes: gpd.GeoSeries, window: Grid) -> tuple[list[list[float]], list[list[float]]]:
    """Return columns and rows of the rings of all shapes that intersect a window [px]."""
    local: Sequence[shapely.Geometry] = shapes.to_crs(window.crs)
    box = shapely.box(*window.bounds)
    xs, ys = [], []
    for polygon in shapely.get_parts(np.asarray([s for s in local if s.intersects(box)])):
        for ring in (polygon.exterior, *polygon.interiors):
            col, row = ~window.transform @ np.asarray(ring.coords)[:, :2].T
            xs.append(col.round(COORDINATE_DECIMALS).tolist())
            ys.append((window.shape[0] - row).round(COORDINATE_DECIMALS).tolist())
    return xs, ys
