"""Search for good values between bounds with TPE; nested folds score the choice itself."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import optuna
from joblib import cpu_count

from minecover.core.config import Params, composed
from minecover.evaluation import Report, average_precision, site_predictions
from minecover.learning.calibration import calibrate
from minecover.pipeline.sweep import job_run, sweep_run
from minecover.pipeline.sweep.build_state import BuildState, refuse_stale
from minecover.pipeline.sweep.fold_probabilities import (
    FoldProbabilities,
    SharedFits,
    by_site,
    fold_probabilities,
    predict_fold,
)
from minecover.pipeline.sweep.job import Task
from minecover.pipeline.sweep.jobs import DIGITS, Job, shared_fits
from minecover.pipeline.sweep.lifetime import opened_sweep
from minecover.pipeline.sweep.naming import run_names, short_key
from minecover.pipeline.sweep.search_space import Space
from minecover.pipeline.sweep.training_data import TrainingData, training_data, without
from minecover.tracking import log_run, runs
from minecover.tracking.provenance import GitState, digest_of, git_state
from minecover.tracking.record import NESTED
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)

#: A job that shares its fits with no other.
UNSHARED = SharedFits("", None, {None: ""}, is_shared=False)


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The settings of a search.

    Parameters
    ----------
    space : Space
        What may be chosen.
    trials : int
        Number of candidates.
    seed : int
        Seed of the sampler. The same search tries the same candidates again, and so continues
        where it was stopped.
    """

    space: Space
    trials: int
    seed: int

    def study(self, value: Callable[[dict[str, str]], float]) -> dict[str, str]:
        """Try candidates; return the best one."""
        # It would log the traceback of what is raised here, and raise it as well.
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(seed=self.seed)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        tried: list[dict[str, str]] = []

        def objective(trial: optuna.Trial) -> float:
            tried.append(self.space.chosen(trial))
            return value(tried[-1])

        study.optimize(objective, n_trials=self.trials)
        return tried[study.best_trial.number]


def search(settings: Search) -> None:
    """Try candidates as runs of a sweep, and print its table.

    Raises
    ------
    SweepError
        If the tables were built with other values, or candidates failed.
    """
    built, git = BuildState.here(), git_state(Path())
    base = settings.space.base
    refuse_stale(built, {settings.space.fixed: base})
    tracking: Tracking = base.build("tracking")
    words = " ".join(one.input_line or "" for one in settings.space.free)
    sweep_id = digest_of([words, settings.space.fixed, settings.trials, settings.seed])[:DIGITS]
    jobs: dict[str, Job] = {}

    def value(chosen: dict[str, str]) -> float:
        words = settings.space.words(chosen)
        params = composed(words)
        refuse_stale(built, {words: params})
        job = Job(words, chosen, params, built.identity(params)[:DIGITS])
        jobs[job.job_id] = job
        task = Task(
            sweep_id=sweep_id,
            parent=parent_id,
            names=run_names(tracking, [job]),
            shared_fits=shared_fits([job], built),
            built=built,
            git=git,
            threads=int(cpu_count()),
        )
        task.run(params)
        found = runs.last_runs(tracking, [job.job_id]).get(job.job_id)
        return found.metrics.get(sweep_run.SCORE, 0.0) if found else 0.0

    first = Job(settings.space.fixed, {}, base, built.identity(base)[:DIGITS])
    keys = [short_key(one.get_key_element()) for one in settings.space.free]
    record = replace(
        sweep_run.begun([first], built, git, sweep_id),
        name=f"search {', '.join(keys)}: {settings.trials} trials",
    )
    with opened_sweep(tracking, record) as parent_id:
        settings.study(value)
        description = f"{len(jobs)} candidates of a search (TPE), tagged `sweep_id={sweep_id}`."
        sweep_run.finish_sweep(
            tracking, replace(record, description=description), parent_id, list(jobs.values())
        )


def nested(settings: Search) -> tuple[Report, list[dict[str, str]]]:
    """Search once more for every fold on the other folds alone, and score that choice.

    The best of many candidates has a score that is too good on the folds that chose it. Here
    each fold is scored by a candidate that was chosen without it.

    Returns
    -------
    report : nested dict
        Scores of the choice, as in reports/metrics.json.
    choices : list of dict
        The choice made without each fold.

    Raises
    ------
    SweepError
        See `Space.check_nested`; or the tables were built with other values.
    """
    settings.space.check_nested()
    built, git = BuildState.here(), git_state(Path())
    base = settings.space.base
    refuse_stale(built, {settings.space.fixed: base})
    data = training_data(base, built.data)
    choices, found = [], list[FoldProbabilities]()
    for fold in range(len(data.split.near)):
        inside = without(data, fold, base.build("design.recipe"))

        def value(chosen: dict[str, str], inside: TrainingData = inside) -> float:
            return _inner_score(composed(settings.space.words(chosen)), inside)

        choices.append(settings.study(value))
        params = composed(settings.space.words(choices[-1]))
        family, recipe = params.build("model"), params.build("design.recipe")
        found.append(predict_fold(family, recipe, data, UNSHARED, fold)[None])
        log.info("fold %d chose %s", fold, " ".join(settings.space.words(choices[-1])))
    sites, _ = calibrate(by_site(data, found), base.value("design.calibration"))
    results = job_run.JobResults.of(base, data, found, sites)
    _log(base, results, choices, built, git)
    return results.report, choices


def _inner_score(params: Params, inside: TrainingData) -> float:
    """Return the average precision of the locations over inner folds."""
    family, recipe = params.build("model"), params.build("design.recipe")
    recipe.check(family)
    raw = by_site(inside, fold_probabilities(family, recipe, inside, UNSHARED))
    sites, _ = calibrate(raw, params.value("design.calibration"))
    scored = [site_predictions(site, params.build("aggregation")) for site in sites]
    return average_precision(
        np.concatenate([site.location_probability for site in scored]),
        np.concatenate([site.targets(against_truth=False) for site in scored]),
    )


def _log(
    base: Params,
    scored: job_run.JobResults,
    choices: list[dict[str, str]],
    built: BuildState,
    git: GitState,
) -> None:
    """Log the scores over nested folds as a run."""
    tracking: Tracking = base.build("tracking")
    lines = [
        f"* without fold {fold}: "
        + ", ".join(f"`{key}={value}`" for key, value in each.items())
        for fold, each in enumerate(choices)
    ]
    began = job_run.begun(base, built, git, kind=NESTED, tags={}, name="nested choice")
    with tempfile.TemporaryDirectory() as folder:
        ended = job_run.ended(began, base, scored, Path(folder))
        text = "Each fold is scored by the choice that was made without it:\n\n"
        text += "\n".join(lines)
        log_run(tracking, replace(ended, description=f"{ended.description}\n\n{text}"))
