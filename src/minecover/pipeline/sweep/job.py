"""One job: learn out of fold, score, draw, and tell MLflow all of it."""

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
from minecover.evaluation import scores
from minecover.learning.calibration import calibrated
from minecover.pipeline.stages.evaluate import judge, yardstick_of
from minecover.pipeline.sweep import job_run as child
from minecover.pipeline.sweep.build_state import BuildState
from minecover.pipeline.sweep.composition import resolved
from minecover.pipeline.sweep.fold_scores import Kinship, fold_scores, laid_out
from minecover.pipeline.sweep.jobs import DIGITS
from minecover.pipeline.sweep.locks import core, held
from minecover.pipeline.sweep.training_data import lesson
from minecover.tracking import runs
from minecover.tracking.provenance import GitState
from minecover.tracking.record import Record
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)

#: Asked by joblib, and so by all that is done side by side within a worker.
CORES = "LOKY_MAX_CPU_COUNT"


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What a worker does with the configuration that Hydra gives it.

    Parameters
    ----------
    sweep_id, parent : str
        The sweep, and its run.
    names : mapping of str
        What the runs are called, by job_id.
    kinships : mapping of Kinship
        By job_id.
    built : BuildState
    git : GitState
    threads : int
        Of one worker. Workers beyond the cores take turns.
    """

    sweep_id: str
    parent: str
    names: Mapping[str, str]
    kinships: Mapping[str, Kinship]
    built: BuildState
    git: GitState
    threads: int

    def __call__(self, config: DictConfig) -> str:
        """Run the job that Hydra composed."""
        return self.run(resolved(config))

    def run(self, params: Params) -> str:
        """Run a job unless it was finished before; give the id of its run, or nothing.

        What goes wrong is noted in the store, so that the other jobs go on.
        """
        job_id = self.built.identity(params)[:DIGITS]
        tracking: Tracking = params.build("tracking")
        with held(f"job-{job_id}"):
            if known := runs.finished(tracking, job_id):
                return known
            runs.bury(tracking, job_id)
            began = child.begun(
                params,
                self.built,
                self.git,
                tags={runs.JOB: job_id, runs.SWEEP: self.sweep_id},
                name=self.names[job_id],
            )
            places = max(1, cpu_count() // self.threads)
            try:
                with (
                    runs.child(tracking, began, parent=self.parent) as finish,
                    core(places),
                    limited(self.threads),
                    tempfile.TemporaryDirectory() as folder,
                ):
                    finish(self._done(params, began, self.kinships[job_id], Path(folder)))
            except Exception:  # of any kind: a sweep outlives its jobs
                log.exception("%s failed", self.names[job_id])
                return ""
            return str(runs.finished(tracking, job_id))

    def _done(self, params: Params, began: Record, kinship: Kinship, folder: Path) -> Record:
        """Learn, score and draw; the record says what took how long."""
        start = time.perf_counter()
        family, recipe = params.build("model"), params.build("design.recipe")
        recipe.check(family)
        given = lesson(params, self.built.data)
        shutil.copy(child.audited(params, given, self.built), folder)
        before = time.perf_counter()
        found = fold_scores(family, recipe, given, kinship)
        after = time.perf_counter()
        sites, _ = calibrated(laid_out(given, found), params.value("design.calibration"))
        judged = judge(params, sites)
        report = scores(judged, yardstick_of(params))
        done = child.ended(
            began, params, child.Scored(given, found, sites, judged, report), folder
        )
        seconds = {
            "fit_and_predict": after - before,
            "rest": time.perf_counter() - after + before - start,
        }
        return replace(done, metrics={**done.metrics, "seconds": seconds})


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Let joblib count so many cores."""
    before = os.environ.get(CORES)
    os.environ[CORES] = str(threads)
    try:
        yield
    finally:
        if before is None:
            del os.environ[CORES]
        else:
            os.environ[CORES] = before
