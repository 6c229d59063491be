"""Draw the overview map of sites and candidates."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from minecover.reporting.figures.canvas import BLUE, GREY, ORANGE, SKY, VERMILION, canvas

#: Colours of map layers by name; other layers are grey.
LAYERS = {
    "provinces": "#b0a18f",
    "river": SKY,
    "water": SKY,
    "road": "#c9b458",
    "known mines": ORANGE,
}
#: Share of the map's width below which sites also get a marker, to be seen at all.
MARKER_BELOW_SHARE = 0.02


def overview(
    sites: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    simulated: bool,
) -> Figure:
    """Draw a map of sites and candidates over background layers.

    Parameters
    ----------
    sites : GeoDataFrame
        Squares of the sites in WGS 84, as `minecover.core.sites.write_sites` writes them.
    candidates : GeoDataFrame
        Candidates with `lon`, `lat` [degrees] and `known`, as
        `minecover.reporting.candidates.find_candidates` returns them.
    layers : mapping of str to GeoDataFrame
        Polygons or lines by name, in any CRS, e.g. provinces and rivers.
    simulated : bool
        Whether the data are simulated; the title then says so.

    Returns
    -------
    Figure
    """
    west, south, east, north = sites.total_bounds
    margin = 0.01 + 0.05 * max(east - west, north - south)
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    stretch = float(1 / np.cos(np.radians((south + north) / 2)))
    width = float(np.clip(7.0 * (east - west) / (north - south) / stretch, 4.5, 11.0))
    with canvas("Sites and candidates", simulated, (width + 1.0, 8.0)) as figure:
        axes = figure.subplots()
        for name, layer in layers.items():
            _draw_lines(axes, layer.to_crs("EPSG:4326").geometry, LAYERS.get(name, GREY))
        _draw_lines(axes, sites.geometry, GREY)
        box = sites.geometry.bounds
        lon, lat = (box["minx"] + box["maxx"]) / 2, (box["miny"] + box["maxy"]) / 2
        if (box["maxx"] - box["minx"]).max() < MARKER_BELOW_SHARE * (east - west):
            axes.plot(lon, lat, "s", color=GREY, ms=8, mfc="none")
        axes.plot([], [], "s", color=GREY, ms=8, mfc="none", label="site")
        for known, mark, colour in ((True, "o", BLUE), (False, "^", VERMILION)):
            some = candidates[candidates["known"] == known]
            name = "candidate on a labelled mine" if known else "new candidate"
            axes.plot(some["lon"], some["lat"], mark, color=colour, ms=5, label=name)
        axes.set(xlim=(west, east), ylim=(south, north), xlabel="longitude", ylabel="latitude")
        axes.set_aspect(stretch)
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def _draw_lines(axes: Axes, shapes: gpd.GeoSeries, colour: str) -> None:
    """Draw lines, and the boundaries of polygons."""
    lines = shapes.boundary.where(shapes.geom_type.str.contains("Polygon"), shapes)
    parts = lines.explode(ignore_index=True)
    axes.add_collection(
        LineCollection([np.asarray(line.coords) for line in parts], colors=colour, linewidths=1)
    )
