"""Every picture: a site through time, curves, the map of candidates, what a sweep tried."""

from matplotlib.figure import Figure

from minecover.reporting.figures.canvas import png, write_png
from minecover.reporting.figures.chips import chips
from minecover.reporting.figures.curves import precision_recall, reliability, transfer
from minecover.reporting.figures.overview import overview
from minecover.reporting.figures.site import (
    SiteView,
    clearest,
    example_sites,
    site_panel,
    stretched,
)
from minecover.reporting.figures.strip import (
    MAX_DATES,
    WINDOW_PX,
    Colours,
    stacked_png,
    strip_dates,
    strip_pictures,
    windowed,
)
from minecover.reporting.figures.sweep_plots import importance, parallel_coordinates

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
