"""Every picture: a site through time, curves, the map of candidates, what a sweep tried."""

from matplotlib.figure import Figure

from minecover.figures.canvas import png, write_png
from minecover.figures.chips import chips
from minecover.figures.curves import precision_recall, reliability, transfer
from minecover.figures.places import overview
from minecover.figures.site import SiteView, clearest, example_sites, site_panel, stretched
from minecover.figures.strip import (
    MAX_DATES,
    WINDOW_PX,
    Colours,
    stacked_png,
    strip_dates,
    strip_pictures,
    windowed,
)
from minecover.figures.sweep import importance, parallel_coordinates

__all__ = [
    "MAX_DATES",
    "WINDOW_PX",
    "Colours",
    "Figure",
    "SiteView",
    "chips",
    "clearest",
    "example_sites",
    "importance",
    "overview",
    "parallel_coordinates",
    "png",
    "precision_recall",
    "reliability",
    "site_panel",
    "stacked_png",
    "stretched",
    "strip_dates",
    "strip_pictures",
    "transfer",
    "windowed",
    "write_png",
]
