"""The values that a search may choose from, checked before the first candidate is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException

from minecover.core.composition import leaves, one_line
from minecover.core.config import CONF, Params, composed
from minecover.core.errors import ConfigError, SweepError
from minecover.core.overrides import not_composed, unknown_key

#: Least number of folds of a nested search.
MIN_FOLDS = 3
#: The one word that ``tag`` may give to bounds: values are tried on a logarithmic scale.
LOG = "log"


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
        """Parse overrides, and check the bounds among them.

        Raises
        ------
        ConfigError
            If an override cannot be read, or bounds are given to a key that does not exist.
        SweepError
            If no override lists values or bounds, or bounds hold no value.
        """
        try:
            overrides = OverridesParser.create().parse_overrides(list(words))
        except HydraException as error:
            raise ConfigError(not_composed(one_line(error), words, CONF)) from error
        free = tuple(one for one in overrides if one.is_sweep_override())
        if not free:
            raise SweepError(
                f"a search needs a key to choose, found {' '.join(words) or 'none'}. Give it "
                "bounds or values, e.g. 'model.num_leaves=interval(7,63)' "
                "'model.max_depth=10,20,null'."
            )
        fixed = tuple(w for w, one in zip(words, overrides, strict=True) if one not in free)
        base = composed(fixed)
        for override in free:
            _check_bounds(override, base)
        return cls(fixed, free, base)

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


def _check_bounds(override: Override, base: Params) -> None:
    """Refuse bounds that hold no value, and bounds of a key that holds no number."""
    bounds, key = override.value(), override.key_or_group
    if not isinstance(bounds, IntervalSweep):
        return
    known = dict(leaves(base.tree))
    if key not in known:
        raise ConfigError(f"{unknown_key(key, CONF)}.")
    if isinstance(known[key], bool | str | list):
        raise SweepError(
            f"{key} is {known[key]!r}, which lies between no bounds. List its values instead: "
            f"{key}=...,..."
        )
    if others := sorted(bounds.tags - {LOG}):
        raise SweepError(
            f"{override.input_line} is tagged {', '.join(others)}. The one tag is {LOG}, for a "
            f"logarithmic scale: {key}=tag({LOG},interval({bounds.start:g},{bounds.end:g}))."
        )
    assert bounds.start is not None
    assert bounds.end is not None
    if bounds.start > bounds.end:
        raise SweepError(
            f"{override.input_line} holds no value. Write the lower bound first: "
            f"{key}=interval({bounds.end:g},{bounds.start:g})."
        )
    if LOG in bounds.tags and bounds.start <= 0:
        raise SweepError(
            f"{override.input_line} begins at {bounds.start:g}, where a logarithmic scale has "
            "no value. Begin above 0, or leave out the tag."
        )


def _suggested(trial: optuna.Trial, override: Override, base: Params) -> str:
    """Return the sampler's value of one key: between bounds, or one of a list."""
    key, value = override.get_key_element(), override.value()
    if not isinstance(value, IntervalSweep):
        return str(trial.suggest_categorical(key, list(override.sweep_string_iterator())))
    assert value.start is not None
    assert value.end is not None
    is_log, now = LOG in value.tags, base.value(override.key_or_group)
    # A key without a value, as max_depth=null, takes what the bounds are: whole numbers or not.
    if isinstance(now, int) or (now is None and float(value.start + value.end).is_integer()):
        return str(trial.suggest_int(key, int(value.start), int(value.end), log=is_log))
    # Six digits: what is written is what is tried.
    return f"{trial.suggest_float(key, value.start, value.end, log=is_log):.6g}"
