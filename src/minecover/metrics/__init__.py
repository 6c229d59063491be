"""Observation, location and site scores; intervals by bootstrap over sites; thresholds."""

from minecover.metrics.bootstrap import Bootstrap
from minecover.metrics.ranking import (
    Confusion,
    Ranking,
    average_precision,
    best_f1_threshold,
    best_f1_threshold_by_fold,
    confusion,
)
from minecover.metrics.scores import Report, number, scores
from minecover.metrics.support import SiteScores, Support, common_support, published
from minecover.metrics.tables import pr_curve, reliability, site_table, transfer
from minecover.metrics.thresholds import Cut, choose_cuts, site_scores

__all__ = [
    "Bootstrap",
    "Confusion",
    "Cut",
    "Ranking",
    "Report",
    "SiteScores",
    "Support",
    "average_precision",
    "best_f1_threshold",
    "best_f1_threshold_by_fold",
    "choose_cuts",
    "common_support",
    "confusion",
    "number",
    "pr_curve",
    "published",
    "reliability",
    "scores",
    "site_scores",
    "site_table",
    "transfer",
]
