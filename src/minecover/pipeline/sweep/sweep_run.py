"""The MLflow run of a whole sweep: its table, figures, best job and failures."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from minecover.core.digests import file_digest
from minecover.core.errors import SweepError
from minecover.core.files import replacing, write_text
from minecover.pipeline.run_record import AP, run_tags
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.jobs import Job
from minecover.pipeline.sweep.naming import short_key
from minecover.pipeline.sweep.sharing import shared_lock
from minecover.reporting import figures
from minecover.tracking import runs, sweep_runs
from minecover.tracking.provenance import GitState
from minecover.tracking.record import SWEEP_RUN, Record
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)

#: Jobs are ranked by this score: it needs no threshold.
SCORE = AP
#: Characters of the reason of a failure in the table of a sweep.
MAX_REASON = 160
#: Columns of the table of a sweep, besides the choices.
COLUMNS = (
    SCORE,
    f"{SCORE} low",
    f"{SCORE} high",
    "location.f1",
    "location.precision",
    "location.recall",
    "observation.f1",
    "seconds.fit_and_predict",
    "seconds.rest",
)


def begun(jobs: Sequence[Job], built: BuildState, git: GitState, sweep_id: str) -> Record:
    """Return the record of a sweep before it starts."""
    lists = {key: ",".join(values) for key, values in swept_values(jobs).items()}
    keys = ", ".join(short_key(key) for key in lists)
    tables, *lineage = built.datasets
    return Record(
        name=f"sweep {keys}: {len(jobs)} jobs" if lists else "sweep of one job",
        params=lists,
        metrics={},
        tags={
            **run_tags(jobs[0].params, git, kind=SWEEP_RUN),
            runs.SWEEP: sweep_id,
            "data_digest": built.data,
            "code_digest": built.code,
            "environment_digest": file_digest(Path("requirements.lock")),
        },
        dataset=tables,
        artifacts=(),
        description=f"A sweep of {len(jobs)} jobs, tagged `sweep_id={sweep_id}`.",
        by_fold={},
        lineage=tuple(lineage),
    )


def swept_values(jobs: Sequence[Job]) -> dict[str, list[str]]:
    """Return the values of the jobs, by key, in their order."""
    values: dict[str, dict[str, None]] = {}
    for job in jobs:
        for key, value in job.chosen.items():
            values.setdefault(key, {})[value] = None
    return {key: list(each) for key, each in values.items()}


def finish_sweep(tracking: Tracking, sweep: Record, run_id: str, jobs: Sequence[Job]) -> None:
    """Log the results of a sweep, print its table, and report the jobs that failed.

    Raises
    ------
    SweepError
        If a job has no finished run: the message lists those jobs.
    """
    for job in jobs:
        # If its lock is free, no process is running the job.
        with shared_lock(f"job-{job.job_id}", wait=False) as is_free:
            if is_free:
                sweep_runs.mark_killed(tracking, tag=runs.JOB, value=job.job_id)
    finished = runs.last_runs(tracking, [job.job_id for job in jobs])
    failed = [
        j for j in jobs if j.job_id not in finished or finished[j.job_id].status != "FINISHED"
    ]
    table = rank_jobs(jobs, finished)
    simulated = sweep.tags["is_simulated"] == "true"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if len(table):
            write_summary(folder, table, list(swept_values(jobs)), simulated=simulated)
        failures = {job.name: failure(finished.get(job.job_id)) for job in failed}
        sys.stdout.write(as_text(table, failures))
        done = replace(
            sweep,
            metrics=_numbers(table, len(jobs), len(failed)),
            tags={**sweep.tags, **_best(table)},
            artifacts=tuple(sorted(folder.iterdir())),
            description=f"{sweep.description}\n\n{markdown(table)}",
        )
        sweep_runs.close_sweep_run(
            tracking, run_id, done, status="FAILED" if failed else "FINISHED"
        )
    if failed:
        raise SweepError(
            f"{len(failed)} of {len(jobs)} jobs failed: {', '.join(failures)}. The table says "
            "why; each run has its traceback in traceback.txt. The same line runs them again."
        )


def failure(ended: runs.RunSummary | None) -> str:
    """Return on one line how a job ended that did not finish, and its run."""
    if ended is None:
        return "was never started"
    reason = " ".join(ended.tags.get(runs.ERROR, "no reason known").split())
    reason = f"{reason[:MAX_REASON]} ..." if len(reason) > MAX_REASON else reason
    return f"{ended.status} (run {ended.run_id[:8]}): {reason}"


def rank_jobs(jobs: Sequence[Job], finished: dict[str, runs.RunSummary]) -> pd.DataFrame:
    """Return a row for each finished job, the best first: its choices, scores and run."""
    rows = [
        {
            "name": job.name,
            **{key: job.chosen.get(key, "-") for key in swept_values(jobs)},
            **{key: finished[job.job_id].metrics.get(key, np.nan) for key in COLUMNS},
            "run_id": finished[job.job_id].run_id,
        }
        for job in jobs
        if job.job_id in finished and finished[job.job_id].status == "FINISHED"
    ]
    table = pd.DataFrame(rows)
    if not len(table):
        return table
    return table.sort_values([SCORE, "name"], ascending=[False, True], ignore_index=True)


def write_summary(
    folder: Path, table: pd.DataFrame, chosen: Sequence[str], *, simulated: bool
) -> None:
    """Write the table and the figures of a sweep into a folder."""
    with replacing(folder / "summary.csv") as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    write_text(folder / "summary.md", markdown(table))
    choices = [key for key in chosen if len(set(table[key])) > 1]
    if not choices:
        return
    drawn = {
        "parallel_coordinates": figures.parallel_coordinates(
            table, choices, SCORE, simulated=simulated
        ),
        "importance": figures.importance(
            {key: (share, 0.0) for key, share in shares(table, choices).items()},
            title="What the choices change",
            axis=f"share of the spread in {SCORE}",
            simulated=simulated,
        ),
    }
    for name, figure in drawn.items():
        figures.write_png(folder / "figures" / f"{name}.png", figure)


def shares(table: pd.DataFrame, choices: Sequence[str]) -> dict[str, float]:
    """Tell how much of the spread between jobs goes with each choice by itself.

    Returns
    -------
    dict of float
        Variance of the means over the values of a choice, over the variance between jobs.
    """
    score = table[SCORE]
    total = float(((score - score.mean()) ** 2).sum())
    means = {key: table.groupby(key)[SCORE].transform("mean") for key in choices}
    return {
        key: float(((mean - score.mean()) ** 2).sum()) / total if total else 0.0
        for key, mean in means.items()
    }


def as_text(table: pd.DataFrame, failures: Mapping[str, str]) -> str:
    """Write the table for a terminal, the jobs that failed below the others, a line each."""
    text = ""
    width = max([len(name) for name in [*failures, *table.get("name", ())]], default=0)
    if len(table):
        short = table[["name", *COLUMNS[:6], "run_id"]].copy()
        short["run_id"] = short["run_id"].str[:8]
        short["name"] = short["name"].str.rjust(width)
        short.columns = [name.removeprefix("location.") for name in short.columns]
        text = f"{short.to_string(index=False, float_format='{:.3f}'.format)}\n"
    return text + "".join(f"{name:>{width}}  {why}\n" for name, why in failures.items())


def markdown(table: pd.DataFrame) -> str:
    """Write the table for the page of the sweep's run."""
    if not len(table):
        return "No job has finished."
    rows = ["| job | average precision | interval | F1 |", "|---|---|---|---|"]
    for row in table.to_dict("records"):
        score, low, high = (row[key] for key in COLUMNS[:3])
        rows.append(
            f"| {row['name']} | {score:.3f} | {low:.3f} to {high:.3f} "
            f"| {row['location.f1']:.3f} |"
        )
    return "\n".join(rows) + "\n"


def _best(table: pd.DataFrame) -> dict[str, str]:
    """Name the best job."""
    if not len(table):
        return {}
    return {runs.BEST: str(table["run_id"][0]), "best_name": str(table["name"][0])}


def _numbers(table: pd.DataFrame, n_jobs: int, n_failed: int) -> dict[str, object]:
    """Give the counts of a sweep, and the scores of its best job under their own names."""
    best = {key: float(table[key][0]) for key in COLUMNS[:6]} if len(table) else {}
    return {"count.jobs": n_jobs, "count.failed": n_failed, **best}
