"""Stage `evaluate`: scores on honest supports, and the tables behind the plots."""

import logging

from minecover.aggregation import Aggregation
from minecover.atomic import replacing, write_json
from minecover.config import Params
from minecover.metrics import (
    Ground,
    Judged,
    ObjectCurve,
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
from minecover.out_of_fold import read_out_of_fold
from minecover.stages import paths

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Score the out-of-fold probabilities; each fold is cut where the others say."""
    aggregation: Aggregation = params.build("aggregation")
    yardstick = Yardstick(
        bootstrap=params.build("metrics.bootstrap"),
        objects=params.build("metrics.objects"),
        prevalences=params.value("metrics.prevalences"),
    )
    sites = [site_scores(one, aggregation) for one in read_out_of_fold(paths.OUT_OF_FOLD)]
    model = Judged(sites, choose_cuts(sites, params.value("design.threshold")))
    write_json(paths.METRICS, scores(model, yardstick))
    labelled, rule = model.ordered(background=False), yardstick.objects
    support = common_support(labelled, against_truth=False)
    thresholds = model.thresholds(labelled, "location").tolist()
    grounds = {
        "objects": Ground.of(labelled, rule, truth=False),
        "objects_truth": Ground.of(labelled, rule, truth=True),
    }
    tables = {
        "pr_observation": pr_curve(support.observation),
        "pr_location": pr_curve(support.location),
        "reliability": reliability(support.location),
        "transfer": transfer(support.location, thresholds),
        "sites": site_table(model, rule),
        **{name: ObjectCurve.of(ground, rule).table() for name, ground in grounds.items()},
    }
    for name, table in tables.items():
        with replacing(paths.PLOTS / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    counts = ", ".join(f"{len(table)} rows of {name}" for name, table in tables.items())
    log.info("evaluate: %d sites, %s", len(sites), counts)
