"""Check the type and the range of every value of the configuration."""

from __future__ import annotations

import pkgutil
import sys
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from types import NoneType, UnionType

from minecover.core.config import Params
from minecover.core.errors import ConfigError

#: How a message names the type of a value.
NAMES: Mapping[object, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
}
#: What a value of yaml is an instance of, by its annotation.
PLAIN_TYPES: Mapping[object, type | tuple[type, ...]] = {
    int: int,
    float: (int, float),
    bool: bool,
    str: str,
}


@dataclass(frozen=True, slots=True)
class Range:
    """What a value must be: a type, and the lowest and the highest number.

    Parameters
    ----------
    type : object
        An annotation, e.g. ``int`` or ``float | str``; of a list, every number is checked.
    least, most : float
        The lowest and the highest number.
    is_open : bool
        Whether `least` itself is too low.
    """

    type: object
    least: float = float("-inf")
    most: float = float("inf")
    is_open: bool = False

    def problem(self, value: object) -> str:
        """Return what the value must be, "" if it is so."""
        if not _fits(value, self.type):
            return f"must be {_name(self.type)}"
        numbers = value if isinstance(value, list | tuple) else [value]
        return next(filter(None, map(self._beyond, numbers)), "")

    def _beyond(self, value: object) -> str:
        """Return what a number must be, "" if it is so, or no number."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return ""
        if value < self.least or (self.is_open and value == self.least):
            return f"must be {'above' if self.is_open else 'at least'} {self.least:g}"
        return f"must be at most {self.most:g}" if value > self.most else ""


#: Keys outside of objects.
PLAIN = {
    "seed": Range(int, 0),
    "labels.ignore_ring_m": Range(float, 0),
    "labels.date_format": Range(str | None),
    "sites.group_within_m": Range(float, 0),
    "features": Range(Sequence[str]),
    "mask": Range(str),
    "folds.n": Range(int, 2),
    "folds.buffer_m": Range(float, 0),
    "folds.gate": Range(bool),
    "design.threshold": Range(float | str, 0, 1),
    "design.calibration": Range(str),
    "metrics.prevalences": Range(Sequence[float], 0, 1, is_open=True),
    "network.at_once": Range(int, 1),
    "network.tries": Range(int, 1),
    "network.first_wait_s": Range(float, 0),
    "network.longest_wait_s": Range(float, 0),
    "network.deadline_s": Range(float, 0),
    "network.timeout_s": Range(float, 0),
    "report.checks_a_week": Range(int, 1),
    "report.tops": Range(Sequence[int], 1),
    "source.level": Range(int, 1, 2),
    "source.bands": Range(Sequence[str]),
    "source.is_simulated": Range(bool),
    "source.is_remote": Range(bool),
    "source.max_failed_fraction": Range(float, 0, 1),
}
#: Keys whose values are objects, and keys of which every value is one.
OBJECTS = (
    "aggregation",
    "design.recipe",
    "labels.reader",
    "lattice",
    "metrics.bootstrap",
    "metrics.objects",
    "model",
    "promotion",
    "source.scenes",
    "tracking",
)
OBJECTS_BY_NAME = ("masks", "sites.layouts", "context.planes")
#: Parameters of model families: scikit-learn and LightGBM check them first when they fit.
FITTED = {
    "n_estimators": Range(int, 1),
    "max_iter": Range(int, 1),
    "num_leaves": Range(int, 2),
    "max_leaf_nodes": Range(int, 2),
    "max_depth": Range(int | None, 1),
    "min_child_samples": Range(int, 1),
    "min_samples_leaf": Range(int, 1),
    "learning_rate": Range(float, 0, is_open=True),
    "C": Range(float, 0, is_open=True),
    "colsample_bytree": Range(float, 0, 1, is_open=True),
    "seed": Range(int, 0),
}
#: Parameters of layouts.
LAID_OUT = {
    "size_m": Range(float, 0, is_open=True),
    "halo_m": Range(float, 0),
    "jitter_m": Range(float, 0),
    "distance_m": Range(float, 0),
    "block_tiles": Range(int, 1),
    "n": Range(int, 1),
    "seed": Range(int, 0),
}


def check_values(params: Params) -> None:
    """Refuse values of the wrong type, and numbers that can mean nothing.

    Values of objects are compared with the annotations of their classes or functions, which
    build whatever they are given: a wrong one would be found where it is first used.

    Parameters
    ----------
    params : Params
        The whole configuration.

    Raises
    ------
    ConfigError
        Naming the first such key.
    """
    for key, wanted in PLAIN.items():
        _check(key, params.value(key), [wanted])
    for key, node in _wanted_objects(params):
        if not isinstance(node, Mapping) or "_target_" not in node:
            raise ConfigError(
                f"{key} must be an object, with the name of its class at _target_, found "
                f"{str(node)[:60]!r}. Is a file in conf/{key.partition('.')[0]} damaged?"
            )
    for key, target, node in _objects(params.tree, ""):
        known = FITTED if key == "model" else LAID_OUT if _is_layout(key) else {}
        for name, annotation in _annotations(target, node):
            ranges = [Range(annotation), *([known[name]] if name in known else [])]
            _check(f"{key}.{name}", node[name], ranges)


def _is_layout(key: str) -> bool:
    """Whether the object at a key lays out sites."""
    return key.startswith("sites.layouts.") or key == "sites.reviewed"


def _check(key: str, value: object, ranges: Collection[Range]) -> None:
    """Refuse a value that does not fit."""
    problem = next(filter(None, (one.problem(value) for one in ranges)), "")
    if problem:
        raise ConfigError(f"{key} {problem}, found {value!r}. Fix {key}.")


def _wanted_objects(params: Params) -> Iterator[tuple[str, object]]:
    """Yield the keys whose values must be objects, with these values."""
    for key in OBJECTS:
        yield key, params.value(key)
    for parent in OBJECTS_BY_NAME:
        for name, node in (params.value(parent) or {}).items():
            yield f"{parent}.{name}", node


def _objects(
    node: object, key: str
) -> Iterator[tuple[str, Callable[..., object], Mapping[str, object]]]:
    """Yield key, class or function, and node of every object that can be imported."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            try:
                yield key, pkgutil.resolve_name(str(node["_target_"])), node
            except (ImportError, AttributeError, ValueError):
                return  # `minecover.core.config.build` says what is wrong
        for name, below in node.items():
            yield from _objects(below, f"{key}.{name}" if key else str(name))


def _annotations(
    target: Callable[..., object], node: Mapping[str, object]
) -> Iterator[tuple[str, object]]:
    """Yield the parameters of a class or function that a node sets, with their annotations."""
    names = vars(sys.modules[target.__module__])
    for name, parameter in signature(target).parameters.items():
        annotation = parameter.annotation
        if name not in node or annotation is parameter.empty:
            continue
        if isinstance(annotation, str):
            try:
                annotation = eval(annotation, dict(names))
            except NameError:  # imported for the type checker alone
                continue
        yield name, annotation


def _fits(value: object, annotation: object) -> bool:
    """Return whether a value of yaml fits an annotation; what is not known fits."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, UnionType):
        return any(_fits(value, one) for one in arguments)
    if origin is typing.Literal:
        return value in arguments
    if annotation in (None, NoneType):
        return value is None
    if annotation in PLAIN_TYPES:
        # True is a number to Python, and to nobody else.
        is_truth = isinstance(value, bool)
        return isinstance(value, PLAIN_TYPES[annotation]) and is_truth == (annotation is bool)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(v, arguments[1]) for v in value.values()
        )
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return _fits_sequence(value, origin, arguments)
    is_class = isinstance(annotation, type) and annotation.__module__.startswith("minecover.")
    return isinstance(value, Mapping) if is_class else True


def _fits_sequence(value: object, origin: type, arguments: tuple[object, ...]) -> bool:
    """Return whether a value is a list of values that fit."""
    if not isinstance(value, list | tuple):
        return False
    if origin is tuple and ... not in arguments:
        return len(value) == len(arguments) and all(map(_fits, value, arguments))
    return all(_fits(one, arguments[0]) for one in value)


def _name(annotation: object) -> str:
    """Return how a message names an annotation."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, UnionType):
        return " or ".join(_name(one) for one in arguments)
    if origin is typing.Literal:
        return " or ".join(map(str, arguments))
    if annotation in (None, NoneType):
        return "null"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "keys with values"
    if origin is tuple and ... not in arguments:
        return f"a list of {len(arguments)} values"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        inner: Mapping[object, str] = {int: "whole numbers", float: "numbers", str: "texts"}
        return f"a list of {inner.get(arguments[0], 'values')}"
    return NAMES.get(annotation, "an object with a _target_")
