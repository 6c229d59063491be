"""The MLflow run of a job: its parameters and tags, scores, tables and figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from minecover.core import paths
from minecover.core.config import Params, write_params
from minecover.core.digests import file_digest
from minecover.core.files import replacing, write_json
from minecover.evaluation import (
    Report,
    ScoredModel,
    average_precision,
    compute_estimates,
    get_score,
    report_scores,
    score_replicates,
    scores_by_fold,
)
from minecover.evaluation.out_of_fold import OutOfFold, write_out_of_fold
from minecover.features.validity import Profile
from minecover.learning.leakage import audit
from minecover.pipeline.champion import against_champion
from minecover.pipeline.run_card import About, AgainstChampion, run_card
from minecover.pipeline.run_record import BY_FOLD, run_metrics, run_params, run_tags
from minecover.pipeline.run_scores import REPLICATES, RunScores
from minecover.pipeline.stages.evaluate import evaluation_settings, plot_tables, score_model
from minecover.pipeline.stages.folds import check_audit, gather_evidence
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.fold_probabilities import FoldProbabilities, importance_rows_of
from minecover.pipeline.sweep.sharing import SHARED, shared_lock
from minecover.pipeline.sweep.training_data import TrainingData
from minecover.reporting import figures
from minecover.reporting.scored_sites import choose_examples, site_view
from minecover.tracking.provenance import GitState, digest_of
from minecover.tracking.record import Record


@dataclass(frozen=True, slots=True, eq=False)
class JobResults:
    """The results of a job.

    Parameters
    ----------
    data : TrainingData
        What it was trained on.
    folds : sequence of FoldProbabilities
        Raw probabilities, one item per fold.
    sites : sequence of OutOfFold
        Calibrated probabilities, one item per site.
    model : ScoredModel
        The same with thresholds.
    report : nested dict
        Scores, as in reports/metrics.json.
    scores : RunScores
        The same scores with their replicates.
    against : AgainstChampion
        How the scores differ from those of the champion.
    """

    data: TrainingData
    folds: Sequence[FoldProbabilities]
    sites: Sequence[OutOfFold]
    model: ScoredModel
    report: Report
    scores: RunScores
    against: AgainstChampion

    @classmethod
    def of(
        cls,
        params: Params,
        data: TrainingData,
        folds: Sequence[FoldProbabilities],
        sites: Sequence[OutOfFold],
    ) -> JobResults:
        """Score a job, and compare it with the champion."""
        settings, model = evaluation_settings(params), score_model(params, sites)
        estimates = compute_estimates(model, settings)
        scores = RunScores.of(params, model, score_replicates(estimates))
        return cls(
            data,
            folds,
            sites,
            model,
            report_scores(model, estimates, settings),
            scores,
            against_champion(params.build("tracking"), params, scores),
        )


def begun(
    params: Params,
    built: BuildState,
    git: GitState,
    *,
    kind: str,
    tags: Mapping[str, str],
    name: str,
) -> Record:
    """Return the record of a job before it starts; a failed run keeps this much."""
    tables, *lineage = built.datasets
    return Record(
        name=name,
        params=run_params(params),
        metrics={},
        tags={
            **run_tags(params, git, kind=kind),
            **tags,
            "data_digest": built.data,
            "config_digest": digest_of(built.choices(params)),
            "code_digest": built.code,
            "environment_digest": file_digest(Path("requirements.lock")),
        },
        dataset=tables,
        artifacts=(),
        description="",
        by_fold={},
        lineage=tuple(lineage),
    )


def ended(began: Record, params: Params, scored: JobResults, folder: Path) -> Record:
    """Write the results of a job into a folder, and return the finished record.

    Raises
    ------
    FoldError
        If the leakage audit failed and `folds.gate` is true.
    """
    simulated = bool(params.value("source.is_simulated"))
    drops = importance(scored)
    rule = evaluation_settings(params).objects
    tables = plot_tables(scored.model, rule, is_of_objects=False)
    for name, table in tables.items():
        with replacing(folder / "plots" / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    write_params(params, folder / "params.yaml")
    write_json(folder / "metrics.json", scored.report)
    scored.scores.write(folder / REPLICATES)
    write_json(folder / "importance.json", {name: drop for name, (drop, _) in drops.items()})
    write_out_of_fold(folder / "out_of_fold.parquet", iter(scored.sites))
    prevalence = get_score(scored.report, "prevalence.location")
    curves = {
        "all dates together": tables["pr_location"],
        "single dates": tables["pr_observation"],
    }
    points = {
        name: (
            get_score(scored.report, f"common_support.{level}.precision"),
            get_score(scored.report, f"common_support.{level}.recall"),
        )
        for name, level in zip(curves, ("location", "observation"), strict=True)
    }
    drawn = {
        "precision_recall": figures.precision_recall(
            curves, points, prevalence=prevalence, simulated=simulated
        ),
        "reliability": figures.reliability(tables["reliability"], simulated=simulated),
        "importance": figures.importance(
            drops,
            title="What the model looks at",
            axis="loss of average precision when shuffled",
            simulated=simulated,
        ),
        "sites": _examples(params, scored, tables["sites"], simulated),
    }
    for name, figure in drawn.items():
        figures.write_png(folder / "figures" / f"{name}.png", figure)
    about = About.of(began.tags, len(scored.model.sites))
    by_fold = scores_by_fold(scored.model)
    return replace(
        began,
        metrics=run_metrics(scored.report),
        artifacts=tuple(sorted(folder.iterdir())),
        description=run_card(about, scored.report, scored.against),
        by_fold={name: by_fold[name] for name in BY_FOLD},
    )


def importance(scored: JobResults) -> dict[str, tuple[float, float]]:
    """Compute the loss of average precision when the columns of a feature set are shuffled.

    It is measured in each fold, on rows that the fold's model was not trained on: mines and
    about as many others, so that the values are larger than on a map.

    Returns
    -------
    dict of (mean, standard deviation over folds)
    """
    lost = []
    for fold, found in enumerate(scored.folds):
        y = scored.data.sample.y[importance_rows_of(scored.data, fold)]
        as_is, *shuffled = (average_precision(p, y) for p in found.shuffled)
        lost.append([as_is - each for each in shuffled])
    mean, spread = np.nanmean(lost, axis=0), np.nanstd(lost, axis=0)
    return {
        name: (round(float(m), 6), round(float(s), 6))
        for name, m, s in zip(scored.data.groups, mean, spread, strict=True)
    }


def audited(params: Params, data: TrainingData, built: BuildState) -> Path:
    """Return the path of the leakage audit of a job's folds: that of DVC, or one made for it.

    Raises
    ------
    FoldError
        If the audit failed and `folds.gate` is true.
    """
    path = paths.LEAKAGE
    if not built.is_audited(params):
        choice = {key: params.value(key) for key in built.audited}
        name = digest_of([built.data, choice])
        path = SHARED / "audits" / name / "leakage.json"
        with shared_lock(f"audit-{name}"):
            if not path.exists():
                columns, evidence = gather_evidence(params, data.sites)
                found = audit(
                    data.sites,
                    data.folds,
                    evidence,
                    features=columns,
                    buffer_m=float(params.value("folds.buffer_m")),
                    seed=int(params.value("seed")),
                )
                write_json(path, found)
    check_audit(params, json.loads(path.read_text(encoding="utf-8")))
    return path


def _examples(
    params: Params, scored: JobResults, table: pd.DataFrame, simulated: bool
) -> figures.Figure:
    """Draw the best, the median and the worst site."""
    profile: Profile = params.build(f"masks.{params.value('mask')}")
    sites = {site.site_id: site for site in scored.sites}
    scores = {site.site_id: site for site in scored.model.sites}
    views = {
        f"{name}: {site_id}, F1 {f1:.2f}": site_view(
            sites[site_id],
            scores[site_id].location_probability.reshape(scores[site_id].shape),
            profile,
        )
        for name, (site_id, f1) in choose_examples(table).items()
    }
    return figures.example_sites(views, simulated=simulated)
