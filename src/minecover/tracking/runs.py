"""Find runs in the store, and fetch what they keep."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.errors import RegistryError
from minecover.tracking.client import connect
from minecover.tracking.types import Tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

#: Tags that runs are found by, and the tag with the error of a failed run.
JOB, SWEEP, ERROR = "job_id", "sweep_id", "error"
#: Tag of a sweep's run with the id of its best job's run.
BEST = "best_run_id"
#: Runs in one page of a search.
PAGE = 1000
#: Runs that a message names, and characters of their ids, as in the table of a sweep.
N_NAMED, N_SHOWN = 4, 8


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as the store describes it."""

    run_id: str
    name: str
    status: str  # RUNNING, FINISHED, FAILED or KILLED
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]


def all_runs(tracking: Tracking) -> list[RunSummary]:
    """Return all runs of the experiment, the latest first."""
    client, experiment = connect(tracking)
    return [summary_of(run) for run in search_runs(client, experiment, "")]


def last_runs(tracking: Tracking, job_ids: Sequence[str]) -> dict[str, RunSummary]:
    """Return one run of each job: the last finished one, or else the last one.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    job_ids : sequence of str
        Ids of jobs.

    Returns
    -------
    dict of str to RunSummary
        Runs by job id; jobs without a run are left out.
    """
    client, experiment = connect(tracking)
    wanted, found = set(job_ids), dict[str, RunSummary]()
    # The latest first.
    for run in search_runs(client, experiment, f"tags.{JOB} != ''"):
        job = run.data.tags[JOB]
        if job in wanted and (job not in found or run.info.status == "FINISHED"):
            found[job] = summary_of(run)
    return found


def job_names(tracking: Tracking) -> dict[str, str]:
    """Return the names of the runs of jobs that have not failed, each with its job's id."""
    client, experiment = connect(tracking)
    found = search_runs(client, experiment, f"tags.{JOB} != ''")
    return {
        str(run.info.run_name): run.data.tags[JOB]
        for run in found
        if run.info.status in ("RUNNING", "FINISHED")
    }


def finished_run(tracking: Tracking, job_id: str) -> str | None:
    """Return the id of the last finished run of a job; None if no run of it has finished."""
    client, experiment = connect(tracking)
    runs = search_runs(
        client, experiment, f"tags.{JOB} = '{job_id}' and attributes.status = 'FINISHED'"
    )
    return str(runs[0].info.run_id) if runs else None


def find_run(tracking: Tracking, run_id: str) -> RunSummary:
    """Find the run that an id names as a table prints it.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    run_id : str
        Id of a run or of a sweep, or the first characters of one. A sweep stands for its best
        run.

    Returns
    -------
    RunSummary
        The run.

    Raises
    ------
    RegistryError
        If there is no such run, or more than one, or the sweep has no best run yet.
    """
    client, experiment = connect(tracking, creates=False)
    found = [
        run
        for run in search_runs(client, experiment, "")
        if run.info.run_id.startswith(run_id)
        or (JOB not in run.data.tags and run.data.tags.get(SWEEP, "").startswith(run_id))
    ]
    if not run_id or len(found) != 1:
        names = ", ".join(run.info.run_id[:N_SHOWN] for run in found[:N_NAMED])
        raise RegistryError(
            f"the store has {len(found)} runs and sweeps whose id begins with {run_id!r}"
            f"{f' ({names} ...)' if found else ''}. Copy an id from `make ui`, or from the "
            "table that a sweep prints."
        )
    (run,) = found
    if JOB in run.data.tags or SWEEP not in run.data.tags:
        return summary_of(run)
    if BEST not in run.data.tags:
        raise RegistryError(
            f"no job of the sweep {run.data.tags[SWEEP]} has finished, so that it has no best "
            "run. Start it again: finished jobs are skipped."
        )
    return summary_of(client.get_run(run.data.tags[BEST]))


def download_artifact(tracking: Tracking, run_id: str, name: str, into: Path) -> Path:
    """Download one artifact of a run into a folder.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    run_id : str
        Id of the run.
    name : str
        Path of the artifact in the run.
    into : Path
        An existing folder.

    Returns
    -------
    Path
        The file or folder on this disk.

    Raises
    ------
    RegistryError
        If the run has none of that name.
    """
    from mlflow.exceptions import MlflowException

    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    client, _ = connect(tracking, creates=False)
    try:
        return Path(client.download_artifacts(run_id, name, str(into)))
    except (MlflowException, OSError) as error:
        raise RegistryError(
            f"run {run_id} has no artifact {name}. Choose a finished run of a "
            "sweep, or the run of a registered build."
        ) from error


def search_runs(client: MlflowClient, experiment: str, filter_string: str) -> list[Run]:
    """Return all runs that match a filter, the latest first."""
    found: list[Run] = []
    token = None
    while True:
        page = client.search_runs(
            [experiment],
            filter_string,
            max_results=PAGE,
            order_by=["attributes.start_time DESC"],
            page_token=token,
        )
        found += page
        token = page.token
        if not token:
            return found


def summary_of(run: Run) -> RunSummary:
    """Copy the parts of a run that callers need."""
    return RunSummary(
        run_id=str(run.info.run_id),
        name=str(run.info.run_name),
        status=str(run.info.status),
        tags=dict(run.data.tags),
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
    )
