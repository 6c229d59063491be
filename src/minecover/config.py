"""The door of Hydra: conf/ composed into params.yaml, params.yaml built into objects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from minecover.atomic import write_text
from minecover.errors import ConfigError, MinecoverError

PARAMS = Path("params.yaml")
CONF = Path("conf")

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
        return build(self.value(key), key)


def build(node: Any, key: str) -> Any:
    """Instantiate a node, and everything inside it that has a `_target_`."""
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


def write_params(params: Params, path: Path = PARAMS) -> None:
    """Write params.yaml."""
    tree = _shared(dict(params.tree), {})
    body = yaml.safe_dump(tree, sort_keys=False, width=96, allow_unicode=True)
    write_text(path, HEADER + body)


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


def _shared(node: Any, seen: dict[str, Any]) -> Any:
    """Make equal objects one, so that YAML writes them once and refers to them after that."""
    if isinstance(node, list):
        return [_shared(item, seen) for item in node]
    if not isinstance(node, Mapping):
        return node
    mapping = {key: _shared(value, seen) for key, value in node.items()}
    if "_target_" not in mapping:
        return mapping
    return seen.setdefault(json.dumps(mapping), mapping)


def one_line(error: Exception) -> str:
    """Fold Hydra's message, without the folders that it searched."""
    said = str(error).partition("Config search path:")[0]
    return " ".join(said.split())
