"""Objects to look at, from maps of probability: found, ranked, described, judged, written."""

from minecover.reporting.candidates.describing import (
    TABLE,
    Surroundings,
    bare,
    described,
    nearest_mine,
    shown_dates,
)
from minecover.reporting.candidates.finding import COLUMNS, SiteMap, find, meets
from minecover.reporting.candidates.precision import precision_at
from minecover.reporting.candidates.writing import write, write_geopackage, write_kml

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
