"""Run a sweep: plan the jobs, launch those that are missing, write the table."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from hydra.core.override_parser.types import Override
from hydra.types import HydraContext
from joblib import cpu_count
from omegaconf import DictConfig, OmegaConf

from minecover.core.errors import report_error
from minecover.pipeline.sweep import sweep_run
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.fold_probabilities import delete_shared
from minecover.pipeline.sweep.job import Task
from minecover.pipeline.sweep.jobs import DIGITS, plan_jobs, shared_fits
from minecover.pipeline.sweep.lifetime import opened_sweep
from minecover.pipeline.sweep.naming import run_names
from minecover.tracking import runs
from minecover.tracking.provenance import digest_of, git_state
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)


class Sweeper(Protocol):
    """The sweeper that Hydra made, as far as it is used here."""

    hydra_context: HydraContext
    config: DictConfig

    def launch(self, jobs: list[list[str]], task: Callable[[DictConfig], str]) -> None:
        """Run jobs on the configured launcher, and wait for them."""


def run(sweeper: Sweeper, overrides: Sequence[Override]) -> None:
    """Run a sweep; on an error print it and exit with code 1."""
    try:
        _run(sweeper, overrides)
    # Of any kind: Hydra, which called this, would print a traceback.
    except (Exception, KeyboardInterrupt) as error:
        sys.stderr.write(f"sweep: {report_error(error, 'the sweep')}\n")
        sys.exit(1)


def _run(sweeper: Sweeper, overrides: Sequence[Override]) -> None:
    """Launch the jobs that no run has finished yet, and log the sweep's own run."""
    built, git = BuildState.here(), git_state(Path())
    loader = sweeper.hydra_context.config_loader
    jobs = plan_jobs(overrides, loader, sweeper.config, built)
    tracking: Tracking = jobs[0].params.build("tracking")
    sweep_id = digest_of(sorted(job.job_id for job in jobs))[:DIGITS]
    sweep = sweep_run.begun(jobs, built, git, sweep_id)
    with opened_sweep(tracking, sweep) as parent_id:
        done = runs.last_runs(tracking, [job.job_id for job in jobs])
        missing = [
            job
            for job in jobs
            if job.job_id not in done or done[job.job_id].status != "FINISHED"
        ]
        log.info("sweep %s: %d jobs, %d to run", sweep_id, len(jobs), len(missing))
        task = Task(
            sweep_id=sweep_id,
            parent=parent_id,
            names=run_names(tracking, jobs),
            shared_fits=shared_fits(jobs, built),
            built=built,
            git=git,
            threads=threads(OmegaConf.to_container(sweeper.config.hydra.launcher)),
        )
        if missing:
            _launch(sweeper, [list(job.overrides) for job in missing], task)
        sweep_run.finish_sweep(tracking, sweep, parent_id, jobs)
    for shared in task.shared_fits.values():
        delete_shared(shared)


def _launch(sweeper: Sweeper, jobs: list[list[str]], task: Task) -> None:
    """Run jobs; where the launcher stops, those that have not finished are named later."""
    try:
        sweeper.launch(jobs, task)
    except Exception as error:  # a worker that was killed takes its launcher along
        log.error(report_error(error, "the launcher"))


def threads(launcher: object) -> int:
    """Return the number of threads of each worker: its share of the cores, at least 1.

    Parameters
    ----------
    launcher : mapping
        The node ``hydra.launcher``: joblib says `n_jobs`, SLURM `cpus_per_task`.
    """
    assert isinstance(launcher, dict)
    if "cpus_per_task" in launcher:
        return int(launcher["cpus_per_task"] or 1)
    cores = int(cpu_count())
    workers = int(launcher.get("n_jobs", 1))
    return max(1, cores // (workers if workers > 0 else max(1, cores + 1 + workers)))
