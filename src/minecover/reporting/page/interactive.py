"""Drawings that answer a mouse or a finger: the map, and the strip of one candidate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from bokeh.embed import json_item
from bokeh.layouts import row
from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    DataRange1d,
    HoverTool,
    ImageRGBA,
    MultiLine,
    PanTool,
    Range1d,
    TapTool,
    WheelZoomTool,
)
from bokeh.models.annotations import Title
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from minecover.reporting.figures import WINDOW_PX
from minecover.reporting.figures.canvas import BLUE, GREY, SKY, VERMILION
from minecover.reporting.figures.overview import LAYERS, SMALL

#: Least of what a map shows that is drawn: a two-thousandth of its width.
FINEST = 1 / 2000
#: Height of the map, and the least and most of its width, on the screen [pixels].
HEIGHT, NARROW, WIDE = 520, 380, 1120
#: Side of a small picture on the screen [pixels].
SIDE = 170
#: Outlines over the pictures: their colour and dashes, the topmost last.
OUTLINES = {
    "truth": (SKY, "dotted"),
    "label": ("white", "solid"),
    "candidate": (VERMILION, "solid"),
}
#: Says on the page which candidate was chosen.
CHOOSE = """
const place = source.selected.indices[0];
if (place !== undefined) {
  document.dispatchEvent(new CustomEvent("candidate", {detail: place}));
}
"""
#: Zooms with the control key alone, so that the page can still be scrolled.
WITH_CONTROL = "ctrl"


@dataclass(frozen=True, slots=True)
class Place:
    """What the map shows.

    Parameters
    ----------
    sites : GeoDataFrame
        Squares in WGS 84.
    candidates : GeoDataFrame
        By rank.
    layers : mapping of GeoDataFrame
        Areas or lines below them; those named in `LAYERS` have colours of their own.
    """

    sites: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    layers: Mapping[str, gpd.GeoDataFrame]


def map_item(place: Place) -> dict[str, object]:
    """Draw the map; a candidate that is tapped is announced to the page by its position.

    Returns
    -------
    dict
        What ``Bokeh.embed.embed_item`` takes, the same for the same place.
    """
    west, south, east, north = place.sites.total_bounds
    stretch = float(1 / np.cos(np.radians((south + north) / 2)))
    width = 1.2 * HEIGHT * (east - west) / (north - south) / stretch
    drawn = figure(
        name="map",
        x_axis_label="longitude",
        y_axis_label="latitude",
        height=HEIGHT,
        sizing_mode="stretch_width",
        max_width=int(np.clip(width, NARROW, WIDE)),
        match_aspect=True,
        aspect_scale=stretch,
        tools="pan,box_zoom,reset",
    )
    drawn.toolbar.logo = None
    for name, layer in place.layers.items():
        shapes = layer.to_crs("EPSG:4326").geometry.simplify(FINEST * (east - west))
        colour = LAYERS.get(name, GREY)
        _lines(drawn, _outlines(shapes), name=f"layer-{name}", line_color=colour)
    squares = _lines(
        drawn, _outlines(place.sites.geometry), name="layer-sites", line_color=GREY
    )
    box = place.sites.geometry.bounds
    small = (box["maxx"] - box["minx"]).max() < SMALL * (east - west)
    drawn.scatter(
        ((box["minx"] + box["maxx"]) / 2).round(5).tolist(),
        ((box["miny"] + box["maxy"]) / 2).round(5).tolist(),
        marker="square", size=9, line_color=GREY if small else None, fill_color=None,
        name="layer-marks",
    )  # fmt: skip
    _candidates(drawn, place.candidates)
    # What is seen at first are the sites, and not how far a layer goes.
    drawn.x_range, drawn.y_range = (DataRange1d(renderers=[squares]) for _ in "xy")
    zoom = WheelZoomTool(modifiers=WITH_CONTROL)
    drawn.add_tools(zoom)
    drawn.toolbar.active_scroll = zoom
    return numbered(json_item(drawn))


def strip_item(n_pictures: int) -> dict[str, object]:
    """Make a strip of empty pictures that pan and zoom together; the page fills them in.

    Picture k is named ``picture-k``, the source of its pixels ``pixels-k``. Outlines are
    shared: their sources are ``outline-truth``, ``outline-label`` and ``outline-candidate``,
    the lines of picture k ``line-truth-k`` and so on.
    """
    x_range, y_range = (Range1d(start=0, end=WINDOW_PX, name=f"strip-{axis}") for axis in "xy")
    outlines = {
        name: ColumnDataSource({"xs": [], "ys": []}, name=f"outline-{name}")
        for name in OUTLINES
    }
    pictures = []
    for k in range(n_pictures):
        small = figure(
            name=f"picture-{k}", width=SIDE, height=SIDE + 22, x_range=x_range,
            y_range=y_range, tools="", toolbar_location=None, min_border=0,
            background_fill_color="#c9c9c9",
        )  # fmt: skip
        small.axis.visible = small.grid.visible = False
        small.title = Title(text="-", text_font_size="11px")
        empty = ColumnDataSource({"image": [np.zeros((1, 1), np.uint32)]}, name=f"pixels-{k}")
        small.add_glyph(
            empty,
            ImageRGBA(image="image", x=0, y=0, dw=WINDOW_PX, dh=WINDOW_PX, origin="top_left"),
        )
        for name, (colour, dash) in OUTLINES.items():
            small.multi_line(
                "xs", "ys", source=outlines[name], line_color=colour, line_width=1.5,
                line_dash=dash, name=f"line-{name}-{k}",
            )  # fmt: skip
        zoom = WheelZoomTool(modifiers=WITH_CONTROL)
        small.add_tools(PanTool(), zoom)
        small.toolbar.active_scroll = zoom
        pictures.append(small)
    return numbered(json_item(row(*pictures, styles={"flex-wrap": "wrap", "gap": "6px"})))


def numbered(item: Mapping[str, object]) -> dict[str, object]:
    """Count the models of an item from 1: Bokeh counts on from drawing to drawing."""
    names: dict[str, str] = {}

    def walk(node: object) -> object:
        if isinstance(node, dict):
            return {
                key: names.setdefault(value, f"m{len(names) + 1}")
                if key in ("id", "root_id") and isinstance(value, str)
                else walk(value)
                for key, value in node.items()
            }
        return [walk(child) for child in node] if isinstance(node, list | tuple) else node

    # The document first: the root's id is met there like any other.
    doc = walk(item["doc"])
    return {**item, "doc": doc, "root_id": names[str(item["root_id"])]}


def _candidates(drawn: figure, candidates: gpd.GeoDataFrame) -> None:
    """Draw the candidates' outlines and marks, which can be hovered over and tapped."""
    _lines(drawn, _outlines(candidates.geometry), name="layer-outlines", line_color=VERMILION)
    known = candidates["known"].to_numpy()
    source = ColumnDataSource(
        {
            "lon": candidates["lon"].to_numpy(),
            "lat": candidates["lat"].to_numpy(),
            "rank": candidates["rank"].tolist(),
            "id": candidates["candidate_id"].tolist(),
            "hectares": candidates["area_ha"].to_numpy(),
            "probability": candidates["max_probability"].to_numpy().round(2),
            "marker": np.where(known, "circle", "triangle").tolist(),
            "colour": np.where(known, BLUE, VERMILION).tolist(),
        },
        name="candidates",
    )
    marks = drawn.scatter(
        "lon", "lat", source=source, marker="marker", size=9, color="colour",
        fill_alpha=0.75, nonselection_fill_alpha=0.6,
        selection_line_color="black",
    )  # fmt: skip
    source.selected.js_on_change("indices", CustomJS(args={"source": source}, code=CHOOSE))
    drawn.add_tools(
        TapTool(renderers=[marks]),
        HoverTool(
            renderers=[marks],
            tooltips=[
                ("rank", "@rank"),
                ("id", "@id"),
                ("hectares", "@hectares"),
                ("probability up to", "@probability"),
            ],
        ),
    )


def _lines(
    drawn: figure, lines: Iterable[shapely.LineString], *, name: str, line_color: str
) -> GlyphRenderer[MultiLine]:
    """Draw lines, their degrees rounded to metres."""
    ends = [shapely.get_coordinates(line).round(5) for line in lines]
    return drawn.multi_line(
        [xy[:, 0].tolist() for xy in ends],
        [xy[:, 1].tolist() for xy in ends],
        name=name,
        line_color=line_color,
    )


def _outlines(shapes: gpd.GeoSeries) -> list[shapely.LineString]:
    """Take lines as they are, and areas by their rings."""
    lines = shapes.boundary.where(shapes.geom_type.str.contains("Polygon"), shapes)
    return [line for line in lines.explode(ignore_index=True) if not line.is_empty]
