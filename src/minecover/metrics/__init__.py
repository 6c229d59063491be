"""Observation, location and object scores; intervals by bootstrap over sites; thresholds."""

from minecover.metrics.bootstrap import Bootstrap
from minecover.metrics.calibration import calibration, reliability
from minecover.metrics.comparison import paired
from minecover.metrics.detection import ObjectCurve
from minecover.metrics.estimates import Report, number
from minecover.metrics.folds import by_fold
from minecover.metrics.judged import Judged, Yardstick
from minecover.metrics.objects import Ground, ObjectRule, count_objects
from minecover.metrics.ranking import (
    Confusion,
    Ranking,
    average_precision,
    best_f1_threshold,
    best_f1_threshold_by_fold,
    confusion,
)
from minecover.metrics.scores import scores
from minecover.metrics.support import SiteScores, Support, common_support, published
from minecover.metrics.tables import pr_curve, site_table, transfer
from minecover.metrics.thresholds import Cut, choose_cuts, site_scores

__all__ = [
    "Bootstrap",
    "Confusion",
    "Cut",
    "Ground",
    "Judged",
    "ObjectCurve",
    "ObjectRule",
    "Ranking",
    "Report",
    "SiteScores",
    "Support",
    "Yardstick",
    "average_precision",
    "best_f1_threshold",
    "best_f1_threshold_by_fold",
    "by_fold",
    "calibration",
    "choose_cuts",
    "common_support",
    "confusion",
    "count_objects",
    "number",
    "paired",
    "pr_curve",
    "published",
    "reliability",
    "scores",
    "site_scores",
    "site_table",
    "transfer",
]
