"""Stage `evaluate`: the scores of the out-of-fold probabilities, and the plot tables."""

import logging
from collections.abc import Iterable

import pandas as pd

from minecover.core import paths
from minecover.core.config import Params
from minecover.core.files import replacing, write_json
from minecover.evaluation import (
    EvaluationSettings,
    ObjectCurve,
    ObjectRule,
    ScoredModel,
    StackedSites,
    choose_thresholds,
    common_support,
    compute_scores,
    pr_curve,
    reliability_table,
    site_predictions,
    site_table,
    transfer_table,
)
from minecover.evaluation.aggregation import Aggregation
from minecover.evaluation.chips import has_objects
from minecover.evaluation.out_of_fold import OutOfFold, read_out_of_fold

log = logging.getLogger(__name__)


def run(params: Params) -> None:
    """Score the out-of-fold probabilities; write the metrics and the plot tables."""
    settings = evaluation_settings(params)
    model = score_model(params, read_out_of_fold(paths.OUT_OF_FOLD))
    write_json(paths.METRICS, compute_scores(model, settings))
    tables = plot_tables(model, settings.objects)
    for name, table in tables.items():
        with replacing(paths.PLOTS / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    counts = ", ".join(f"{len(table)} rows of {name}" for name, table in tables.items())
    log.info("evaluate: %d sites, %s", len(model.sites), counts)


def evaluation_settings(params: Params) -> EvaluationSettings:
    """Return how models are scored: the bootstrap, the rule for objects, the prevalences.

    Parameters
    ----------
    params : Params
        Of it, `metrics` is read.

    Returns
    -------
    EvaluationSettings
        The same for every model of a comparison.
    """
    return EvaluationSettings(
        bootstrap=params.build("metrics.bootstrap"),
        objects=params.build("metrics.objects"),
        prevalences=params.value("metrics.prevalences"),
    )


def score_model(params: Params, sites: Iterable[OutOfFold]) -> ScoredModel:
    """Aggregate out-of-fold probabilities over dates, and choose the threshold of each fold.

    Parameters
    ----------
    params : Params
        Of it, `aggregation` and `design.threshold` are read.
    sites : iterable of OutOfFold
        The out-of-fold probabilities of each site.

    Returns
    -------
    ScoredModel
        The sites with their probabilities by date and by location, and the thresholds. A
        fold's threshold is chosen on the other folds.
    """
    aggregation: Aggregation = params.build("aggregation")
    scored = [site_predictions(site, aggregation) for site in sites]
    return ScoredModel(scored, choose_thresholds(scored, params.value("design.threshold")))


def plot_tables(
    model: ScoredModel, rule: ObjectRule, *, is_of_objects: bool = True
) -> dict[str, pd.DataFrame]:
    """Return the tables behind the plots.

    Parameters
    ----------
    model : ScoredModel
        See `score_model`.
    rule : ObjectRule
        How objects are found and matched.
    is_of_objects : bool
        Whether to match objects at every threshold, which takes as long as all the rest.

    Returns
    -------
    dict of str to DataFrame
        Tables by the stem of their file in reports/plots. Of chips there are no ``objects``.
    """
    labelled = model.sorted_sites(background=False)
    support = common_support(labelled, against_truth=False)
    thresholds = model.site_thresholds(labelled, "location").tolist()
    stacked = {
        name: StackedSites.of(labelled, rule, truth=truth)
        for name, truth in (("objects", False), ("objects_truth", True))
        if is_of_objects and has_objects(labelled)
    }
    return {
        "pr_observation": pr_curve(support.observation),
        "pr_location": pr_curve(support.location),
        "reliability": reliability_table(support.location),
        "transfer": transfer_table(support.location, thresholds),
        "sites": site_table(model, rule),
        **{name: ObjectCurve.of(one, rule).table() for name, one in stacked.items()},
    }
