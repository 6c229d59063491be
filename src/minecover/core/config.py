"""The door of Hydra: conf/ composed into params.yaml, params.yaml built into objects."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from minecover.core.errors import ConfigError, MinecoverError
from minecover.core.files import write_text

PARAMS = Path("params.yaml")
CONF = Path("conf")

#: Characters of a mapping that params.yaml writes on one line.
SHORT = 84
#: Top-level keys that several objects share. An object whose `_target_` has a parameter of that
#: name gets the key's object, unless its own node says otherwise.
SHARED = ("network", "world")
HEADER = "# Composed from conf/ by `minecover params --write`. Edit conf/, not this file.\n"


@dataclass(frozen=True, slots=True)
class Params:
    """The resolved configuration, addressed by dotted keys.

    Only doors (stages, sweep, command line) hold one; the library takes plain arguments.
    """

    tree: Mapping[str, Any]

    def value(self, key: str) -> Any:
        """Give the value at a dotted key.

        Raises
        ------
        ConfigError
            If there is none.
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
        """Build the object, or the mapping of objects, that the node at a key describes.

        Raises
        ------
        ConfigError
            If a key is unknown to its `_target_`, or missing.
        MinecoverError
            Whatever the object itself refuses.
        """
        return build(self.complete(key), key)

    def complete(self, key: str, shared: Collection[str] = SHARED) -> Any:
        """Return the node at a dotted key, with the shared nodes that its objects take.

        Parameters
        ----------
        key : str
        shared : collection of str
            Which of `SHARED` to put in.
        """
        nodes = {name: self.tree[name] for name in shared if name in self.tree}
        return completed(self.value(key), nodes)


def completed(node: Any, shared: Mapping[str, Any]) -> Any:
    """Put shared nodes into the objects of a node that take them and do not have them."""
    if isinstance(node, list):
        return [completed(item, shared) for item in node]
    if not isinstance(node, Mapping):
        return node
    inner = {key: completed(value, shared) for key, value in node.items()}
    if "_target_" in node and shared:
        try:
            parameters = inspect.signature(get_object(node["_target_"])).parameters
        except (ImportError, ValueError, TypeError):
            return inner  # `build` says what is wrong with the target
        inner |= {n: v for n, v in shared.items() if n in parameters and n not in inner}
    return inner


def build(node: Any, key: str) -> Any:
    """Instantiate a node, and everything inside it that has a `_target_`.

    Parameters
    ----------
    node : mapping, list or plain value
    key : str
        Where it stands in the configuration: error messages name it.
    """
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, MinecoverError):
            raise cause from None
        raise ConfigError(
            f"conf/{key.replace('.', '/')}: {cause or error}. "
            "Compare it with the class that its _target_ names: the yaml keys are its fields."
        ) from error


def composed(overrides: Sequence[str] = (), *, conf: Path = CONF) -> Params:
    """Compose conf/ with overrides, all interpolations resolved.

    Parameters
    ----------
    overrides : sequence of str
        In Hydra's grammar, e.g. ``["experiment=poc_2017", "folds.n=3"]``.
    conf : Path
        Folder of the configuration.

    Raises
    ------
    ConfigError
        If a key or option is unknown, a mandatory value is missing, or there is no folder.
    """
    if not (conf / "config.yaml").is_file():
        raise ConfigError(
            f"no configuration at {conf}/config.yaml. Run minecover from the repository root."
        )
    try:
        with initialize_config_dir(str(conf.resolve()), version_base="1.3"):
            config = compose("config", overrides=list(overrides))
            missing = sorted(OmegaConf.missing_keys(config))
            if missing:
                raise ConfigError(
                    f"no value for {', '.join(missing)}, which only you can choose. "
                    f"Give one, e.g. {missing[0]}=... ."
                )
            tree = OmegaConf.to_container(config, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"conf/ does not compose: {one_line(error)}") from error
    if not isinstance(tree, dict):
        raise ConfigError(f"conf/config.yaml should compose to a mapping, found {type(tree)}.")
    return Params({str(name): node for name, node in tree.items()})


def load_params(path: Path = PARAMS) -> Params:
    """Read params.yaml, as DVC's stages do.

    Raises
    ------
    ConfigError
        If the file is missing or holds no mapping.
    """
    if not path.is_file():
        raise ConfigError(f"no {path}. Type `minecover params --write` in the repository root.")
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(tree, dict):
        raise ConfigError(f"{path} should hold a mapping, found {type(tree).__name__}.")
    return Params(tree)


def service_settings(path: Path = PARAMS) -> dict[str, Any]:
    """Return how services are asked: the key `network` of params.yaml, where there is one.

    A model's card does not hold it, and a model can be used where nothing was composed.
    """
    return {"network": load_params(path).value("network")} if path.is_file() else {}


def write_params(params: Params, path: Path = PARAMS) -> None:
    """Write params.yaml."""
    body = yaml.dump(
        dict(params.tree), Dumper=_Dumper, sort_keys=False, width=96, allow_unicode=True
    )
    write_text(path, HEADER + body)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML ships no types
    """Writes every value where it stands, and what is short on one line."""

    def ignore_aliases(self, data: object) -> bool:
        """Repeat equal nodes: an anchor would have to be looked up by the reader."""
        return True

    def represent_sequence(
        self, tag: str, sequence: Any, flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        """Write a list on one line if it holds no mapping."""
        is_plain = not any(isinstance(item, Mapping) for item in sequence)
        return super().represent_sequence(tag, sequence, flow_style=is_plain)

    def represent_mapping(
        self, tag: str, mapping: Any, flow_style: bool | None = None
    ) -> yaml.MappingNode:
        """Write a mapping of a few plain values on one line."""
        text = ", ".join(f"{key}: {value}" for key, value in mapping.items())
        nested = any(isinstance(value, list | Mapping) for value in mapping.values())
        is_short = not nested and len(text) <= SHORT
        return super().represent_mapping(tag, mapping, flow_style=is_short)


def check_params(path: Path = PARAMS, *, conf: Path = CONF) -> None:
    """Refuse a params.yaml that is not what conf/ composes.

    Raises
    ------
    ConfigError
        Naming the first keys that differ and what to type.
    """
    wanted, found = dict(leaves(composed(conf=conf).tree)), dict(leaves(load_params(path).tree))
    keys = [key for key in {**wanted, **found} if wanted.get(key, "-") != found.get(key, "-")]
    if keys:
        shown = "; ".join(
            f"{key} is {found.get(key, 'missing')!r}, conf/ says {wanted.get(key, 'nothing')!r}"
            for key in keys[:3]
        )
        raise ConfigError(
            f"{path} differs from conf/ in {len(keys)} keys: {shown}. "
            "Edit conf/, not params.yaml, and type `minecover params --write` to compose it "
            "again, or `make run EXPERIMENT=name` to run an experiment."
        )


def leaves(node: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the leaves of a tree with their dotted keys."""
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, node


def one_line(error: Exception) -> str:
    """Fold Hydra's message, without the folders that it searched."""
    said = str(error).partition("Config search path:")[0]
    return " ".join(said.split())
