"""Every picture: a site through time, the curves behind the scores, the map of candidates."""

from matplotlib.figure import Figure

from minecover.figures.canvas import png, write_png
from minecover.figures.chips import chips
from minecover.figures.curves import precision_recall, reliability, transfer
from minecover.figures.places import overview
from minecover.figures.site import SiteView, clearest, site_panel, stretched

__all__ = [
    "Figure",
    "SiteView",
    "chips",
    "clearest",
    "overview",
    "png",
    "precision_recall",
    "reliability",
    "site_panel",
    "stretched",
    "transfer",
    "write_png",
]
