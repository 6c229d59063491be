"""The map of sites and candidates."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from minecover.reporting.figures.canvas import BLUE, GREY, SKY, VERMILION, canvas

#: Colours of the layers that the shipped configurations name; others are grey.
LAYERS = {"provinces": "#b0a18f", "river": SKY, "water": SKY, "road": "#c9b458"}
#: Sites that are a smaller share of the map's width are marked as well as drawn.
SMALL = 0.02


def overview(
    sites: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    simulated: bool,
) -> Figure:
    """Map the sites and the candidates over provinces and rivers.

    Parameters
    ----------
    sites : GeoDataFrame
        Squares, as `minecover.core.sites.write_sites` wrote them.
    candidates : GeoDataFrame
        As `minecover.reporting.candidates.find` gives them.
    layers : mapping of GeoDataFrame
        Areas or lines below them; `LAYERS` have colours of their own.
    simulated : bool
        Whether the data are; the title says so.
    """
    west, south, east, north = sites.total_bounds
    margin = 0.01 + 0.05 * max(east - west, north - south)
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    stretch = float(1 / np.cos(np.radians((south + north) / 2)))
    width = float(np.clip(7.0 * (east - west) / (north - south) / stretch, 4.5, 11.0))
    with canvas("Sites and candidates", simulated, (width + 1.0, 8.0)) as figure:
        axes = figure.subplots()
        for name, layer in layers.items():
            _draw(axes, layer.to_crs("EPSG:4326").geometry, LAYERS.get(name, GREY))
        _draw(axes, sites.geometry, GREY)
        box = sites.geometry.bounds
        lon, lat = (box["minx"] + box["maxx"]) / 2, (box["miny"] + box["maxy"]) / 2
        if (box["maxx"] - box["minx"]).max() < SMALL * (east - west):
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


def _draw(axes: Axes, shapes: gpd.GeoSeries, colour: str) -> None:
    """Draw lines, and the outlines of areas."""
    lines = shapes.boundary.where(shapes.geom_type.str.contains("Polygon"), shapes)
    parts = lines.explode(ignore_index=True)
    axes.add_collection(
        LineCollection([np.asarray(line.coords) for line in parts], colors=colour, linewidths=1)
    )
