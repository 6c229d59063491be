"""Decide from the scores of a model whether it is better than chance."""

from __future__ import annotations

import math

from minecover.evaluation.bootstrap import Bootstrap
from minecover.evaluation.estimates import Report, get_score, to_report
from minecover.evaluation.metrics import skill_estimates
from minecover.evaluation.scored_model import ScoredModel

#: Largest share of the ground that a useful map calls mine, where a tenth is labelled at most.
MAX_SHARE = 0.2
#: Largest number of times the labelled share of mines that a useful map calls mine.
MAX_TIMES = 10.0
#: Beginning of the sentence about a model without skill.
NO_SKILL = "no better than chance"


def find_no_skill(metrics: Report) -> str:
    """Return why a model counts as no better than chance; empty if it is better.

    The average precision of a random ranking is the share of mine pixels, so the interval of
    the lift over chance holds 1 where that of the average precision reaches down to the share.
    A map that calls a large part of the ground mine finds most mines whatever its ranking.

    Parameters
    ----------
    metrics : nested dict
        Content of reports/metrics.json. Of it, ``location`` and ``prevalence.location`` are
        read.

    Returns
    -------
    str
        One sentence without full stop, `NO_SKILL` first, with the numbers.
    """
    found = [*_ranking_problems(metrics), *_map_problems(metrics)]
    return f"{NO_SKILL}: {'; '.join(found)}" if found else ""


def measure_no_skill(model: ScoredModel, bootstrap: Bootstrap) -> str:
    """Return why a model counts as no better than chance out of fold; empty if it is better.

    The same answer as that of `find_no_skill` about its metrics, without computing all of them.

    Parameters
    ----------
    model : ScoredModel
        Out-of-fold predictions of all sites, with thresholds.
    bootstrap : Bootstrap
        Draws the sites of the interval.
    """
    return find_no_skill(to_report(skill_estimates(model, bootstrap), bootstrap))


def _ranking_problems(metrics: Report) -> list[str]:
    """Compare the interval of the average precision with the share of mine pixels."""
    score, low, high = (
        get_score(metrics, f"location.average_precision{end}") for end in ("", "_low", "_high")
    )
    share = get_score(metrics, "prevalence.location")
    if math.isnan(low) or math.isnan(share):
        return ["the average precision has no interval over sites, so its lift is unknown"]
    # A constant probability scores the share itself, so that only a score above it counts.
    if low > share:
        return []
    return [
        f"the average precision is {score:.3f} [{low:.3f}, {high:.3f}], and that of a random "
        f"ranking {share:.3f}"
    ]


def _map_problems(metrics: Report) -> list[str]:
    """Compare the share of the ground that is called mine with the labelled share."""
    precision, recall, share = (
        get_score(metrics, key)
        for key in ("location.precision", "location.recall", "prevalence.location")
    )
    if math.isnan(precision) or math.isnan(recall) or math.isnan(share):
        return []
    if precision == 0:
        return ["nothing that the map calls mine is labelled as mine"]
    times = recall / precision
    # Label sets are mine for a third: twice that, and never nearly all of the ground.
    most = max(MAX_SHARE, min(2 * share, (1 + share) / 2))
    if times * share <= most and times <= MAX_TIMES:
        return []
    return [
        f"the map calls {times * share:.1%} of the ground mine, {times:.1f} times the labelled "
        f"{share:.1%}"
    ]
