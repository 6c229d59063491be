"""Candidate mines: find them on probability maps, rank, describe and write them."""

from minecover.reporting.candidates.describing import (
    TABLE,
    Surroundings,
    bare_ground,
    dates_seen,
    describe,
    distance_to_mine_m,
)
from minecover.reporting.candidates.finding import (
    COLUMNS,
    SiteMap,
    find_candidates,
    point_inside,
    touches,
)
from minecover.reporting.candidates.precision import precision_at
from minecover.reporting.candidates.writing import (
    write_candidates,
    write_geopackage,
    write_kml,
)

__all__ = [
    "COLUMNS",
    "TABLE",
    "SiteMap",
    "Surroundings",
    "bare_ground",
    "dates_seen",
    "describe",
    "distance_to_mine_m",
    "find_candidates",
    "point_inside",
    "precision_at",
    "touches",
    "write_candidates",
    "write_geopackage",
    "write_kml",
]
