"""Objects to look at, from maps of probability: found, ranked, described, judged, written."""

from minecover.candidates.describing import (
    TABLE,
    Surroundings,
    bare,
    described,
    nearest_mine,
    shown_dates,
)
from minecover.candidates.finding import COLUMNS, SiteMap, find, meets
from minecover.candidates.judging import precision_at
from minecover.candidates.writing import write, write_geopackage, write_kml

__all__ = [
    "COLUMNS",
    "TABLE",
    "SiteMap",
    "Surroundings",
    "bare",
    "described",
    "find",
    "meets",
    "nearest_mine",
    "precision_at",
    "shown_dates",
    "write",
    "write_geopackage",
    "write_kml",
]
