"""What to ask a reviewer, and the files that carry it there: a GeoPackage, a page."""

from minecover.review.asking import SiteDoubt, from_candidates, suspicious, uncertain
from minecover.review.geopackage import write_geopackage
from minecover.review.page import Pictures, page

__all__ = [
    "Pictures",
    "SiteDoubt",
    "from_candidates",
    "page",
    "suspicious",
    "uncertain",
    "write_geopackage",
]
