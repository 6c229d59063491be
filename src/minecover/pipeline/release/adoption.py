"""Adopt a run: write its choices into conf/, and compose params.yaml from them."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from minecover.core.config import (
    CONF,
    PARAMS,
    Params,
    composed,
    leaves,
    load_params,
    write_params,
)
from minecover.core.errors import ConfigError
from minecover.core.files import write_text
from minecover.tracking.runs import download_artifact
from minecover.tracking.types import Tracking

#: Name of the options that are written, in the groups `model` and `experiment`.
CHAMPION = "champion"
MODEL, EXPERIMENT = Path("model", f"{CHAMPION}.yaml"), Path("experiment", f"{CHAMPION}.yaml")
CONFIG = Path("config.yaml")
#: Keys that a run does not choose: where files are, how runs are started and compared.
NOT_CHOSEN = ("paths", "promotion", "sweep", "tracking.experiment", "tracking.folder")
#: Groups that take a list of options.
LIST_GROUPS = ("masks", "table")


def adopt(run_id: str, *, conf: Path = CONF, params: Path = PARAMS) -> list[Path]:
    """Make the choices of a run the default build.

    Parameters
    ----------
    run_id : str
        Id of a finished run of a sweep, or of a registered build.
    conf : Path
        Folder of the configuration. Its config.yaml gets the default experiment `champion`.
    params : Path
        The params.yaml that is written.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    RegistryError
        If there is no such run, or it has no params.yaml.
    ConfigError
        If conf/ cannot compose the parameters of the run; then nothing was written.
    """
    tracking: Tracking = load_params(params).build("tracking")
    with tempfile.TemporaryDirectory() as folder:
        wanted = load_params(download_artifact(tracking, run_id, PARAMS.name, Path(folder)))
    write_champion(wanted, f"run {run_id}", conf)
    write_params(composed(conf=conf), params)
    return [*(conf / name for name in (MODEL, EXPERIMENT, CONFIG)), params]


def write_champion(wanted: Params, origin: str, conf: Path) -> None:
    """Write the options `champion` into conf/, all of them or none.

    Parameters
    ----------
    wanted : Params
        The parameters that conf/ composes afterwards, except the keys in `NOT_CHOSEN`.
    origin : str
        Where they come from, for the first line of the files and for messages.
    conf : Path
        Folder of the configuration.

    Raises
    ------
    ConfigError
        If conf/ cannot compose them.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, "conf")
        shutil.copytree(conf, trial)
        experiment = _Experiment(
            trial, origin, {"model": CHAMPION}, {"seed": wanted.value("seed")}
        )
        write_text(trial / MODEL, experiment.header + _to_yaml(_model_config(wanted)))
        config = (trial / CONFIG).read_text(encoding="utf-8")
        config = re.sub(r"(?m)^(\s*- experiment:) .*$", rf"\1 {CHAMPION}", config)
        write_text(trial / CONFIG, config)
        experiment.options |= dict(_choose_options(trial, wanted, experiment.compose()))
        for key, value in _differing_leaves(wanted, experiment.compose()).items():
            _set_leaf(experiment.keys, key.split("."), value)
        _check_equal(wanted, experiment.compose(), origin)
        for name in (MODEL, EXPERIMENT, CONFIG):
            write_text(conf / name, (trial / name).read_text(encoding="utf-8"))


@dataclass(slots=True)
class _Experiment:
    """The experiment `champion` while it is built: options of groups, and its own keys."""

    conf: Path
    origin: str
    options: dict[str, object]
    keys: dict[str, object]

    @property
    def header(self) -> str:
        """The comment with the origin of a file."""
        return f"# Written by `minecover adopt` from {self.origin}.\n"

    def compose(self) -> Params:
        """Write the experiment, and return the parameters that conf/ composes with it."""
        overrides = [{f"override /{group}": name} for group, name in self.options.items()]
        body = _to_yaml({"defaults": overrides, **self.keys})
        write_text(self.conf / EXPERIMENT, f"# @package _global_\n{self.header}{body}")
        return composed(conf=self.conf)


def _model_config(wanted: Params) -> dict[str, object]:
    """Return the model's configuration; its seed refers to that of config.yaml if equal."""
    seed = wanted.value("seed")
    return {
        key: "${seed}" if key == "seed" and value == seed else value
        for key, value in wanted.value("model").items()
    }


def _check_equal(wanted: Params, found: Params, origin: str) -> None:
    """Refuse parameters that differ from the wanted ones, the order of features included."""
    left = _differing_leaves(found, wanted) | _differing_leaves(wanted, found)
    if left or list(wanted.value("features")) != list(found.value("features")):
        raise ConfigError(
            f"conf/ cannot compose the parameters of {origin}: "
            f"{', '.join(sorted(left)[:5]) or 'the order of features'} would differ. The run "
            "had another conf/: check out its commit (tag git_commit) and adopt it there."
        )


def _choose_options(conf: Path, wanted: Params, found: Params) -> Iterator[tuple[str, object]]:
    """Yield each group whose option must change, with the option closest to the wanted one."""
    defaults = yaml.safe_load((conf / CONFIG).read_text(encoding="utf-8"))["defaults"]
    groups = (pair for line in defaults if isinstance(line, dict) for pair in line.items())
    for group, default in groups:
        known = group in wanted.tree and group in found.tree and group != "model"
        if not known or wanted.value(group) == found.value(group):
            continue
        if group in LIST_GROUPS:
            yield group, _list_options(conf / group, wanted.value(group))
            continue
        wanted_leaves = dict(leaves(wanted.value(group)))
        distances = {
            path.stem: _count_differences(dict(_option_leaves(path)), wanted_leaves)
            for path in sorted((conf / group).glob("*.yaml"))
        }
        best = min(distances, key=lambda name: (distances[name], name != default))
        if best != default:
            yield group, best


def _option_leaves(path: Path) -> Iterator[tuple[str, object]]:
    """Yield the uncomposed leaves of an option, those of its own defaults first."""
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name in tree.pop("defaults", []):
        if isinstance(name, str) and name != "_self_":
            yield from _option_leaves(path.with_name(f"{name}.yaml"))
    yield from leaves(tree)


def _count_differences(option: Mapping[str, object], wanted: Mapping[str, object]) -> int:
    """Count the leaves of an option that differ from the wanted ones or are missing."""
    return sum(
        option.get(name, "-") != wanted.get(name, "-")
        for name in {**option, **wanted}
        if "${" not in str(option.get(name))
    )


def _list_options(folder: Path, wanted: Mapping[str, object]) -> list[str]:
    """Return the options whose entries are all wanted, in the order of the entries."""
    order = list(wanted)
    entries = {
        path.stem: list(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.yaml"))
    }
    chosen = {name: keys for name, keys in entries.items() if set(keys) <= set(order)}
    return sorted(chosen, key=lambda name: order.index(chosen[name][0]))


def _differing_leaves(wanted: Params, found: Params) -> dict[str, object]:
    """Return the wanted leaves that are missing in `found` or differ there."""
    found_leaves = dict(leaves(found.tree))
    return {
        name: value
        for name, value in leaves(wanted.tree)
        if found_leaves.get(name, "-") != value and not name.startswith(NOT_CHOSEN)
    }


def _set_leaf(tree: dict[str, object], path: Sequence[str], value: object) -> None:
    """Set a leaf of nested mappings."""
    *parents, last = path
    for part in parents:
        node = tree.setdefault(part, {})
        if not isinstance(node, dict):
            raise ConfigError(f"{'.'.join(path)} is a value and a mapping at once.")
        tree = node
    tree[last] = value


def _to_yaml(tree: Mapping[str, object]) -> str:
    """Return the YAML text of a mapping."""
    return str(yaml.safe_dump(dict(tree), sort_keys=False, width=96, allow_unicode=True))
