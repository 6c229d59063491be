"""Hydra configuration: compose conf/ into params.yaml, and build objects from it."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate

from minecover.core.composition import (
    check_complete,
    compose_conf,
    differing,
    leaves,
    one_line,
)
from minecover.core.errors import ConfigError, MinecoverError
from minecover.core.files import write_text
from minecover.core.yaml_text import to_yaml

PARAMS = Path("params.yaml")
CONF = Path("conf")

#: Top-level keys that several objects share. An object whose `_target_` has a parameter of that
#: name is built with the key's object, unless its own node sets the parameter.
SHARED = ("network", "world", "lattice")
HEADER = "# Composed from conf/ by `minecover params --write`. Edit conf/, not this file.\n"


@dataclass(frozen=True, slots=True)
class Params:
    """The resolved configuration, addressed by dotted keys.

    Only stages, sweep and command line use it; library functions take plain arguments.

    Parameters
    ----------
    tree : mapping
        The configuration by top-level key, without interpolations.
    """

    tree: Mapping[str, Any]

    def value(self, key: str) -> Any:
        """Return the value at a dotted key.

        Parameters
        ----------
        key : str
            E.g. ``"source.scenes"``.

        Raises
        ------
        ConfigError
            If the configuration has no such key.
        """
        node: Any = self.tree
        for part in key.split("."):
            if not isinstance(node, Mapping) or part not in node:
                raise ConfigError(
                    f"the configuration has no key {key!r}. Type `minecover params --write` to "
                    "compose params.yaml from conf/ again."
                )
            node = node[part]
        return node

    def build(self, key: str) -> Any:
        """Return the object, or the mapping of objects, described by the node at a key.

        Parameters
        ----------
        key : str
            E.g. ``"source.scenes"``.

        Raises
        ------
        ConfigError
            If a key is unknown to its `_target_`, or missing.
        MinecoverError
            If the object rejects its values.
        """
        return build(self.complete(key), key)

    def updated(self, tree: Mapping[str, Any]) -> Params:
        """Return the configuration with the values of another tree in place of its own."""
        return Params(_merged(self.tree, tree))

    def complete(self, key: str, shared: Collection[str] = SHARED) -> Any:
        """Return the node at a dotted key, with the shared nodes that its objects need.

        Parameters
        ----------
        key : str
            E.g. ``"source.scenes"``.
        shared : collection of str
            Top-level keys to add, a subset of `SHARED`.
        """
        nodes = {name: self.tree[name] for name in shared if name in self.tree}
        return add_shared_nodes(self.value(key), nodes)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two trees; a value of the new one replaces that of the old one."""
    return {**old} | {
        key: _merged(old[key], value)
        if isinstance(value, Mapping) and isinstance(old.get(key), Mapping)
        else value
        for key, value in new.items()
    }


def add_shared_nodes(node: Any, shared: Mapping[str, Any]) -> Any:
    """Return a node in which every object has the shared nodes that its `_target_` takes.

    Parameters
    ----------
    node : mapping, list or plain value
        Part of the configuration; it is not changed.
    shared : mapping
        Shared nodes by parameter name. A parameter that an object sets itself is left alone.
    """
    if isinstance(node, list):
        return [add_shared_nodes(item, shared) for item in node]
    if not isinstance(node, Mapping):
        return node
    inner = {key: add_shared_nodes(value, shared) for key, value in node.items()}
    if "_target_" in node and shared:
        try:
            parameters = inspect.signature(get_object(node["_target_"])).parameters
        except (ImportError, ValueError, TypeError):
            return inner  # `build` reports what is wrong with the target
        inner |= {n: v for n, v in shared.items() if n in parameters and n not in inner}
    return inner


def build(node: Any, key: str) -> Any:
    """Return a node with every mapping that has a `_target_` instantiated.

    Parameters
    ----------
    node : mapping, list or plain value
        Part of the configuration.
    key : str
        Its dotted key, for error messages.

    Raises
    ------
    ConfigError
        If a key is unknown to its `_target_`, or missing.
    MinecoverError
        If an object rejects its values.
    """
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, MinecoverError):
            raise cause from None
        raise ConfigError(
            f"conf/{key.replace('.', '/')}: {one_line(cause or error)}. "
            "Compare it with the class named by its _target_: the yaml keys are its fields."
        ) from error


def composed(overrides: Sequence[str] = (), *, conf: Path = CONF) -> Params:
    """Return conf/ composed with overrides, with all interpolations resolved.

    Parameters
    ----------
    overrides : sequence of str
        In Hydra's grammar, e.g. ``["experiment=poc_2017", "folds.n=3"]``; paths as they are.
    conf : Path
        Folder of the configuration.

    Raises
    ------
    ConfigError
        If a key or option is unknown, a mandatory value is missing, or the folder does not
        exist.
    """
    return Params(compose_conf(overrides, conf).tree)


def load_params(path: Path = PARAMS) -> Params:
    """Return the configuration stored in params.yaml.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    ConfigError
        If the file is missing, does not contain a mapping, or lacks a value.
    """
    if not path.is_file():
        raise ConfigError(f"no {path}. Type `minecover params --write` in the repository root.")
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read ({one_line(error)}). Type `minecover params --write` to "
            "compose it from conf/ again."
        ) from error
    if not isinstance(tree, dict):
        raise ConfigError(f"{path} must contain a mapping, found {type(tree).__name__}.")
    check_complete(tree)
    return Params(tree)


def service_settings(path: Path = PARAMS) -> dict[str, Any]:
    """Return the key `network` of params.yaml; empty if there is no such file.

    A model card does not contain these settings, and a model can be used without params.yaml.
    """
    return {"network": load_params(path).value("network")} if path.is_file() else {}


def write_params(params: Params, path: Path = PARAMS) -> None:
    """Write a configuration to params.yaml, all or nothing."""
    write_text(path, HEADER + to_yaml(params.tree))


def check_params(path: Path = PARAMS, *, conf: Path = CONF) -> None:
    """Check that params.yaml equals the composed conf/.

    Parameters
    ----------
    path, conf : Path
        The file, and the folder of the configuration.

    Raises
    ------
    ConfigError
        If they differ; the message names the first keys that do.
    """
    target, found = dict(leaves(composed(conf=conf).tree)), dict(leaves(load_params(path).tree))
    if keys := differing(target, found):
        shown = "; ".join(
            f"{key} is {found.get(key, 'missing')!r}, conf/ says {target.get(key, 'nothing')!r}"
            for key in keys[:3]
        )
        kept = next((key for key in keys if key in found and key in target), "KEY")
        raise ConfigError(
            f"{path} differs from conf/ in {len(keys)} keys: {shown}. Type `minecover params "
            "--write` to compose it from conf/ again. A value that is to stay is written there "
            f"first: `minecover params --write {kept}={found.get(kept, 'VALUE')}`."
        )
