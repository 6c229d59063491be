"""One job of a sweep: train out of fold, score, draw, and log everything to MLflow."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from joblib import cpu_count
from omegaconf import DictConfig

from minecover.core.config import Params
from minecover.core.errors import report_error
from minecover.learning.calibration import calibrate
from minecover.pipeline.sweep import job_run
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.fold_probabilities import SharedFits, by_site, fold_probabilities
from minecover.pipeline.sweep.jobs import DIGITS, resolved
from minecover.pipeline.sweep.sharing import core_slot, shared_lock
from minecover.pipeline.sweep.training_data import training_data
from minecover.tracking import runs, sweep_runs
from minecover.tracking.provenance import GitState
from minecover.tracking.record import ADOPTABLE, JOB_RUN, Record
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)

#: joblib reads the number of cores from this variable.
CORES = "LOKY_MAX_CPU_COUNT"


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Run one job in a worker, on the configuration that Hydra composed.

    Parameters
    ----------
    sweep_id, parent : str
        Digest of the sweep, and the id of its MLflow run.
    names : mapping of str
        Names of the runs, by job_id.
    shared_fits : mapping of SharedFits
        Jobs whose fits are shared, by job_id.
    built : BuildState
        The tables that DVC built.
    git : GitState
        State of the checkout when the sweep was started.
    threads : int
        Threads of one worker. If there are more workers than cores, they take turns.
    """

    sweep_id: str
    parent: str
    names: Mapping[str, str]
    shared_fits: Mapping[str, SharedFits]
    built: BuildState
    git: GitState
    threads: int

    def __call__(self, config: DictConfig) -> str:
        """Run the job that Hydra composed."""
        return self.run(resolved(config))

    def run(self, params: Params) -> str:
        """Run a job unless a finished run of it exists.

        An error ends this job as FAILED, with its traceback in the run; the other jobs go on.

        Returns
        -------
        str
            Id of the finished run; empty if the job failed.
        """
        job_id = self.built.identity(params)[:DIGITS]
        tracking: Tracking = params.build("tracking")
        with shared_lock(f"job-{job_id}"):
            if known := runs.finished_run(tracking, job_id):
                return known
            sweep_runs.mark_killed(tracking, tag=runs.JOB, value=job_id)
            began = job_run.begun(
                params,
                self.built,
                self.git,
                kind=JOB_RUN,
                tags={runs.JOB: job_id, runs.SWEEP: self.sweep_id, ADOPTABLE: "true"},
                name=self.names[job_id],
            )
            slots = max(1, cpu_count() // self.threads)
            try:
                with (
                    sweep_runs.job_run(tracking, began, parent=self.parent) as finish,
                    core_slot(slots),
                    limit_cores(self.threads),
                    tempfile.TemporaryDirectory() as folder,
                ):
                    finish(self._done(params, began, self.shared_fits[job_id], Path(folder)))
            except Exception as error:  # of any kind: a sweep outlives its jobs
                report_error(error, self.names[job_id])  # its traceback, if asked for
                log.error("%s failed: %s", self.names[job_id], type(error).__name__)
                return ""
            return str(runs.finished_run(tracking, job_id))

    def _done(self, params: Params, began: Record, shared: SharedFits, folder: Path) -> Record:
        """Train, score and draw; the record holds the seconds that each took."""
        start = time.perf_counter()
        family, recipe = params.build("model"), params.build("design.recipe")
        recipe.check(family)
        data = training_data(params, self.built.data)
        shutil.copy(job_run.audited(params, data, self.built), folder)
        before = time.perf_counter()
        found = fold_probabilities(family, recipe, data, shared)
        after = time.perf_counter()
        sites, _ = calibrate(by_site(data, found), params.value("design.calibration"))
        results = job_run.JobResults.of(params, data, found, sites)
        done = job_run.ended(began, params, results, folder)
        seconds = {
            "seconds.fit_and_predict": after - before,
            "seconds.rest": time.perf_counter() - after + before - start,
        }
        return replace(done, metrics={**done.metrics, **seconds})


@contextmanager
def limit_cores(threads: int) -> Iterator[None]:
    """Let joblib use this many cores."""
    before = os.environ.get(CORES)
    os.environ[CORES] = str(threads)
    try:
        yield
    finally:
        if before is None:
            del os.environ[CORES]
        else:
            os.environ[CORES] = before
