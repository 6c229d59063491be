"""Candidate mines: find them on probability maps, rank, describe and write them."""

from minecover.reporting.candidates.across_tiles import ProvinceNames, find_on_tiles
from minecover.reporting.candidates.describing import (
    TABLE,
    dates_seen,
    describe,
    distance_to_mine_m,
)
from minecover.reporting.candidates.finding import SiteMap, find_candidates, touches
from minecover.reporting.candidates.objects import COLUMNS, point_inside
from minecover.reporting.candidates.place_names import MAP_PREFIX
from minecover.reporting.candidates.precision import precision_at
from minecover.reporting.candidates.writing import (
    Balloon,
    Balloons,
    write_candidates,
    write_geopackage,
    write_kml,
    write_kmz,
)

__all__ = [
    "COLUMNS",
    "MAP_PREFIX",
    "TABLE",
    "Balloon",
    "Balloons",
    "ProvinceNames",
    "SiteMap",
    "dates_seen",
    "describe",
    "distance_to_mine_m",
    "find_candidates",
    "find_on_tiles",
    "point_inside",
    "precision_at",
    "touches",
    "write_candidates",
    "write_geopackage",
    "write_kml",
    "write_kmz",
]
