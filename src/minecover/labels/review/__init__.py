"""What to ask a reviewer, and the files that carry it there: a GeoPackage, a page."""

from minecover.labels.review.geopackage import write_geopackage
from minecover.labels.review.page import Pictures, page
from minecover.labels.review.questions import SiteDoubt, from_candidates, suspicious, uncertain

__all__ = [
    "Pictures",
    "SiteDoubt",
    "from_candidates",
    "page",
    "suspicious",
    "uncertain",
    "write_geopackage",
]
