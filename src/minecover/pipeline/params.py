"""Keep the values given to `minecover params --write` in conf/, and compose params.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from minecover.core.composition import (
    Change,
    Composition,
    chosen_options,
    compose_conf,
    differing,
    parse,
)
from minecover.core.config import CONF, PARAMS, Params, write_params
from minecover.core.errors import ConfigError
from minecover.pipeline.choices import check_choices
from minecover.pipeline.chosen import (
    CHOSEN,
    EXPERIMENT,
    LIST_GROUPS,
    Choices,
    list_options,
    read_choices,
    replacing_conf,
    select,
)

#: The first line of the files that are written.
ORIGIN = "params --write`"
#: The group of what `minecover sweep` tries: of a build it chooses nothing itself.
SWEEP = "sweep"


def write(words: Sequence[str], *, conf: Path = CONF, params: Path = PARAMS) -> list[Path]:
    """Add overrides to what is chosen in conf/, and compose params.yaml from it.

    An experiment among them starts anew: earlier choices are left behind.

    Parameters
    ----------
    words : sequence of str
        Overrides in Hydra's grammar; paths as they are.
    conf, params : Path
        Folder of the configuration, and the params.yaml that is written.

    Returns
    -------
    list of Path
        The files of conf/ that were changed or deleted, and params.yaml.

    Raises
    ------
    MinecoverError
        If the choices do not compose, or do not go together; then nothing was written.
    """
    wanted = compose_conf(words, conf)
    found = Params(wanted.tree)
    with replacing_conf(conf) as (trial, changed):
        keep(words, wanted, trial)
        # Read after the build, when a name that MLflow refuses would be found too late.
        found.build("tracking")
        check_choices(found)
    write_params(found, params)
    return [*changed, params]


def keep(words: Sequence[str], wanted: Composition, conf: Path) -> None:
    """Write overrides into conf/, so that it composes the same without them.

    Parameters
    ----------
    words : sequence of str
        See `write`.
    wanted : Composition
        What conf/ composes with them.
    conf : Path
        Folder of the configuration.

    Raises
    ------
    ConfigError
        If an override cannot be kept.
    """
    changes = [parse(word) for word in words]
    choices = _with_options(changes, wanted, conf)
    lists = {
        group: list_options(conf / group, wanted.tree.get(group) or {}) for group in LIST_GROUPS
    }
    options = {**wanted.options, **lists, **choices.options}
    values = [one for one in changes if not _is_group(one, conf)]
    for one in values:
        if one.is_deletion:
            choices.delete(one.key, options)
        else:
            choices.change(one.key, one.value, options)
    choices.write()
    left = differing(wanted.tree, compose_conf([], conf).tree)
    # What the experiment itself sets in an option comes after that option.
    again = [
        one
        for one in values
        if not one.is_deletion and any(f"{key}.".startswith(f"{one.key}.") for key in left)
    ]
    if again:
        for one in again:
            choices.change_experiment(one.key, one.value)
        choices.write()
        left = differing(wanted.tree, compose_conf([], conf).tree)
    if left:
        raise ConfigError(
            f"{' '.join(words)} cannot be kept in conf/: {', '.join(left[:5])} would differ. "
            "Write an option of your own (a file in a folder of conf/), and choose that."
        )


def _with_options(changes: Sequence[Change], wanted: Composition, conf: Path) -> Choices:
    """Return what is chosen, with the options of groups that overrides choose."""
    experiment = wanted.options.get(EXPERIMENT)
    choices = (
        read_choices(conf, ORIGIN)
        if experiment == CHOSEN
        else Choices(conf, CHOSEN, ORIGIN, experiment)
    )
    for group, before in chosen_options([select(experiment)], conf).items():
        option = wanted.options.get(group)
        if group not in (EXPERIMENT, SWEEP) and option != before:
            choices.choose(group, option)
    for one in changes:
        if one.key in LIST_GROUPS and isinstance(one.value, str | list):
            choices.choose(one.key, one.value)
    return choices


def _is_group(change: Change, conf: Path) -> bool:
    """Return whether an override chooses options of a group, or is none of a build's."""
    is_mapping = isinstance(change.value, dict)
    return change.key.startswith("hydra") or ((conf / change.key).is_dir() and not is_mapping)
