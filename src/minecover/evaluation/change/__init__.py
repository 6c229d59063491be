"""Change between periods: states of locations, objects that are followed, growth and noise."""

from minecover.evaluation.change.following import Tracks, areas, follow
from minecover.evaluation.change.growth import Growth, area_noise, growth_of
from minecover.evaluation.change.smoothing import ChangeRule, smoothed

__all__ = [
    "ChangeRule",
    "Growth",
    "Tracks",
    "area_noise",
    "areas",
    "follow",
    "growth_of",
    "smoothed",
]
