"""The runs of a sweep: one parent, and one child a job, found again by what they did."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.errors import RegistryError
from minecover.tracking import connect, log_artifacts, log_inputs, log_metrics
from minecover.tracking.record import Record
from minecover.tracking.types import Tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

#: Tags by which runs are found again.
JOB, SWEEP, ERROR = "job_id", "sweep_id", "error"
#: What MLflow takes for a page of runs.
PAGE = 1000
#: MLflow cuts a tag's value off here.
MAX_TAG = 5000


@dataclass(frozen=True, slots=True)
class Told:
    """What the store says of a run."""

    run_id: str
    name: str
    status: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]


@contextmanager
def child(
    tracking: Tracking, record: Record, *, parent: str
) -> Iterator[Callable[[Record], None]]:
    """Open a run under a parent; it ends FINISHED with the block, or FAILED with its traceback.

    Yields
    ------
    callable
        Logs the metrics and artefacts of a record; once, at the end.
    """
    client, experiment = connect(tracking)
    tags = {**_tags(record), "mlflow.parentRunId": parent}
    with tracking.alone("write"):
        run = client.create_run(experiment, tags=tags, run_name=record.name)
        run_id = str(run.info.run_id)
        log_inputs(client, run_id, record)

    def finish(done: Record) -> None:
        with tracking.alone("write"):
            log_artifacts(client, run_id, done)
            log_metrics(client, run_id, done, model_id=None)

    try:
        yield finish
    except BaseException as error:
        with tracking.alone("write"):
            client.log_text(run_id, traceback.format_exc(), "traceback.txt")
            client.set_tag(run_id, ERROR, f"{type(error).__name__}: {error}"[:MAX_TAG])
            is_ours = isinstance(error, Exception)
            client.set_terminated(run_id, "FAILED" if is_ours else "KILLED")
        raise
    with tracking.alone("write"):
        client.set_terminated(run_id, "FINISHED")


def open_parent(tracking: Tracking, record: Record) -> str:
    """Open the run of a sweep, the one that it already has if it was begun before."""
    client, experiment = connect(tracking)
    known = _search(client, experiment, f"tags.{SWEEP} = '{record.tags[SWEEP]}'")
    for run in known:
        if JOB not in run.data.tags:
            client.update_run(run.info.run_id, status="RUNNING")
            return str(run.info.run_id)
    run = client.create_run(experiment, tags=_tags(record), run_name=record.name)
    log_inputs(client, run.info.run_id, record)
    return str(run.info.run_id)


def close_parent(tracking: Tracking, run_id: str, record: Record, *, status: str) -> None:
    """Log what came out of a sweep, and end its run."""
    client, _ = connect(tracking)
    for key, value in _tags(record).items():
        client.set_tag(run_id, key, value)
    log_artifacts(client, run_id, record)
    log_metrics(client, run_id, record, model_id=None)
    client.set_terminated(run_id, status)


def end_parent(tracking: Tracking, run_id: str, status: str) -> None:
    """End the run of a sweep that came to nothing."""
    connect(tracking)[0].set_terminated(run_id, status)


def jobs_done(tracking: Tracking, job_ids: Sequence[str]) -> dict[str, Told]:
    """Give the best that the store knows of each job: a finished run, or else its last one."""
    client, experiment = connect(tracking)
    wanted, found = set(job_ids), dict[str, Told]()
    # The latest first.
    for run in _search(client, experiment, f"tags.{JOB} != ''"):
        job = run.data.tags[JOB]
        if job in wanted and (job not in found or run.info.status == "FINISHED"):
            found[job] = _told(run)
    return found


def finished(tracking: Tracking, job_id: str) -> str | None:
    """Give the run that finished a job; None if there is none."""
    client, experiment = connect(tracking)
    runs = _search(
        client, experiment, f"tags.{JOB} = '{job_id}' and attributes.status = 'FINISHED'"
    )
    return str(runs[0].info.run_id) if runs else None


def bury(tracking: Tracking, job_id: str) -> None:
    """Mark the runs of a job that nobody works on as KILLED. Hold the job's lock for it."""
    client, experiment = connect(tracking)
    runs = _search(
        client, experiment, f"tags.{JOB} = '{job_id}' and attributes.status = 'RUNNING'"
    )
    for run in runs:
        client.set_tag(run.info.run_id, ERROR, "its process ended before it did")
        client.set_terminated(run.info.run_id, "KILLED")


def told(tracking: Tracking, run_id: str) -> Told:
    """Look a run up by its id, or by the beginning of it.

    Raises
    ------
    RegistryError
        If there is no such run, or more than one.
    """
    client, experiment = connect(tracking)
    runs = [r for r in _search(client, experiment, "") if r.info.run_id.startswith(run_id)]
    if len(runs) != 1:
        raise RegistryError(
            f"the store has {len(runs)} runs whose id begins with {run_id!r}. Take one from "
            "`make ui`, or from the table that a sweep prints."
        )
    return _told(runs[0])


def fetched(tracking: Tracking, run_id: str, name: str, into: Path) -> Path:
    """Fetch one artefact of a run into a folder.

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
            f"run {run_id} keeps no {name}. Finished runs of a sweep do, and registered builds."
        ) from error


def _search(client: MlflowClient, experiment: str, words: str) -> list[Run]:
    """Find all runs that a filter lets pass, the latest first."""
    found: list[Run] = []
    token = None
    while True:
        page = client.search_runs(
            [experiment],
            words,
            max_results=PAGE,
            order_by=["attributes.start_time DESC"],
            page_token=token,
        )
        found += page
        token = page.token
        if not token:
            return found


def _told(run: Run) -> Told:
    """Keep what we ask of a run."""
    return Told(
        run_id=str(run.info.run_id),
        name=str(run.info.run_name),
        status=str(run.info.status),
        tags=dict(run.data.tags),
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
    )


def _tags(record: Record) -> dict[str, str]:
    """Give a run's own tags and those that MLflow's pages read."""
    tags = {**record.tags, "mlflow.source.git.commit": record.tags["git_commit"]}
    tags["mlflow.source.name"] = "minecover.pipeline.sweep"
    if record.description:
        tags["mlflow.note.content"] = record.description
    return tags
