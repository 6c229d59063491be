"""Aggregation over dates, out-of-fold scores of pixels and objects, intervals, thresholds."""

from minecover.evaluation.bootstrap import Bootstrap
from minecover.evaluation.detection import ObjectCurve
from minecover.evaluation.estimates import Report, get_score
from minecover.evaluation.metrics import compute_estimates, compute_scores, report_scores
from minecover.evaluation.object_matching import count_objects
from minecover.evaluation.object_rule import ObjectRule
from minecover.evaluation.paired import (
    differences,
    labels_digest,
    paired_differences,
    score_replicates,
)
from minecover.evaluation.per_fold import scores_by_fold
from minecover.evaluation.plot_tables import pr_curve, site_table, transfer_table
from minecover.evaluation.ranking import (
    Confusion,
    Ranking,
    average_precision,
    best_f1_threshold,
    best_f1_threshold_by_fold,
    confusion,
)
from minecover.evaluation.reliability import calibration_scores, reliability_table
from minecover.evaluation.scored_model import EvaluationSettings, ScoredModel
from minecover.evaluation.skill import NO_SKILL, find_no_skill, measure_no_skill
from minecover.evaluation.stacked_sites import StackedSites
from minecover.evaluation.support import (
    SitePredictions,
    Support,
    common_support,
    published_support,
)
from minecover.evaluation.thresholds import Thresholds, choose_thresholds, site_predictions
from minecover.evaluation.unknown import find_unknown

__all__ = [
    "NO_SKILL",
    "Bootstrap",
    "Confusion",
    "EvaluationSettings",
    "ObjectCurve",
    "ObjectRule",
    "Ranking",
    "Report",
    "ScoredModel",
    "SitePredictions",
    "StackedSites",
    "Support",
    "Thresholds",
    "average_precision",
    "best_f1_threshold",
    "best_f1_threshold_by_fold",
    "calibration_scores",
    "choose_thresholds",
    "common_support",
    "compute_estimates",
    "compute_scores",
    "confusion",
    "count_objects",
    "differences",
    "find_no_skill",
    "find_unknown",
    "get_score",
    "labels_digest",
    "measure_no_skill",
    "paired_differences",
    "pr_curve",
    "published_support",
    "reliability_table",
    "report_scores",
    "score_replicates",
    "scores_by_fold",
    "site_predictions",
    "site_table",
    "transfer_table",
]
