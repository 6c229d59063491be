"""Compose conf/ with Hydra: values, chosen options, and which values refer to others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from minecover.core.errors import ConfigError
from minecover.core.overrides import not_composed, quoted


@dataclass(frozen=True, slots=True)
class Composition:
    """What conf/ composes.

    Parameters
    ----------
    tree : mapping
        The configuration by top-level key, without interpolations.
    options : mapping of str to str or None
        The chosen option of each group. Groups that take a list of options are not among them.
    references : frozenset of str
        Dotted keys of the leaves that are interpolations in conf/: they follow other keys.
    """

    tree: Mapping[str, Any]
    options: Mapping[str, str | None]
    references: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """One override as Hydra reads it."""

    key: str  # dotted, or the name of a group
    value: Any  # interpolations as they are written
    is_deletion: bool


def compose_conf(overrides: Sequence[str], conf: Path) -> Composition:
    """Compose conf/ with overrides.

    Parameters
    ----------
    overrides : sequence of str
        In Hydra's grammar, e.g. ``["experiment=poc_2017", "folds.n=3"]``; paths as they are.
    conf : Path
        Folder of the configuration.

    Returns
    -------
    Composition
        Values, options and references.

    Raises
    ------
    ConfigError
        If a key or option is unknown, a mandatory value is missing, or the folder does not
        exist.
    """
    try:
        whole = _compose(overrides, conf)
        names = [str(key) for key in whole if key != "hydra"]
        config = OmegaConf.masked_copy(whole, names)
        # Before anything is resolved: other keys take their values from a missing one.
        written = OmegaConf.to_container(config)
        check_complete(written)
        tree = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError(not_composed(one_line(error), overrides, conf)) from error
    assert isinstance(tree, dict)
    return Composition(
        tree={str(name): node for name, node in tree.items()},
        options=_options(whole),
        references=frozenset(key for key, value in leaves(written) if "${" in str(value)),
    )


def chosen_options(overrides: Sequence[str], conf: Path) -> dict[str, str | None]:
    """Return the chosen option of each group, also where values are missing.

    Parameters
    ----------
    overrides : sequence of str
        See `compose_conf`.
    conf : Path
        Folder of the configuration.
    """
    return _options(_compose(overrides, conf))


def _compose(overrides: Sequence[str], conf: Path) -> DictConfig:
    """Return what Hydra composes, its own part included."""
    check_is_there(conf)
    words = [quoted(one, parses) for one in overrides]
    try:
        with initialize_config_dir(str(conf.resolve()), version_base="1.3"):
            return compose("config", overrides=words, return_hydra_config=True)
    except UnicodeDecodeError as error:  # which does not say in what file
        raise ConfigError(_not_utf_8(conf)) from error
    # A ValueError where the option of a group is null.
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:
        raise ConfigError(not_composed(one_line(error), overrides, conf)) from error


def _not_utf_8(conf: Path) -> str:
    """Name the files of the configuration that are not text in UTF-8."""
    names = []
    for path in sorted(conf.rglob("*.yaml")):
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            names.append(str(path))
    return (
        f"{', '.join(names)} cannot be read: not text in UTF-8. Save it in that encoding, or "
        "restore it from git."
    )


def _options(whole: DictConfig) -> dict[str, str | None]:
    """Return the options that Hydra chose, without its own."""
    chosen = whole.hydra.runtime.choices
    return {str(key): chosen[key] for key in chosen if not str(key).startswith("hydra/")}


def check_complete(tree: object) -> None:
    """Refuse a configuration in which a value is missing that a person has to choose.

    Parameters
    ----------
    tree : mapping
        The configuration, with or without interpolations.

    Raises
    ------
    ConfigError
        If a value is missing; it names all of them.
    """
    missing = sorted(key for key, value in leaves(tree) if value == MISSING)
    if missing:
        raise ConfigError(
            f"no value for {', '.join(missing)}, which has no default. "
            f"Set it, e.g. {missing[0]}=... ."
        )


def parse(override: str) -> Change:
    """Return an override as Hydra reads it.

    Parameters
    ----------
    override : str
        ``key=value``, ``+key=value``, ``++key=value`` or ``~key``; a path as it is.

    Raises
    ------
    ConfigError
        If it lists several values, which only a sweep can try.
    HydraException
        If Hydra cannot read it; `compose_conf` says so in a sentence.
    """
    found = OverridesParser.create().parse_override(quoted(override, parses))
    if found.is_sweep_override():
        raise ConfigError(
            f"{override} lists several values. Write one; `minecover sweep` tries several."
        )
    return Change(found.key_or_group, found.value(), found.is_delete())


def parses(override: str) -> bool:
    """Return whether Hydra's grammar reads an override."""
    try:
        OverridesParser.create().parse_override(override)
    except HydraException:
        return False
    return True


def check_is_there(conf: Path) -> None:
    """Refuse to go on without a configuration.

    Parameters
    ----------
    conf : Path
        Folder of the configuration.

    Raises
    ------
    ConfigError
        If it has no config.yaml.
    """
    if not (conf / "config.yaml").is_file():
        raise ConfigError(
            f"no configuration at {conf}/config.yaml. Run minecover from the repository root."
        )


def read_option(path: Path) -> dict[str, Any]:
    """Return the keys of an option's file, interpolations as they are written.

    Parameters
    ----------
    path : Path
        The file. Numbers are read as Hydra reads them.
    """
    tree = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    if not isinstance(tree, dict):
        raise ConfigError(f"{path} must contain a mapping, found {type(tree).__name__}.")
    return {str(key): value for key, value in tree.items()}


def leaves(node: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the value of every leaf of a configuration tree."""
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, node


def differing(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return the dotted keys of the leaves that differ or are missing on one side."""
    old, new = dict(leaves(wanted)), dict(leaves(found))
    return [key for key in {**old, **new} if old.get(key, "-") != new.get(key, "-")]


def one_line(error: BaseException) -> str:
    """Return the message of a Hydra error on one line, without its search path."""
    return " ".join(str(error).partition("Config search path:")[0].split())
