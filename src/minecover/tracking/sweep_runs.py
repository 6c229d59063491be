"""The runs of a sweep: one run of the sweep, one of each job, and how each of them ends."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.tracking.client import connect
from minecover.tracking.environment import Stopwatch
from minecover.tracking.log import log_artifacts, log_inputs, log_metrics
from minecover.tracking.provenance import digest_of
from minecover.tracking.record import Record
from minecover.tracking.runs import ERROR, JOB, SWEEP, RunSummary, search_runs, summary_of
from minecover.tracking.types import Tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: MLflow's limit for the value of a tag [characters].
MAX_TAG = 5000
#: Tag with a digest of the machine and folder that a run was started in: only there its lock
#: says whether its process is alive.
CHECKOUT = "checkout"
#: Tag that MLflow shows as the description of a run.
NOTE = "mlflow.note.content"


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
        Its parameters, tags and datasets are logged when the run opens.
    parent : str
        Id of the sweep run.

    Yields
    ------
    callable
        Takes a `Record` and logs its metrics, artifacts and description. Call it once, at the
        end.
    """
    client, experiment = connect(tracking)
    tags = {**_tags(record), "mlflow.parentRunId": parent}
    watch = Stopwatch.started()
    with tracking.lock("write"):
        run_id = _create_run(client, experiment, record, tags)

    def finish(done: Record) -> None:
        measured = replace(done, metrics={**done.metrics, **watch.metrics()})
        with tracking.lock("write"):
            log_artifacts(client, run_id, done)
            log_metrics(client, run_id, measured, model_id=None)
            _set_tags(client, run_id, {k: v for k, v in _tags(done).items() if k not in tags})
            _set_tags(client, run_id, {NOTE: done.description})

    try:
        yield finish
    except BaseException as error:
        with tracking.lock("write"):
            client.log_text(run_id, traceback.format_exc(), "traceback.txt")
            client.set_tag(run_id, ERROR, f"{type(error).__name__}: {error}"[:MAX_TAG])
            client.set_terminated(run_id, _end_status(error))
        raise
    with tracking.lock("write"):
        client.set_terminated(run_id, "FINISHED")


@contextmanager
def sweep_run(tracking: Tracking, record: Record) -> Iterator[str]:
    """Open the run of a sweep, or open it again if the sweep was started before.

    The run ends FAILED if the block raises an exception, KILLED if the process is interrupted,
    and as `close_sweep_run` says otherwise.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    record : Record
        Its tag ``sweep_id`` identifies the sweep.

    Yields
    ------
    str
        Id of the run.
    """
    tracking.check_writable()
    client, experiment = connect(tracking)
    run_id = ""
    try:
        run_id = _opened(client, experiment, record)
        yield run_id
    except BaseException as error:
        if run_id and client.get_run(run_id).info.status == "RUNNING":
            client.set_terminated(run_id, _end_status(error))
        raise


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
    _set_tags(client, run_id, _tags(record))
    log_artifacts(client, run_id, record)
    log_metrics(client, run_id, record, model_id=None)
    client.set_terminated(run_id, status)


def open_runs(tracking: Tracking) -> list[RunSummary]:
    """Return the runs of sweeps and jobs of this folder that have not ended."""
    client, experiment = connect(tracking)
    if not experiment:
        return []
    here = f"attributes.status = 'RUNNING' and tags.{CHECKOUT} = '{checkout_digest()}'"
    return [summary_of(run) for run in search_runs(client, experiment, here)]


def mark_killed(tracking: Tracking, *, tag: str, value: str) -> None:
    """Mark the open runs of a job or of a sweep as KILLED, when their process has ended.

    Hold the lock of the job or of the sweep: then no other process works on it.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    tag, value : str
        ``job_id`` or ``sweep_id``, and the id. Of a sweep, its own run alone is marked.
    """
    client, experiment = connect(tracking)
    found = search_runs(
        client, experiment, f"tags.{tag} = '{value}' and attributes.status = 'RUNNING'"
    )
    for run in found:
        if tag == SWEEP and JOB in run.data.tags:
            continue
        client.set_tag(run.info.run_id, ERROR, "its process ended before the run did")
        client.set_terminated(run.info.run_id, "KILLED")


def checkout_digest() -> str:
    """Return 16 characters that tell this machine and folder from others."""
    return digest_of([socket.gethostname(), str(Path.cwd())])[:16]


def _opened(client: MlflowClient, experiment: str, record: Record) -> str:
    """Open the known run of a sweep again, or create it."""
    for run in search_runs(client, experiment, f"tags.{SWEEP} = '{record.tags[SWEEP]}'"):
        if JOB not in run.data.tags:
            client.update_run(run.info.run_id, status="RUNNING")
            _set_tags(client, str(run.info.run_id), {CHECKOUT: checkout_digest()})
            return str(run.info.run_id)
    return _create_run(client, experiment, record, _tags(record))


def _create_run(
    client: MlflowClient, experiment: str, record: Record, tags: dict[str, str]
) -> str:
    """Create a run with what went into it; what is interrupted meanwhile does not stay open."""
    run_id = str(client.create_run(experiment, tags=tags, run_name=record.name).info.run_id)
    try:
        log_inputs(client, run_id, record)
    except BaseException as error:
        client.set_terminated(run_id, _end_status(error))
        raise
    return run_id


def _end_status(error: BaseException) -> str:
    """Return how a run ends by an error: Ctrl-C and a shutdown are no `Exception`."""
    return "FAILED" if isinstance(error, Exception) else "KILLED"


def _set_tags(client: MlflowClient, run_id: str, tags: dict[str, str]) -> None:
    """Set tags of a run in one request."""
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items() if value])


def _tags(record: Record) -> dict[str, str]:
    """Return a run's tags, with those that MLflow's own pages read."""
    tags = {
        **record.tags,
        CHECKOUT: checkout_digest(),
        "mlflow.source.git.commit": record.tags["git_commit"],
        "mlflow.source.name": "minecover sweep",
    }
    if record.description:
        tags[NOTE] = record.description
    return tags
