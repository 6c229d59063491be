"""A run's choices become the build: written into conf/, and composed into params.yaml."""

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
from minecover.tracking.runs import fetched
from minecover.tracking.types import Tracking

#: The option that is written, of `model` and of `experiment`.
CHAMPION = "champion"
MODEL, EXPERIMENT = Path("model", f"{CHAMPION}.yaml"), Path("experiment", f"{CHAMPION}.yaml")
MENU = Path("config.yaml")
#: Where things lie and how runs are made and judged: not what a run chose.
NO_CHOICE = ("paths", "promotion", "sweep", "tracking.experiment", "tracking.folder")
#: Groups of which several options go together.
LISTS = ("masks", "table")


def adopt(run_id: str, *, conf: Path = CONF, params: Path = PARAMS) -> list[Path]:
    """Make the choices of a run the default build.

    Parameters
    ----------
    run_id : str
        A finished run of a sweep, or a registered build.
    conf : Path
        Its config.yaml is told to take the experiment `champion`.
    params : Path
        The params.yaml that is composed anew.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    RegistryError
        If there is no such run, or it keeps no parameters.
    ConfigError
        If conf/ cannot be made to compose what the run was made with. Nothing was written.
    """
    tracking: Tracking = load_params(params).build("tracking")
    with tempfile.TemporaryDirectory() as folder:
        wanted = load_params(fetched(tracking, run_id, PARAMS.name, Path(folder)))
    write_champion(wanted, f"run {run_id}", conf)
    write_params(composed(conf=conf), params)
    return [*(conf / name for name in (MODEL, EXPERIMENT, MENU)), params]


def write_champion(wanted: Params, origin: str, conf: Path) -> None:
    """Write the files of the champion, all or none.

    Parameters
    ----------
    wanted : Params
        What conf/ composes afterwards, but for `NO_CHOICE`.
    origin : str
        Where it comes from, for the files' first line and for messages.
    conf : Path
        Folder of the configuration.

    Raises
    ------
    ConfigError
        If conf/ cannot be made to compose it.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, "conf")
        shutil.copytree(conf, trial)
        experiment = _Experiment(
            trial, origin, {"model": CHAMPION}, {"seed": wanted.value("seed")}
        )
        write_text(trial / MODEL, experiment.header + _dumped(_model(wanted)))
        menu = (trial / MENU).read_text(encoding="utf-8")
        menu = re.sub(r"(?m)^(\s*- experiment:) .*$", rf"\1 {CHAMPION}", menu)
        write_text(trial / MENU, menu)
        experiment.options |= dict(_choices(trial, wanted, experiment.composed()))
        for key, value in _unlike(wanted, experiment.composed()).items():
            _put(experiment.keys, key.split("."), value)
        _check(wanted, experiment.composed(), origin)
        for name in (MODEL, EXPERIMENT, MENU):
            write_text(conf / name, (trial / name).read_text(encoding="utf-8"))


@dataclass(slots=True)
class _Experiment:
    """The experiment `champion` as it grows: options of groups, and keys of its own."""

    conf: Path
    origin: str
    options: dict[str, object]
    keys: dict[str, object]

    @property
    def header(self) -> str:
        """The comment that says where a file comes from."""
        return f"# Written by `minecover adopt` from {self.origin}.\n"

    def composed(self) -> Params:
        """Write the file and compose."""
        overrides = [{f"override /{group}": name} for group, name in self.options.items()]
        body = _dumped({"defaults": overrides, **self.keys})
        write_text(self.conf / EXPERIMENT, f"# @package _global_\n{self.header}{body}")
        return composed(conf=self.conf)


def _model(wanted: Params) -> dict[str, object]:
    """Give the model's node; the seed stays that of config.yaml where it is that one."""
    seed = wanted.value("seed")
    return {
        key: "${seed}" if key == "seed" and value == seed else value
        for key, value in wanted.value("model").items()
    }


def _check(wanted: Params, found: Params, origin: str) -> None:
    """Refuse what composes to anything else, a feature's place in the row included."""
    left = _unlike(found, wanted) | _unlike(wanted, found)
    if left or list(wanted.value("features")) != list(found.value("features")):
        raise ConfigError(
            f"conf/ does not compose what {origin} was made with: "
            f"{', '.join(sorted(left)[:5]) or 'the order of features'} differ. It was made "
            "with another conf/: check out its commit (tag git_commit) and adopt it there."
        )


def _choices(conf: Path, wanted: Params, found: Params) -> Iterator[tuple[str, object]]:
    """Name the option of each group that comes nearest to what is wanted."""
    menu = yaml.safe_load((conf / MENU).read_text(encoding="utf-8"))["defaults"]
    groups = (pair for line in menu if isinstance(line, dict) for pair in line.items())
    for group, default in groups:
        known = group in wanted.tree and group in found.tree and group != "model"
        if not known or wanted.value(group) == found.value(group):
            continue
        if group in LISTS:
            yield group, _listed(conf / group, wanted.value(group))
            continue
        wanted_leaves = dict(leaves(wanted.value(group)))
        tried = {
            path.stem: _distance(dict(_raw(path)), wanted_leaves)
            for path in sorted((conf / group).glob("*.yaml"))
        }
        best = min(tried, key=lambda name: (tried[name], name != default))
        if best != default:
            yield group, best


def _raw(path: Path) -> Iterator[tuple[str, object]]:
    """Read an option's leaves as they stand, those of the options it begins with first."""
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name in tree.pop("defaults", []):
        if isinstance(name, str) and name != "_self_":
            yield from _raw(path.with_name(f"{name}.yaml"))
    yield from leaves(tree)


def _distance(option: Mapping[str, object], wanted: Mapping[str, object]) -> int:
    """Count the leaves that an option has otherwise than wanted, or not at all."""
    return sum(
        option.get(name, "-") != wanted.get(name, "-")
        for name in {**option, **wanted}
        if "${" not in str(option.get(name))
    )


def _listed(folder: Path, wanted: Mapping[str, object]) -> list[str]:
    """Name the options whose entries are all wanted, in the order of the entries."""
    order = list(wanted)
    entries = {
        path.stem: list(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.yaml"))
    }
    chosen = {name: keys for name, keys in entries.items() if set(keys) <= set(order)}
    return sorted(chosen, key=lambda name: order.index(chosen[name][0]))


def _unlike(wanted: Params, found: Params) -> dict[str, object]:
    """Give the wanted leaves that differ or are not there."""
    there = dict(leaves(found.tree))
    return {
        name: value
        for name, value in leaves(wanted.tree)
        if there.get(name, "-") != value and not name.startswith(NO_CHOICE)
    }


def _put(tree: dict[str, object], path: Sequence[str], value: object) -> None:
    """Set a leaf of nested mappings."""
    *above, last = path
    for part in above:
        node = tree.setdefault(part, {})
        if not isinstance(node, dict):
            raise ConfigError(f"{'.'.join(path)} is both a value and a mapping.")
        tree = node
    tree[last] = value


def _dumped(tree: Mapping[str, object]) -> str:
    """Write a mapping as YAML."""
    return str(yaml.safe_dump(dict(tree), sort_keys=False, width=96, allow_unicode=True))
