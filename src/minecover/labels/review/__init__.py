"""Questions to reviewers, and the files they answer in: a GeoPackage and an HTML page."""

from minecover.labels.review.geopackage import write_geopackage
from minecover.labels.review.questions import (
    ReviewSite,
    candidate_questions,
    suspicious_questions,
    uncertain_questions,
)

__all__ = [
    "ReviewSite",
    "candidate_questions",
    "suspicious_questions",
    "uncertain_questions",
    "write_geopackage",
]
