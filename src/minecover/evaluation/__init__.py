"""Observation, location and object scores; intervals by bootstrap over sites; thresholds."""

from minecover.evaluation.bootstrap import Bootstrap
from minecover.evaluation.detection import ObjectCurve
from minecover.evaluation.estimates import Report, number
from minecover.evaluation.metrics import scores
from minecover.evaluation.object_matching import Ground, ObjectRule, count_objects
from minecover.evaluation.paired import paired
from minecover.evaluation.per_fold import by_fold
from minecover.evaluation.plot_tables import pr_curve, site_table, transfer
from minecover.evaluation.ranking import (
    Confusion,
    Ranking,
    average_precision,
    best_f1_threshold,
    best_f1_threshold_by_fold,
    confusion,
)
from minecover.evaluation.reliability import calibration, reliability
from minecover.evaluation.scored_model import Judged, Yardstick
from minecover.evaluation.support import SiteScores, Support, common_support, published
from minecover.evaluation.thresholds import Cut, choose_cuts, site_scores

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
