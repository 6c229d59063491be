"""How a sweep begins and ends: its lock, its run, and runs that a killed process left open."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from minecover.core.errors import SweepError
from minecover.pipeline.sweep.sharing import shared_lock
from minecover.tracking import sweep_runs
from minecover.tracking.record import Record
from minecover.tracking.runs import JOB, SWEEP
from minecover.tracking.types import Tracking

#: Longest wait for the workers of an interrupted sweep to end [s], and between two looks.
WAIT_S, LOOK_S = 10.0, 0.2


@contextmanager
def opened_sweep(tracking: Tracking, record: Record) -> Iterator[str]:
    """Open the run of a sweep that no other process is running, and end it with the block.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    record : Record
        See `minecover.tracking.sweep_runs.sweep_run`.

    Yields
    ------
    str
        Id of the run.

    Raises
    ------
    SweepError
        If another process is running this sweep.
    """
    with shared_lock(lock_name(SWEEP, record.tags[SWEEP]), wait=False) as is_mine:
        if not is_mine:
            raise SweepError(
                "this sweep is already running in another process. Wait for it, or stop it."
            )
        end_abandoned_runs(tracking)
        parent = ""
        try:
            with (
                interrupted_by_sigterm(),
                sweep_runs.sweep_run(tracking, record) as parent,
            ):
                yield parent
        except BaseException:
            # Workers die a moment later, and leave the runs of their jobs open.
            _end_jobs_of(tracking, parent)
            raise


def end_abandoned_runs(tracking: Tracking) -> None:
    """Mark as KILLED the open runs of this folder whose processes were killed.

    A process holds the lock of its sweep or job as long as it lives.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    """
    if tracking.is_read_only:
        return
    for run in sweep_runs.open_runs(tracking):
        tag = JOB if JOB in run.tags else SWEEP
        with shared_lock(lock_name(tag, run.tags[tag]), wait=False) as is_free:
            if is_free:
                sweep_runs.mark_killed(tracking, tag=tag, value=run.tags[tag])


def lock_name(tag: str, value: str) -> str:
    """Return the name of the lock of a job or of a sweep."""
    return f"{'job' if tag == JOB else 'sweep'}-{value}"


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Treat the end of the process by SIGTERM as Ctrl-C, so that its runs are ended too."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Python lets the main thread alone do this.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end_jobs_of(tracking: Tracking, parent: str) -> None:
    """Mark the jobs of an interrupted sweep as KILLED as soon as their workers have ended."""
    end = time.monotonic() + WAIT_S
    while parent:
        end_abandoned_runs(tracking)
        is_open = any(
            run.tags.get("mlflow.parentRunId") == parent
            for run in sweep_runs.open_runs(tracking)
        )
        if not is_open or time.monotonic() > end:
            return
        time.sleep(LOOK_S)
