"""Adopt a run: write its choices into conf/, and compose params.yaml from them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from minecover.core.composition import Composition, compose_conf, differing, leaves
from minecover.core.config import CONF, PARAMS, Params, composed, load_params, write_params
from minecover.core.errors import ConfigError
from minecover.pipeline.chosen import (
    CHOSEN,
    EXPERIMENT,
    LIST_GROUPS,
    Choices,
    list_options,
    option_tree,
    replacing_conf,
    select,
)
from minecover.tracking.runs import download_artifact, find_run
from minecover.tracking.types import Tracking

#: Name of the options that are written.
CHAMPION = "champion"
#: Keys that a run does not choose: where files are, how runs are started and compared.
NOT_CHOSEN = ("paths", "promotion", "sweep", "tracking.experiment", "tracking.folder")
#: Keys that say what data a run is about: the experiment that agrees with them is started from.
DATA = ("source", "labels", "sites", "context", "world", "tracking.registered_name")
#: A value that refers to others is written only where those do not give it: rounds of writing.
ROUNDS = 5


def adopt(run_id: str, *, conf: Path = CONF, params: Path = PARAMS) -> list[Path]:
    """Make the choices of a run the default build.

    Parameters
    ----------
    run_id : str
        Id of a finished run, of a sweep (its best run), or the beginning of an id; see
        `minecover.tracking.runs.find_run`.
    conf : Path
        Folder of the configuration. Its chosen.yaml selects the experiment `champion`.
    params : Path
        The params.yaml that is written.

    Returns
    -------
    list of Path
        The files of conf/ that were changed or deleted, and params.yaml.

    Raises
    ------
    RegistryError
        If there is no such run, or it has no params.yaml.
    ConfigError
        If conf/ cannot compose the parameters of the run; then nothing was written.
    """
    tracking: Tracking = load_params(params).build("tracking")
    found = find_run(tracking, run_id)
    with tempfile.TemporaryDirectory() as folder:
        path = download_artifact(tracking, found.run_id, PARAMS.name, Path(folder))
        wanted = load_params(path)
    changed = write_champion(wanted, f"run {found.run_id}", conf)
    write_params(composed(conf=conf), params)
    return [*changed, params]


def write_champion(wanted: Params, origin: str, conf: Path) -> list[Path]:
    """Write the options `champion` into conf/, and select them; all of it or nothing.

    Parameters
    ----------
    wanted : Params
        The parameters that conf/ composes afterwards, except the keys in `NOT_CHOSEN`.
    origin : str
        Where they come from, for the first line of the files and for messages.
    conf : Path
        Folder of the configuration.

    Returns
    -------
    list of Path
        The files of conf/ that were changed or deleted.

    Raises
    ------
    ConfigError
        If conf/ cannot compose them.
    """
    # Where files are is not adopted, but what refers to it is compared.
    words = [f"{key}={value}" for key, value in leaves(wanted.tree.get("paths", {}), "paths")]
    with replacing_conf(conf) as (trial, changed):
        choices = Choices(
            trial, CHAMPION, f"adopt` from {origin}", _nearest_experiment(trial, wanted, words)
        )
        start = compose_conf([select(choices.experiment), *words], trial)
        choices.choose("model", CHAMPION)
        for group, option in _choose_options(trial, wanted, start):
            choices.choose(group, option)
        # Whole, so that the champion stays as it is when the option it came from is edited.
        family = _nearest_option(trial / "model", wanted.value("model"), CHAMPION)
        choices.files["model"] = option_tree(trial / "model", [family])
        choices.write()
        _change_values(choices, wanted, words)
        _check_equal(wanted, Params(compose_conf(words, trial).tree), origin)
    return changed


def _nearest_experiment(conf: Path, wanted: Params, words: list[str]) -> str | None:
    """Return the experiment with the data of the wanted parameters; None where none has."""
    names = sorted(path.stem for path in (conf / EXPERIMENT).glob("*.yaml"))
    candidates = [None, *(name for name in names if name not in (CHAMPION, CHOSEN))]

    def distance(name: str | None) -> int:
        try:
            found = compose_conf([select(name), *words], conf)
        except ConfigError:  # it needs values that only a person can give
            return len(wanted.tree)
        keys = _chosen_differently(wanted, found.tree)
        return sum(f"{key}.".startswith(tuple(f"{one}." for one in DATA)) for key in keys)

    return min(candidates, key=distance)


def _choose_options(
    conf: Path, wanted: Params, found: Composition
) -> Iterator[tuple[str, str | list[str]]]:
    """Yield each group whose option must change, with the option closest to the wanted one."""
    for group in (*reversed(list(found.options)), *LIST_GROUPS):
        node = wanted.tree.get(group)
        if group == "model" or not node or node == found.tree.get(group):
            continue
        if group in LIST_GROUPS:
            yield group, list_options(conf / group, node)
        elif (best := _nearest_option(conf / group, node, found.options[group])) != (
            found.options[group]
        ):
            yield group, best


def _nearest_option(folder: Path, wanted: Mapping[str, object], default: str | None) -> str:
    """Return the option with the fewest values that differ from the wanted ones."""
    leaves_wanted = dict(leaves(wanted))
    # An earlier champion is written anew; the model's may be adopted again.
    left_out = (CHOSEN,) if folder.name == "model" else (CHOSEN, CHAMPION)
    distances = {
        path.stem: _count_differences(
            dict(leaves(option_tree(folder, [path.stem]))), leaves_wanted
        )
        for path in sorted(folder.glob("*.yaml"))
        if path.stem not in left_out
    }
    return min(distances, key=lambda name: (distances[name], name != default))


def _count_differences(option: Mapping[str, object], wanted: Mapping[str, object]) -> int:
    """Count the leaves of an option that differ from the wanted ones or are missing."""
    return sum(
        option.get(name, "-") != wanted.get(name, "-")
        for name in {**option, **wanted}
        if "${" not in str(option.get(name))
    )


def _change_values(choices: Choices, wanted: Params, words: list[str]) -> None:
    """Change what still differs, first the values that others may refer to."""
    old = dict(leaves(wanted.tree))
    before: list[str] = []
    for _ in range(ROUNDS):
        found = compose_conf(words, choices.conf)
        keys = _chosen_differently(wanted, found.tree)
        options = {**found.options, **choices.options}
        for key in [key for key in keys if key not in found.references] or keys:
            if key not in old:
                if _is_deleted(key, old) and choices.is_of_option(key):
                    choices.delete(key, options)
            elif keys == before:  # the experiment sets it itself, after the option
                choices.change_experiment(key, old[key])
            else:
                choices.change(key, old[key], options)
        choices.write()
        before = keys


def _is_deleted(key: str, wanted: Mapping[str, object]) -> bool:
    """Return whether nothing wanted lies at, above or below a key."""
    return not any(
        f"{key}.".startswith(f"{one}.") or f"{one}.".startswith(f"{key}.") for one in wanted
    )


def _check_equal(wanted: Params, found: Params, origin: str) -> None:
    """Refuse parameters that differ from the wanted ones, the order of features included."""
    if left := _chosen_differently(wanted, found.tree):
        raise ConfigError(
            f"conf/ cannot compose the parameters of {origin}: {', '.join(sorted(left)[:5])} "
            "would differ. The run had another conf/: check out its commit (tag git_commit) "
            "and adopt it there."
        )


def _chosen_differently(wanted: Params, found: Mapping[str, object]) -> list[str]:
    """Return the keys of leaves that differ or are missing on one side, as far as chosen."""
    keys = differing(wanted.tree, found)
    return [key for key in keys if not key.startswith(NOT_CHOSEN)]
