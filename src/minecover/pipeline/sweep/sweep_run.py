"""The MLflow run of a whole sweep: its table, figures, best job and failures."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from minecover.core import paths
from minecover.core.digests import file_digest
from minecover.core.errors import SweepError
from minecover.core.files import replacing, write_text
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.jobs import Job
from minecover.pipeline.sweep.sharing import shared_lock
from minecover.reporting import figures
from minecover.tracking import runs
from minecover.tracking.provenance import GitState, digest_of
from minecover.tracking.record import Dataset, Record
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)

#: Jobs are ranked by this score: it needs no threshold.
SCORE = "location.average_precision"
#: Columns of the table of a sweep, besides the choices.
COLUMNS = (
    SCORE,
    f"{SCORE}_low",
    f"{SCORE}_high",
    "location.f1",
    "location.precision",
    "location.recall",
    "observation.f1",
    "seconds.fit_and_predict",
    "seconds.rest",
)


def begun(jobs: Sequence[Job], built: BuildState, git: GitState, sweep_id: str) -> Record:
    """Return the record of a sweep before it starts."""
    first = jobs[0].params
    lists = {key: ",".join(values) for key, values in swept_values(jobs).items()}
    source = str(first.value("source.name"))
    return Record(
        name="sweep " + (" ".join(f"{key}={each}" for key, each in lists.items()) or "of one"),
        params=lists,
        metrics={},
        tags={
            runs.SWEEP: sweep_id,
            "lock_digest": built.lock,
            "data_digest": built.data,
            "config_digest": digest_of([built.choices(job.params) for job in jobs]),
            "code_digest": built.code,
            "environment_digest": file_digest(Path("requirements.lock")),
            "git_commit": git.commit,
            "git_dirty": str(git.is_dirty).lower(),
            "source": source,
            "is_simulated": str(first.value("source.is_simulated")).lower(),
        },
        dataset=Dataset(source, paths.FEATURES.as_posix(), built.data),
        artifacts=(),
        description=f"A sweep of {len(jobs)} jobs, tagged `sweep_id={sweep_id}`.",
        by_fold={},
    )


def swept_values(jobs: Sequence[Job]) -> dict[str, list[str]]:
    """Return the values of the jobs, by key, in their order."""
    values: dict[str, dict[str, None]] = {}
    for job in jobs:
        for key, value in job.chosen.items():
            values.setdefault(key, {})[value] = None
    return {key: list(each) for key, each in values.items()}


@contextmanager
def ended_with_block(tracking: Tracking, run_id: str) -> Iterator[None]:
    """End the run of a sweep if the block fails, or KILLED if the process is interrupted."""
    try:
        yield
    except BaseException as error:
        # Ctrl-C and a shutdown of the process are no `Exception`.
        has_failed = isinstance(error, Exception)
        runs.end_sweep_run(tracking, run_id, "FAILED" if has_failed else "KILLED")
        raise


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
                runs.mark_killed(tracking, job.job_id)
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
            sys.stdout.write(as_text(table))
        done = replace(
            sweep,
            metrics=_numbers(table, len(jobs), len(failed)),
            tags={**sweep.tags, **_best(table)},
            artifacts=tuple(sorted(folder.iterdir())),
            description=f"{sweep.description}\n\n{markdown(table)}",
        )
        runs.close_sweep_run(tracking, run_id, done, status="FAILED" if failed else "FINISHED")
    if failed:
        lines = [f"  {job.name}: {_end(finished.get(job.job_id))}" for job in failed]
        raise SweepError(
            f"{len(failed)} of {len(jobs)} jobs failed; the same line runs them again:\n"
            + "\n".join(lines)
        )


def _end(finished: runs.RunSummary | None) -> str:
    """Return how a job ended, in words."""
    if finished is None:
        return "was never started"
    reason = finished.tags.get(runs.ERROR, "no reason known")
    return f"{finished.status} ({finished.run_id[:8]}), {reason}"


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


def as_text(table: pd.DataFrame) -> str:
    """Write the table for a terminal."""
    short = table[["name", *COLUMNS[:6], "run_id"]].copy()
    short["run_id"] = short["run_id"].str[:8]
    short.columns = [name.removeprefix("location.") for name in short.columns]
    return f"{short.to_string(index=False, float_format='{:.3f}'.format)}\n"


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
    return {"best_run_id": str(table["run_id"][0]), "best_name": str(table["name"][0])}


def _numbers(table: pd.DataFrame, n_jobs: int, n_failed: int) -> dict[str, object]:
    """Give the counts of a sweep, and the scores of its best job under their own names."""
    best = {key: float(table[key][0]) for key in COLUMNS[:6]} if len(table) else {}
    return {"count.jobs": n_jobs, "count.failed": n_failed, **best}
