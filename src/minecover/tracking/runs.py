"""The runs of a sweep: one sweep run with a job run per job, found again by their tags."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.errors import RegistryError
from minecover.tracking.client import connect
from minecover.tracking.log import log_artifacts, log_inputs, log_metrics
from minecover.tracking.record import Record
from minecover.tracking.types import Tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

#: Tags that runs are found by, and the tag with the error of a failed run.
JOB, SWEEP, ERROR = "job_id", "sweep_id", "error"
#: Runs in one page of a search.
PAGE = 1000
#: MLflow's limit for the value of a tag [characters].
MAX_TAG = 5000


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as the store describes it."""

    run_id: str
    name: str
    status: str  # RUNNING, FINISHED, FAILED or KILLED
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]


@contextmanager
def job_run(
    tracking: Tracking, record: Record, *, parent: str
) -> Iterator[Callable[[Record], None]]:
    """Open a job run, and end it with the block.

    The run ends FINISHED, or FAILED with a traceback if the block raises an exception, or
    KILLED if the process is interrupted.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    record : Record
        Its parameters, tags and dataset are logged when the run opens.
    parent : str
        Id of the sweep run.

    Yields
    ------
    callable
        Takes a `Record` and logs its metrics and artifacts. Call it once, at the end.
    """
    client, experiment = connect(tracking)
    tags = {**_tags(record), "mlflow.parentRunId": parent}
    with tracking.lock("write"):
        run = client.create_run(experiment, tags=tags, run_name=record.name)
        run_id = str(run.info.run_id)
        log_inputs(client, run_id, record)

    def finish(done: Record) -> None:
        with tracking.lock("write"):
            log_artifacts(client, run_id, done)
            log_metrics(client, run_id, done, model_id=None)

    try:
        yield finish
    except BaseException as error:
        with tracking.lock("write"):
            client.log_text(run_id, traceback.format_exc(), "traceback.txt")
            client.set_tag(run_id, ERROR, f"{type(error).__name__}: {error}"[:MAX_TAG])
            # Ctrl-C and a shutdown of the process are no `Exception`.
            has_failed = isinstance(error, Exception)
            client.set_terminated(run_id, "FAILED" if has_failed else "KILLED")
        raise
    with tracking.lock("write"):
        client.set_terminated(run_id, "FINISHED")


def open_sweep_run(tracking: Tracking, record: Record) -> str:
    """Open the sweep run, or open it again if the sweep was started before.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    record : Record
        Its tag ``sweep_id`` identifies the sweep.

    Returns
    -------
    str
        Id of the run.
    """
    tracking.check_writable()
    client, experiment = connect(tracking)
    known = _search(client, experiment, f"tags.{SWEEP} = '{record.tags[SWEEP]}'")
    for run in known:
        if JOB not in run.data.tags:
            client.update_run(run.info.run_id, status="RUNNING")
            return str(run.info.run_id)
    run = client.create_run(experiment, tags=_tags(record), run_name=record.name)
    log_inputs(client, run.info.run_id, record)
    return str(run.info.run_id)


def close_sweep_run(tracking: Tracking, run_id: str, record: Record, *, status: str) -> None:
    """Log the results of a sweep, and end its run.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    run_id : str
        Id of the sweep run.
    record : Record
        Its tags, artifacts and metrics are logged.
    status : str
        FINISHED or FAILED.
    """
    client, _ = connect(tracking)
    for key, value in _tags(record).items():
        client.set_tag(run_id, key, value)
    log_artifacts(client, run_id, record)
    log_metrics(client, run_id, record, model_id=None)
    client.set_terminated(run_id, status)


def end_sweep_run(tracking: Tracking, run_id: str, status: str) -> None:
    """End the run of a sweep that has no results; `status` is FAILED or KILLED."""
    connect(tracking)[0].set_terminated(run_id, status)


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
    for run in _search(client, experiment, f"tags.{JOB} != ''"):
        job = run.data.tags[JOB]
        if job in wanted and (job not in found or run.info.status == "FINISHED"):
            found[job] = _summary(run)
    return found


def finished_run(tracking: Tracking, job_id: str) -> str | None:
    """Return the id of the last finished run of a job; None if no run of it has finished."""
    client, experiment = connect(tracking)
    runs = _search(
        client, experiment, f"tags.{JOB} = '{job_id}' and attributes.status = 'FINISHED'"
    )
    return str(runs[0].info.run_id) if runs else None


def mark_killed(tracking: Tracking, job_id: str) -> None:
    """Mark the open runs of a job as KILLED, when their process has ended.

    Hold the job's lock: then no other process works on the job.
    """
    client, experiment = connect(tracking)
    runs = _search(
        client, experiment, f"tags.{JOB} = '{job_id}' and attributes.status = 'RUNNING'"
    )
    for run in runs:
        client.set_tag(run.info.run_id, ERROR, "its process ended before the run did")
        client.set_terminated(run.info.run_id, "KILLED")


def find_run(tracking: Tracking, run_id: str) -> RunSummary:
    """Find a run by its id, or by the beginning of its id.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    run_id : str
        An id, or its first characters.

    Returns
    -------
    RunSummary
        The run.

    Raises
    ------
    RegistryError
        If there is no such run, or more than one.
    """
    client, experiment = connect(tracking)
    runs = [r for r in _search(client, experiment, "") if r.info.run_id.startswith(run_id)]
    if len(runs) != 1:
        raise RegistryError(
            f"the store has {len(runs)} runs whose id begins with {run_id!r}. Copy an id "
            "from `make ui`, or from the table that a sweep prints."
        )
    return _summary(runs[0])


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
    client, _ = connect(tracking)
    try:
        return Path(client.download_artifacts(run_id, name, str(into)))
    except (MlflowException, OSError) as error:
        raise RegistryError(
            f"run {run_id} has no artifact {name}. Choose a finished run of a "
            "sweep, or the run of a registered build."
        ) from error


def _search(client: MlflowClient, experiment: str, filter_string: str) -> list[Run]:
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


def _summary(run: Run) -> RunSummary:
    """Copy the parts of a run that callers need."""
    return RunSummary(
        run_id=str(run.info.run_id),
        name=str(run.info.run_name),
        status=str(run.info.status),
        tags=dict(run.data.tags),
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
    )


def _tags(record: Record) -> dict[str, str]:
    """Return a run's tags, with those that MLflow's own pages read."""
    tags = {**record.tags, "mlflow.source.git.commit": record.tags["git_commit"]}
    tags["mlflow.source.name"] = "minecover sweep"
    if record.description:
        tags["mlflow.note.content"] = record.description
    return tags
