"""A sweep from its command line to its table: plan, launch what is missing, sum up."""

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

from minecover.core.errors import MinecoverError, SweepError
from minecover.pipeline.sweep import sweep_run as parent
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.composition import Composer
from minecover.pipeline.sweep.fold_scores import forget
from minecover.pipeline.sweep.job import Task
from minecover.pipeline.sweep.jobs import DIGITS, kinships, planned
from minecover.pipeline.sweep.locks import held
from minecover.tracking import runs
from minecover.tracking.provenance import digest_of, git_state
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)


class Launching(Protocol):
    """What the sweeper that Hydra made offers."""

    hydra_context: HydraContext
    config: DictConfig

    def launch(self, jobs: list[list[str]], task: Callable[[DictConfig], str]) -> None:
        """Run jobs on the configured launcher, and wait for them."""


def run(sweeper: Launching, overrides: Sequence[Override]) -> None:
    """Run a sweep; print a user's mistake, or what failed, and end with code 1."""
    try:
        _run(sweeper, overrides)
    except MinecoverError as error:
        sys.stderr.write(f"sweep: {error}\n")
        sys.exit(1)


def _run(sweeper: Launching, overrides: Sequence[Override]) -> None:
    """Launch the jobs that no run has finished yet."""
    built, git = BuildState.here(), git_state(Path())
    composer = Composer(sweeper.hydra_context.config_loader, sweeper.config)
    jobs = planned(overrides, composer, built)
    tracking: Tracking = jobs[0].params.build("tracking")
    sweep_id = digest_of(sorted(job.job_id for job in jobs))[:DIGITS]
    with held(f"sweep-{sweep_id}", wait=False) as is_mine:
        if not is_mine:
            raise SweepError("this very sweep is running already. Wait for it, or stop it.")
        sweep = parent.begun(jobs, built, git, sweep_id)
        parent_id = runs.open_parent(tracking, sweep)
        done = runs.jobs_done(tracking, [job.job_id for job in jobs])
        missing = [
            job
            for job in jobs
            if job.job_id not in done or done[job.job_id].status != "FINISHED"
        ]
        log.info("sweep %s: %d jobs, %d to run", sweep_id, len(jobs), len(missing))
        task = Task(
            sweep_id=sweep_id,
            parent=parent_id,
            names={job.job_id: job.name for job in jobs},
            kinships=kinships(jobs, built),
            built=built,
            git=git,
            threads=threads(OmegaConf.to_container(sweeper.config.hydra.launcher)),
        )
        try:
            if missing:
                sweeper.launch([list(job.overrides) for job in missing], task)
        except Exception:  # a worker that was killed takes its launcher along
            log.exception("the launcher gave up")
        except BaseException:
            runs.end_parent(tracking, parent_id, "KILLED")
            raise
        parent.sum_up(tracking, sweep, parent_id, jobs)
        for kinship in task.kinships.values():
            forget(kinship)


def threads(launcher: object) -> int:
    """Give each worker its share of the cores: one at least.

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
