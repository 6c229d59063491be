"""Stage `evaluate`: scores on honest supports, and the tables behind the plots."""

import logging

from minecover.aggregation import Aggregation
from minecover.atomic import replacing, write_json
from minecover.config import Params
from minecover.metrics import (
    Bootstrap,
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
    bootstrap: Bootstrap = params.build("metrics.bootstrap")
    sites = [site_scores(one, aggregation) for one in read_out_of_fold(paths.OUT_OF_FOLD)]
    cuts = choose_cuts(sites, params.value("design.threshold"))
    by_fold = cuts["location"].by_fold
    report = scores(
        sites,
        observation_threshold=cuts["observation"].by_fold,
        location_threshold=by_fold,
        bootstrap=bootstrap,
    )
    write_json(paths.METRICS, report)
    support = common_support(sites, against_truth=False)
    tables = {
        "pr_observation": pr_curve(support.observation),
        "pr_location": pr_curve(support.location),
        "reliability": reliability(support.location),
        "transfer": transfer(support.location, [by_fold[site.fold] for site in sites]),
        "sites": site_table(sites, location_threshold=by_fold),
    }
    for name, table in tables.items():
        with replacing(paths.PLOTS / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    counts = ", ".join(f"{len(table)} rows of {name}" for name, table in tables.items())
    log.info("evaluate: %d sites, %s", len(sites), counts)
