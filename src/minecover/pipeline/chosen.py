"""What is built and what sweeps start from: conf/chosen.yaml and the options it selects."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from minecover.core.composition import leaves, read_option
from minecover.core.config import Params
from minecover.core.errors import ConfigError
from minecover.core.files import write_text

#: Name of the options that hold changed values, and of the file that selects an experiment.
CHOSEN = "chosen"
SELECTION = Path(f"{CHOSEN}.yaml")
EXPERIMENT = "experiment"
#: Groups that take a list of options.
LIST_GROUPS = ("masks", "table")
COMMENT = """\
# What is built, and what sweeps start from: an option of conf/experiment. Written by `minecover
# params --write` and `minecover adopt`. Options called `chosen` hold what was changed.
"""


@dataclass(slots=True)
class Choices:
    """An experiment, options of groups, and changed values, as files of conf/.

    A changed value of an option goes into an option of its own, so that it is left behind when
    another option is chosen; other changed values go into the experiment.

    Parameters
    ----------
    conf : Path
        Folder of the configuration, whose options the changes start from.
    name : str
        Name of the options that are written.
    origin : str
        Where the choices come from, for the first line of the files.
    experiment : str or None
        The experiment that is started from.
    options : dict
        By group: another option than the experiment's, or a list of options.
    files : dict
        By group: the keys of the option `name`, all of them.
    keys : dict
        Changed values of keys that belong to no option, nested.
    """

    conf: Path
    name: str
    origin: str
    experiment: str | None
    options: dict[str, Any] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)

    def choose(self, group: str, option: str | list[str] | None) -> None:
        """Choose an option of a group, or several; changed values of others are left behind."""
        self.options[group] = option
        self.files.pop(group, None)

    def change(self, key: str, value: object, options: Mapping[str, Any]) -> None:
        """Change the value at a dotted key.

        Parameters
        ----------
        key : str
            E.g. ``"model.max_depth"``.
        value : object
            A mapping changes the values that it has.
        options : mapping
            The option that each group has now.
        """
        for leaf, one in leaves(value, key):
            group, *path = leaf.split(".")
            if self.is_of_option(leaf):
                set_leaf(self._file(group, options), path, one)
            else:
                set_leaf(self.keys, [group, *path], one)

    def change_experiment(self, key: str, value: object) -> None:
        """Change the value at a dotted key after what the experiment sets itself."""
        for leaf, one in leaves(value, key):
            set_leaf(self.keys, leaf.split("."), one)

    def delete(self, key: str, options: Mapping[str, Any]) -> None:
        """Delete the key of an option.

        Raises
        ------
        ConfigError
            If the key belongs to no option: conf/config.yaml has it for all builds.
        """
        group, *path = key.split(".")
        if not self.is_of_option(key):
            raise ConfigError(
                f"{key} cannot be deleted: it belongs to no option of a group. Give it another "
                "value, or edit conf/config.yaml."
            )
        node: Any = self._file(group, options)
        for part in path[:-1]:
            node = node.get(part) or {}
        node.pop(path[-1], None)

    def is_of_option(self, key: str) -> bool:
        """Return whether the options of a group have a dotted key, and not config.yaml."""
        group, *path = key.split(".")
        menu = yaml.safe_load((self.conf / "config.yaml").read_text(encoding="utf-8"))
        own = menu.get(group) or {}
        return bool(path) and (self.conf / group).is_dir() and path[0] not in own

    def write(self) -> None:
        """Write the options, the experiment, and conf/chosen.yaml; delete what is left over."""
        header = f"# Written by `minecover {self.origin}.\n"
        written = set()
        for group, tree in self.files.items():
            self.options[group] = [self.name] if group in LIST_GROUPS else self.name
            written.add(self.conf / group / f"{self.name}.yaml")
            write_text(self.conf / group / f"{self.name}.yaml", header + to_text(tree))
        # The experiment alone needs no file of its own.
        is_plain = self.name == CHOSEN and not self.options and not self.keys
        if not is_plain:
            body = {"defaults": self._defaults(), **self.keys}
            path = self.conf / EXPERIMENT / f"{self.name}.yaml"
            written.add(path)
            write_text(path, f"# @package _global_\n{header}{to_text(body)}")
        selected = self.experiment if is_plain else self.name
        text = to_text({"defaults": [{EXPERIMENT: selected}]})
        write_text(self.conf / SELECTION, COMMENT + text)
        names = {CHOSEN, self.name}
        for path in [path for name in names for path in self.conf.glob(f"*/{name}.yaml")]:
            if path not in written:
                path.unlink()

    def _defaults(self) -> list[object]:
        """Return the list of defaults of the experiment; overrides must come last."""
        start = [self.experiment, "_self_"] if self.experiment else []
        overrides = [{f"override /{group}": name} for group, name in self.options.items()]
        return [*start, *overrides] or ["_self_"]

    def _file(self, group: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keys of the option that holds the changes of a group."""
        if group not in self.files:
            chosen = self.options.get(group, options.get(group))
            names = chosen if isinstance(chosen, list) else [chosen] if chosen else []
            self.files[group] = option_tree(self.conf / group, names)
        return self.files[group]


def read_choices(conf: Path, origin: str) -> Choices:
    """Return what is chosen in conf/.

    Parameters
    ----------
    conf : Path
        Folder of the configuration.
    origin : str
        See `Choices`.

    Raises
    ------
    ConfigError
        If conf/chosen.yaml selects more than an experiment.
    """
    selection = read_option(conf / SELECTION)
    experiment = _selected(selection, conf)
    if experiment != CHOSEN:
        return Choices(conf, CHOSEN, origin, experiment)
    keys = read_option(conf / EXPERIMENT / f"{CHOSEN}.yaml")
    defaults = keys.pop("defaults", [])
    starts = [one for one in defaults if isinstance(one, str) and one != "_self_"]
    options = {
        key.removeprefix("override /"): option
        for one in defaults
        if isinstance(one, Mapping)
        for key, option in one.items()
    }
    files = {
        group: read_option(conf / group / f"{CHOSEN}.yaml")
        for group, option in options.items()
        if option in (CHOSEN, [CHOSEN])
    }
    return Choices(conf, CHOSEN, origin, next(iter(starts), None), options, files, keys)


def select(experiment: str | None) -> str:
    """Return the override that selects an experiment, or none."""
    return f"{EXPERIMENT}={experiment}" if experiment else f"~{EXPERIMENT}"


def _selected(selection: Mapping[str, Any], conf: Path) -> str | None:
    """Return the experiment that conf/chosen.yaml selects, and nothing beside it."""
    match selection:
        case {"defaults": [{"experiment": str() | None as experiment}], **rest} if not rest:
            return experiment
    raise ConfigError(
        f"{conf / SELECTION} must select an experiment and nothing else. Put other choices "
        "into a file of conf/experiment, and select that: `defaults: [experiment: name]`."
    )


def option_tree(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return the keys of options of a group, merged, with those that they start from.

    Parameters
    ----------
    folder : Path
        Folder of the group.
    names : sequence of str
        Names of options.
    """
    tree = Params({})
    for name in names:
        own = read_option(folder / f"{name}.yaml")
        parents = [one for one in own.pop("defaults", []) if one != "_self_"]
        tree = tree.updated(option_tree(folder, parents)).updated(own)
    return dict(tree.tree)


def list_options(folder: Path, wanted: Mapping[str, object]) -> list[str]:
    """Return the options whose entries are all wanted, in the order of the entries.

    Parameters
    ----------
    folder : Path
        Folder of a group in `LIST_GROUPS`.
    wanted : mapping
        The composed entries of the group.
    """
    order = list(wanted)
    entries = {
        path.stem: list(read_option(path))
        for path in sorted(folder.glob("*.yaml"))
        if path.stem != CHOSEN
    }
    chosen = {name: keys for name, keys in entries.items() if set(keys) <= set(order)}
    return sorted(chosen, key=lambda name: order.index(chosen[name][0]))


def set_leaf(tree: dict[str, Any], path: Sequence[str], value: object) -> None:
    """Set a leaf of nested mappings; a plain value on the way becomes a mapping."""
    *parents, last = path
    for part in parents:
        if not isinstance(tree.get(part), dict):
            tree[part] = {}
        tree = tree[part]
    tree[last] = value


@contextmanager
def replacing_conf(conf: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Yield a copy of conf/ to write into; its files replace those of conf/ after the block.

    Parameters
    ----------
    conf : Path
        Folder of the configuration. It is left as it is if the block fails.

    Yields
    ------
    trial : Path
        The copy.
    changed : list of Path
        Empty; after the block, the files of `conf` that are new, different or deleted.
    """
    changed: list[Path] = []
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, "conf")
        shutil.copytree(conf, trial)
        yield trial, changed
        names = {p.relative_to(top) for top in (conf, trial) for p in top.rglob("*.yaml")}
        # The selection last: what it selects is there then.
        for name in sorted(names, key=lambda name: (name == SELECTION, name)):
            old, new = (
                path.read_text(encoding="utf-8") if path.is_file() else None
                for path in (conf / name, trial / name)
            )
            if old == new:
                continue
            changed.append(conf / name)
            if new is not None:
                write_text(conf / name, new)
        for name in names:
            if not (trial / name).is_file():
                (conf / name).unlink()


def to_text(tree: Mapping[str, object]) -> str:
    """Return the YAML text of a mapping."""
    return str(yaml.safe_dump(dict(tree), sort_keys=False, width=96, allow_unicode=True))
