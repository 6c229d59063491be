"""Search for good values between bounds with TPE; nested folds score the choice itself."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from joblib import cpu_count

from minecover.core.config import Params, composed
from minecover.core.errors import SweepError
from minecover.evaluation import Report, average_precision, compute_scores, site_predictions
from minecover.learning.calibration import calibrate
from minecover.pipeline.stages.evaluate import evaluation_settings, score_model
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
from minecover.pipeline.sweep.training_data import TrainingData, training_data, without
from minecover.tracking import log_run, runs
from minecover.tracking.provenance import GitState, digest_of, git_state
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)

#: Least number of folds of a nested search.
MIN_FOLDS = 3
#: A job that shares its fits with no other.
UNSHARED = SharedFits("", None, {None: ""}, is_shared=False)


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """The values that a search may choose from.

    Parameters
    ----------
    fixed : tuple of str
        Overrides of every trial.
    free : tuple of Override
        ``key=interval(0.02,0.3)``, ``key=tag(log,interval(1,100))`` or a list of values.
    base : Params
        The configuration composed with the fixed overrides; where a key holds an integer,
        integers are tried.
    """

    fixed: tuple[str, ...]
    free: tuple[Override, ...]
    base: Params

    @classmethod
    def of(cls, words: Sequence[str]) -> Space:
        """Parse overrides.

        Raises
        ------
        SweepError
            If no override lists values or bounds.
        """
        overrides = OverridesParser.create().parse_overrides(list(words))
        free = tuple(one for one in overrides if one.is_sweep_override())
        if not free:
            raise SweepError(
                f"a search needs a key to choose, found {list(words)}. Give it bounds or "
                "values, e.g. 'model.num_leaves=interval(7,63)' 'model.max_depth=10,20,null'."
            )
        fixed = tuple(w for w, one in zip(words, overrides, strict=True) if one not in free)
        return cls(fixed, free, composed(fixed))

    def check_nested(self) -> None:
        """Refuse what the search inside each fold would ignore, before anything is tried.

        It fits candidates on the rows and scores them by the aggregation, calibration and
        folds of the fixed overrides: only the model can differ between candidates.

        Raises
        ------
        SweepError
            If a key to choose is not the model's, or folds inside a fold are too few.
        """
        keys = [one.key_or_group for one in self.free]
        if others := [key for key in keys if key.partition(".")[0] != "model"]:
            raise SweepError(
                f"--nested chooses keys of the model alone, found {', '.join(others)} among "
                "those with several values: tables, rows, folds and scores are the same for "
                "all candidates of a fold. Fix one value for each of them, e.g. "
                f"{others[0]}=..., and search once for each value; or leave out --nested."
            )
        n_folds = int(self.base.value("folds.n"))
        if n_folds < MIN_FOLDS:
            raise SweepError(
                f"--nested needs at least {MIN_FOLDS} folds, so that two are left without the "
                f"one that is scored, found folds.n={n_folds}. Raise folds.n, and run "
                "`dvc repro`."
            )

    def chosen(self, trial: optuna.Trial) -> dict[str, str]:
        """Return the sampler's value of each free key."""
        return {one.get_key_element(): _suggested(trial, one, self.base) for one in self.free}

    def words(self, chosen: dict[str, str]) -> tuple[str, ...]:
        """Return the overrides of a trial."""
        return (*self.fixed, *(f"{key}={value}" for key, value in chosen.items()))


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
        optuna.logging.set_verbosity(optuna.logging.WARNING)
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
            names={job.job_id: job.name},
            shared_fits=shared_fits([job], built),
            built=built,
            git=git,
            threads=int(cpu_count()),
        )
        task.run(params)
        summary = runs.last_runs(tracking, [job.job_id])[job.job_id]
        return summary.metrics.get(sweep_run.SCORE, 0.0)

    first = Job(settings.space.fixed, {}, base, built.identity(base)[:DIGITS])
    record = replace(sweep_run.begun([first], built, git, sweep_id), name=f"search {words}")
    parent_id = runs.open_sweep_run(tracking, record)
    with sweep_run.ended_with_block(tracking, parent_id):
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
    model = score_model(base, sites)
    report = compute_scores(model, evaluation_settings(base))
    _log(base, job_run.JobResults(data, found, sites, model, report), choices, built, git)
    return report, choices


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
    began = job_run.begun(
        base, built, git, tags={"role": "nested choice"}, name="nested choice"
    )
    text = "Each fold is scored by the choice that was made without it:\n\n" + "\n".join(lines)
    began = replace(began, description=f"{began.description} {text}")
    with tempfile.TemporaryDirectory() as folder:
        log_run(tracking, job_run.ended(began, base, scored, Path(folder)))


def _suggested(trial: optuna.Trial, override: Override, base: Params) -> str:
    """Return the sampler's value of one key: between bounds, or one of a list."""
    key, value = override.get_key_element(), override.value()
    if not isinstance(value, IntervalSweep):
        return str(trial.suggest_categorical(key, list(override.sweep_string_iterator())))
    assert value.start is not None
    assert value.end is not None
    is_log = "log" in value.tags
    if isinstance(base.value(override.key_or_group), int):
        return str(trial.suggest_int(key, int(value.start), int(value.end), log=is_log))
    # Six digits: what is written is what is tried.
    return f"{trial.suggest_float(key, value.start, value.end, log=is_log):.6g}"
