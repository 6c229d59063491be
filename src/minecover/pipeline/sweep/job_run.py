"""What a job's run says for itself: where it comes from, and everything that it scored."""

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
from minecover.evaluation import Judged, Report, average_precision, by_fold, number
from minecover.evaluation.out_of_fold import OutOfFold, write_out_of_fold
from minecover.features.validity import Profile
from minecover.learning.leakage import audit
from minecover.pipeline.stages.evaluate import plotted, yardstick_of
from minecover.pipeline.stages.folds import look_at, pass_gate
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.fold_scores import FoldScores, asked_in
from minecover.pipeline.sweep.locks import SHARED, held
from minecover.pipeline.sweep.training_data import Lesson
from minecover.reporting import figures
from minecover.reporting.scored_sites import exemplary, site_view
from minecover.tracking.provenance import GitState, digest_of
from minecover.tracking.record import Dataset, Record

#: What is worth a column in a table of runs; all the rest is in params.yaml.
SHOWN = ("model", "design", "aggregation", "folds", "mask", "seed", "source.name")
#: What is said first of a run.
HEADLINE = ("precision", "recall", "f1", "average_precision")


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What came out of a job."""

    given: Lesson
    folds: Sequence[FoldScores]
    sites: Sequence[OutOfFold]
    judged: Judged
    report: Report


def begun(
    params: Params, built: BuildState, git: GitState, *, tags: Mapping[str, str], name: str
) -> Record:
    """Describe a job before it begins; a run that fails says this much too."""
    source, design = str(params.value("source.name")), str(params.value("design.name"))
    family = str(params.value("model._target_")).rpartition(".")[2]
    config = built.choices(params)
    return Record(
        name=name,
        params=shown(params),
        metrics={},
        tags={
            **tags,
            "lock_digest": built.lock,
            "data_digest": built.data,
            "config_digest": digest_of(config),
            "code_digest": built.code,
            "environment_digest": file_digest(Path("requirements.lock")),
            "git_commit": git.commit,
            "git_dirty": str(git.is_dirty).lower(),
            "source": source,
            "is_simulated": str(params.value("source.is_simulated")).lower(),
            "design": design,
            "family": family,
        },
        dataset=Dataset(f"{source} {design}s", paths.FEATURES.as_posix(), built.data),
        artifacts=(),
        description=f"A {family} on {design}s of the source `{source}`"
        + (" (**simulated data**)." if params.value("source.is_simulated") else "."),
        by_fold={},
    )


def shown(params: Params) -> dict[str, object]:
    """Choose the parameters that a table of runs has columns for."""
    chosen = {key: params.value(key) for key in SHOWN}
    return {**chosen, "features": " ".join(params.value("features"))}


def ended(began: Record, params: Params, scored: Scored, folder: Path) -> Record:
    """Write everything that came out of a job into a folder, and describe it.

    Raises
    ------
    FoldError
        If the leakage audit failed and `folds.gate` stops there.
    """
    simulated = bool(params.value("source.is_simulated"))
    drops = importance(scored)
    tables = plotted(scored.judged, yardstick_of(params).objects)
    for name, table in tables.items():
        with replacing(folder / "plots" / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    write_params(params, folder / "params.yaml")
    write_json(folder / "metrics.json", scored.report)
    write_out_of_fold(folder / "out_of_fold.parquet", iter(scored.sites))
    prevalence = number(scored.report, "prevalence.location")
    curves = {
        "all dates together": tables["pr_location"],
        "single dates": tables["pr_observation"],
    }
    points = {
        name: (
            number(scored.report, f"common_support.{level}.precision"),
            number(scored.report, f"common_support.{level}.recall"),
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
    return replace(
        began,
        metrics={
            **scored.report,
            "importance": {name: drop for name, (drop, _) in drops.items()},
        },
        artifacts=tuple(sorted(folder.iterdir())),
        description=f"{began.description}\n\n{headline(scored.report)}",
        by_fold=by_fold(scored.judged),
    )


def headline(report: Report) -> str:
    """Write the scores of the locations with their intervals as a table."""
    rows = ["| all dates together | score | interval |", "|---|---|---|"]
    for name in HEADLINE:
        low, high = (number(report, f"location.{name}_{end}") for end in ("low", "high"))
        score = number(report, f"location.{name}")
        rows.append(f"| {name.replace('_', ' ')} | {score:.3f} | {low:.3f} to {high:.3f} |")
    return "\n".join(rows)


def importance(scored: Scored) -> dict[str, tuple[float, float]]:
    """Tell how much average precision is lost when a group of features is shuffled.

    Fold by fold, on rows of ground that the fold's model never saw: mines, and about as many
    others, so that the numbers are larger than on the map.

    Returns
    -------
    dict of (mean, standard deviation over folds)
    """
    lost = []
    for fold, found in enumerate(scored.folds):
        y = scored.given.sample.y[asked_in(scored.given, fold)]
        as_is, *shuffled = (average_precision(p, y) for p in found.shuffled)
        lost.append([as_is - each for each in shuffled])
    mean, spread = np.nanmean(lost, axis=0), np.nanstd(lost, axis=0)
    return {
        name: (round(float(m), 6), round(float(s), 6))
        for name, m, s in zip(scored.given.groups, mean, spread, strict=True)
    }


def audited(params: Params, given: Lesson, built: BuildState) -> Path:
    """Give the leakage audit of the folds that a job deals: DVC's, or one of its own.

    Raises
    ------
    FoldError
        If it failed, and `folds.gate` stops there.
    """
    path = paths.LEAKAGE
    if not built.is_audited(params):
        choice = {key: params.value(key) for key in built.audited}
        name = digest_of([built.data, choice])
        path = SHARED / "audits" / name / "leakage.json"
        with held(f"audit-{name}"):
            if not path.exists():
                columns, evidence = look_at(params, given.sites)
                found = audit(
                    given.sites,
                    given.folds,
                    evidence,
                    features=columns,
                    buffer_m=float(params.value("folds.buffer_m")),
                    seed=int(params.value("seed")),
                )
                write_json(path, found)
    pass_gate(params, json.loads(path.read_text(encoding="utf-8")))
    return path


def _examples(
    params: Params, scored: Scored, table: pd.DataFrame, simulated: bool
) -> figures.Figure:
    """Draw the best, the median and the worst site."""
    profile: Profile = params.build(f"masks.{params.value('mask')}")
    sites = {site.site_id: site for site in scored.sites}
    scores = {site.site_id: site for site in scored.judged.sites}
    views = {
        f"{name}: {site_id}, F1 {f1:.2f}": site_view(
            sites[site_id],
            scores[site_id].location_score.reshape(scores[site_id].shape),
            profile,
        )
        for name, (site_id, f1) in exemplary(table).items()
    }
    return figures.example_sites(views, simulated=simulated)
