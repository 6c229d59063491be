"""Look for good values between bounds with TPE; nested folds say what the choice is worth."""

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
from minecover.evaluation import Report, average_precision, scores, site_scores
from minecover.learning.calibration import calibrated
from minecover.pipeline.stages.evaluate import judge, yardstick_of
from minecover.pipeline.sweep import job_run as child
from minecover.pipeline.sweep import sweep_run as parent
from minecover.pipeline.sweep.build_state import BuildState, refuse_stale
from minecover.pipeline.sweep.fold_scores import (
    FoldScores,
    Kinship,
    fold_scores,
    laid_out,
    score_fold,
)
from minecover.pipeline.sweep.job import Task
from minecover.pipeline.sweep.jobs import DIGITS, Job, kinships
from minecover.pipeline.sweep.training_data import Lesson, lesson, without
from minecover.tracking import log_run, runs
from minecover.tracking.provenance import GitState, digest_of, git_state
from minecover.tracking.types import Tracking

log = logging.getLogger(__name__)

#: A model that shares its scores with nobody.
ALONE = Kinship("", None, {None: ""}, is_shared=False)


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """What a search may choose from.

    Parameters
    ----------
    fixed : tuple of str
        Overrides that every trial has.
    free : tuple of Override
        ``key=interval(0.02,0.3)``, ``key=tag(log,interval(1,100))`` or a list of values.
    base : Params
        What the fixed ones compose to; where a key holds a whole number, it gets such.
    """

    fixed: tuple[str, ...]
    free: tuple[Override, ...]
    base: Params

    @classmethod
    def of(cls, words: Sequence[str]) -> Space:
        """Read it from a command line.

        Raises
        ------
        SweepError
            If nothing is left to choose.
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

    def chosen(self, trial: optuna.Trial) -> dict[str, str]:
        """Ask the sampler for a value of each key."""
        return {
            (key := one.get_key_element()): _suggested(
                trial, one, is_whole=isinstance(self.base.value(key), int)
            )
            for one in self.free
        }

    def words(self, chosen: dict[str, str]) -> tuple[str, ...]:
        """Write overrides."""
        return (*self.fixed, *(f"{key}={value}" for key, value in chosen.items()))


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """How a search is done.

    Parameters
    ----------
    space : Space
    trials : int
        Candidates of each study.
    seed : int
        Of the sampler: the same search tries the same candidates again, and so goes on where
        it was stopped.
    """

    space: Space
    trials: int
    seed: int

    def study(self, value: Callable[[dict[str, str]], float]) -> dict[str, str]:
        """Try candidates; give the best one."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=self.seed)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        tried: list[dict[str, str]] = []

        def objective(trial: optuna.Trial) -> float:
            tried.append(self.space.chosen(trial))
            return value(tried[-1])

        study.optimize(objective, n_trials=self.trials)
        return tried[study.best_trial.number]


def search(asked: Search) -> None:
    """Try candidates as runs of a sweep whose table is printed.

    Raises
    ------
    SweepError
        If the tables do not hold what is asked, or candidates failed.
    """
    built, git = BuildState.here(), git_state(Path())
    base = asked.space.base
    refuse_stale(built, {asked.space.fixed: base})
    tracking: Tracking = base.build("tracking")
    words = " ".join(one.input_line or "" for one in asked.space.free)
    sweep_id = digest_of([words, asked.space.fixed, asked.trials, asked.seed])[:DIGITS]
    jobs: dict[str, Job] = {}

    def value(chosen: dict[str, str]) -> float:
        words = asked.space.words(chosen)
        params = composed(words)
        refuse_stale(built, {words: params})
        job = Job(words, chosen, params, built.identity(params)[:DIGITS])
        jobs[job.job_id] = job
        task = Task(
            sweep_id=sweep_id,
            parent=parent_id,
            names={job.job_id: job.name},
            kinships=kinships([job], built),
            built=built,
            git=git,
            threads=int(cpu_count()),
        )
        task.run(params)
        told = runs.jobs_done(tracking, [job.job_id])[job.job_id]
        return told.metrics.get(parent.SCORE, 0.0)

    first = Job(asked.space.fixed, {}, base, built.identity(base)[:DIGITS])
    record = replace(parent.begun([first], built, git, sweep_id), name=f"search {words}")
    parent_id = runs.open_parent(tracking, record)
    asked.study(value)
    description = f"{len(jobs)} candidates of a search (TPE), tagged `sweep_id={sweep_id}`."
    parent.sum_up(
        tracking, replace(record, description=description), parent_id, list(jobs.values())
    )


def nested(asked: Search) -> tuple[Report, list[dict[str, str]]]:
    """Search anew for every fold on the ground of the others, and score what was chosen there.

    The best of many candidates looks better than it is on the folds that chose it. Here each
    fold is scored by a candidate that was chosen without it.

    Returns
    -------
    report : nested dict
        Scores of the choice, as reports/metrics.json has them.
    choices : list of dict
        What was chosen without each fold.
    """
    built, git = BuildState.here(), git_state(Path())
    base = asked.space.base
    refuse_stale(built, {asked.space.fixed: base})
    given = lesson(base, built.data)
    choices, found = [], list[FoldScores]()
    for fold in range(len(given.split.near)):
        inside = without(given, fold, base.build("design.recipe"))

        def value(chosen: dict[str, str], inside: Lesson = inside) -> float:
            return _inner_score(composed(asked.space.words(chosen)), inside)

        choices.append(asked.study(value))
        params = composed(asked.space.words(choices[-1]))
        family, recipe = params.build("model"), params.build("design.recipe")
        found.append(score_fold(family, recipe, given, ALONE, fold)[None])
        log.info("fold %d chose %s", fold, " ".join(asked.space.words(choices[-1])))
    sites, _ = calibrated(laid_out(given, found), base.value("design.calibration"))
    judged = judge(base, sites)
    report = scores(judged, yardstick_of(base))
    _log(base, child.Scored(given, found, sites, judged, report), choices, built, git)
    return report, choices


def _inner_score(params: Params, inside: Lesson) -> float:
    """Average precision of the locations over inner folds."""
    family, recipe = params.build("model"), params.build("design.recipe")
    recipe.check(family)
    raw = laid_out(inside, fold_scores(family, recipe, inside, ALONE))
    sites, _ = calibrated(raw, params.value("design.calibration"))
    scored = [site_scores(site, params.build("aggregation")) for site in sites]
    return average_precision(
        np.concatenate([site.location_score for site in scored]),
        np.concatenate([site.targets(against_truth=False) for site in scored]),
    )


def _log(
    base: Params,
    scored: child.Scored,
    choices: list[dict[str, str]],
    built: BuildState,
    git: GitState,
) -> None:
    """Log what nested folds say as a run like any other."""
    tracking: Tracking = base.build("tracking")
    lines = [
        f"* without fold {fold}: "
        + ", ".join(f"`{key}={value}`" for key, value in each.items())
        for fold, each in enumerate(choices)
    ]
    began = child.begun(base, built, git, tags={"role": "nested choice"}, name="nested choice")
    told = "Each fold is scored by what was chosen without it:\n\n" + "\n".join(lines)
    began = replace(began, description=f"{began.description} {told}")
    with tempfile.TemporaryDirectory() as folder:
        log_run(tracking, child.ended(began, base, scored, Path(folder)))


def _suggested(trial: optuna.Trial, override: Override, *, is_whole: bool) -> str:
    """Ask for one value: between bounds, or one of a list."""
    key, value = override.get_key_element(), override.value()
    if not isinstance(value, IntervalSweep):
        return str(trial.suggest_categorical(key, list(override.sweep_string_iterator())))
    assert value.start is not None
    assert value.end is not None
    is_log = "log" in value.tags
    if is_whole:
        return str(trial.suggest_int(key, int(value.start), int(value.end), log=is_log))
    # Six digits: what is written is what is tried.
    return f"{trial.suggest_float(key, value.start, value.end, log=is_log):.6g}"
