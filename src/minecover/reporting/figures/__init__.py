"""Draw figures: a site through time, score curves, the candidate map, sweep results."""

from matplotlib.figure import Figure

from minecover.reporting.figures.canvas import png, write_png
from minecover.reporting.figures.comparison import two_maps
from minecover.reporting.figures.composites import stretch_bands
from minecover.reporting.figures.curves import precision_recall, reliability, transfer
from minecover.reporting.figures.date_pictures import Ground, date_pictures
from minecover.reporting.figures.overview import overview
from minecover.reporting.figures.site import (
    SiteView,
    clearest_date_index,
    example_sites,
    site_panel,
)
from minecover.reporting.figures.sweep_plots import importance, parallel_coordinates

__all__ = [
    "Figure",
    "Ground",
    "SiteView",
    "clearest_date_index",
    "date_pictures",
    "example_sites",
    "importance",
    "overview",
    "parallel_coordinates",
    "png",
    "precision_recall",
    "reliability",
    "site_panel",
    "stretch_bands",
    "transfer",
    "two_maps",
    "write_png",
]
