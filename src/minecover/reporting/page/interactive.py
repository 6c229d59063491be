"""Build the interactive Bokeh figures: the map, and the strip of one candidate."""

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
from minecover.reporting.figures.overview import LAYERS, MARKER_BELOW_SHARE

#: Tolerance of simplified layers, as a share of the map's width.
SIMPLIFY_SHARE = 1 / 2000
#: Height of the map, and the limits of its width, on the screen [px].
MAP_HEIGHT_PX, MIN_MAP_WIDTH_PX, MAX_MAP_WIDTH_PX = 520, 380, 1120
#: Side of a small picture on the screen [px].
PICTURE_SIDE_PX = 170
#: Colour and dash pattern of the outlines over the pictures, the topmost last.
OUTLINES = {
    "truth": (SKY, "dotted"),
    "label": ("white", "solid"),
    "candidate": (VERMILION, "solid"),
}
#: Script that tells the page which candidate was selected on the map.
ON_SELECT = """
const index = source.selected.indices[0];
if (index !== undefined) {
  document.dispatchEvent(new CustomEvent("candidate", {detail: index}));
}
"""
#: The wheel zooms only with this key, so that the page can still be scrolled.
ZOOM_KEY = "ctrl"


@dataclass(frozen=True, slots=True)
class MapContent:
    """Content of the map.

    Parameters
    ----------
    sites : GeoDataFrame
        Squares of the sites, in WGS 84.
    candidates : GeoDataFrame
        Candidates in WGS 84, ordered by rank, as `minecover.reporting.candidates.describe`
        returns them.
    layers : mapping of str to GeoDataFrame
        Polygons or lines by name, in any CRS, e.g. provinces and rivers.
    """

    sites: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    layers: Mapping[str, gpd.GeoDataFrame]


def map_item(content: MapContent) -> dict[str, object]:
    """Build the map.

    A tap on a candidate sends the event ``candidate`` with its index to the page.

    Parameters
    ----------
    content : MapContent
        Sites, candidates and layers to draw.

    Returns
    -------
    dict
        Item for ``Bokeh.embed.embed_item``, the same for the same content.
    """
    west, south, east, north = content.sites.total_bounds
    stretch = float(1 / np.cos(np.radians((south + north) / 2)))
    width = 1.2 * MAP_HEIGHT_PX * (east - west) / (north - south) / stretch
    plot = figure(
        name="map",
        x_axis_label="longitude",
        y_axis_label="latitude",
        height=MAP_HEIGHT_PX,
        sizing_mode="stretch_width",
        max_width=int(np.clip(width, MIN_MAP_WIDTH_PX, MAX_MAP_WIDTH_PX)),
        match_aspect=True,
        aspect_scale=stretch,
        tools="pan,box_zoom,reset",
    )
    plot.toolbar.logo = None
    for name, layer in content.layers.items():
        shapes = layer.to_crs("EPSG:4326").geometry.simplify(SIMPLIFY_SHARE * (east - west))
        colour = LAYERS.get(name, GREY)
        _draw_lines(plot, _outlines(shapes), name=f"layer-{name}", line_color=colour)
    squares = _draw_lines(
        plot, _outlines(content.sites.geometry), name="layer-sites", line_color=GREY
    )
    box = content.sites.geometry.bounds
    small = (box["maxx"] - box["minx"]).max() < MARKER_BELOW_SHARE * (east - west)
    plot.scatter(
        ((box["minx"] + box["maxx"]) / 2).round(5).tolist(),
        ((box["miny"] + box["maxy"]) / 2).round(5).tolist(),
        marker="square", size=9, line_color=GREY if small else None, fill_color=None,
        name="layer-marks",
    )  # fmt: skip
    _draw_candidates(plot, content.candidates)
    # The first view shows the sites, not the full extent of the layers.
    plot.x_range, plot.y_range = (DataRange1d(renderers=[squares]) for _ in "xy")
    zoom = WheelZoomTool(modifiers=ZOOM_KEY)
    plot.add_tools(zoom)
    plot.toolbar.active_scroll = zoom
    return renumber_models(json_item(plot))


def strip_item(n_pictures: int) -> dict[str, object]:
    """Build a strip of empty pictures that pan and zoom together; the page fills them.

    Picture k is named ``picture-k``, the source of its pixels ``pixels-k``. The pictures share
    the sources of the outlines, ``outline-truth``, ``outline-label`` and
    ``outline-candidate``; the lines of picture k are named ``line-truth-k`` and so on.

    Parameters
    ----------
    n_pictures : int
        Number of pictures.

    Returns
    -------
    dict
        Item for ``Bokeh.embed.embed_item``.
    """
    x_range, y_range = (Range1d(start=0, end=WINDOW_PX, name=f"strip-{axis}") for axis in "xy")
    outlines = {
        name: ColumnDataSource({"xs": [], "ys": []}, name=f"outline-{name}")
        for name in OUTLINES
    }
    pictures = []
    for k in range(n_pictures):
        small = figure(
            name=f"picture-{k}", width=PICTURE_SIDE_PX, height=PICTURE_SIDE_PX + 22,
            x_range=x_range, y_range=y_range, tools="", toolbar_location=None, min_border=0,
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
        zoom = WheelZoomTool(modifiers=ZOOM_KEY)
        small.add_tools(PanTool(), zoom)
        small.toolbar.active_scroll = zoom
        pictures.append(small)
    return renumber_models(
        json_item(row(*pictures, styles={"flex-wrap": "wrap", "gap": "6px"}))
    )


def renumber_models(item: Mapping[str, object]) -> dict[str, object]:
    """Return a Bokeh item whose model ids count from 1.

    Bokeh counts ids across all figures of a process, so equal figures would differ.

    Parameters
    ----------
    item : mapping
        As ``bokeh.embed.json_item`` returns it.

    Returns
    -------
    dict
        The same item with the ids ``m1``, ``m2``, ...
    """
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

    # The document comes first, because it holds the root's id too.
    doc = walk(item["doc"])
    return {**item, "doc": doc, "root_id": names[str(item["root_id"])]}


def _draw_candidates(plot: figure, candidates: gpd.GeoDataFrame) -> None:
    """Draw outlines and markers of the candidates, with tooltips and selection."""
    _draw_lines(
        plot, _outlines(candidates.geometry), name="layer-outlines", line_color=VERMILION
    )
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
    markers = plot.scatter(
        "lon", "lat", source=source, marker="marker", size=9, color="colour",
        fill_alpha=0.75, nonselection_fill_alpha=0.6,
        selection_line_color="black",
    )  # fmt: skip
    source.selected.js_on_change("indices", CustomJS(args={"source": source}, code=ON_SELECT))
    plot.add_tools(
        TapTool(renderers=[markers]),
        HoverTool(
            renderers=[markers],
            tooltips=[
                ("rank", "@rank"),
                ("id", "@id"),
                ("hectares", "@hectares"),
                ("probability up to", "@probability"),
            ],
        ),
    )


def _draw_lines(
    plot: figure, lines: Iterable[shapely.LineString], *, name: str, line_color: str
) -> GlyphRenderer[MultiLine]:
    """Draw lines, with coordinates rounded to about a metre."""
    ends = [shapely.get_coordinates(line).round(5) for line in lines]
    return plot.multi_line(
        [xy[:, 0].tolist() for xy in ends],
        [xy[:, 1].tolist() for xy in ends],
        name=name,
        line_color=line_color,
    )


def _outlines(shapes: gpd.GeoSeries) -> list[shapely.LineString]:
    """Return lines as they are, and the rings of polygons."""
    lines = shapes.boundary.where(shapes.geom_type.str.contains("Polygon"), shapes)
    return [line for line in lines.explode(ignore_index=True) if not line.is_empty]
