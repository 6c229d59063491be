"""Stage `evaluate`: scores on honest supports, and the tables behind the plots."""

import logging
from collections.abc import Iterable

import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.files import replacing, write_json
from minecover.evaluation import (
    Ground,
    Judged,
    ObjectCurve,
    ObjectRule,
    Yardstick,
    choose_cuts,
    common_support,
    pr_curve,
    reliability,
    scores,
    site_scores,
    site_table,
    transfer,
)
from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.out_of_fold import OutOfFold, read_out_of_fold

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Score the out-of-fold probabilities; each fold is cut where the others say."""
    yardstick, model = yardstick_of(params), judge(params, read_out_of_fold(paths.OUT_OF_FOLD))
    write_json(paths.METRICS, scores(model, yardstick))
    tables = plotted(model, yardstick.objects)
    for name, table in tables.items():
        with replacing(paths.PLOTS / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    counts = ", ".join(f"{len(table)} rows of {name}" for name, table in tables.items())
    log.info("evaluate: %d sites, %s", len(model.sites), counts)


def yardstick_of(params: Params) -> Yardstick:
    """Gather what models are measured with."""
    return Yardstick(
        bootstrap=params.build("metrics.bootstrap"),
        objects=params.build("metrics.objects"),
        prevalences=params.value("metrics.prevalences"),
    )


def judge(params: Params, sites: Iterable[OutOfFold]) -> Judged:
    """Aggregate out-of-fold scores over dates, and cut each fold where the others say."""
    aggregation: Aggregation = params.build("aggregation")
    scored = [site_scores(site, aggregation) for site in sites]
    return Judged(scored, choose_cuts(scored, params.value("design.threshold")))


def plotted(model: Judged, rule: ObjectRule) -> dict[str, pd.DataFrame]:
    """Give the tables behind the plots, by the names of their files."""
    labelled = model.ordered(background=False)
    support = common_support(labelled, against_truth=False)
    thresholds = model.thresholds(labelled, "location").tolist()
    grounds = {
        "objects": Ground.of(labelled, rule, truth=False),
        "objects_truth": Ground.of(labelled, rule, truth=True),
    }
    return {
        "pr_observation": pr_curve(support.observation),
        "pr_location": pr_curve(support.location),
        "reliability": reliability(support.location),
        "transfer": transfer(support.location, thresholds),
        "sites": site_table(model, rule),
        **{name: ObjectCurve.of(ground, rule).table() for name, ground in grounds.items()},
    }
