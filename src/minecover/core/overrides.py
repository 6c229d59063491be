"""Overrides as people type them: paths with any sign in them, keys that are nearly right."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml

#: Last parts of keys whose values are paths: never a number, a list of values or a function.
PATH_KEYS = (
    "area", "catalogue", "folder", "input", "mine_masks", "path", "points", "polygons",
    "real_data", "verdicts", "visits",
)  # fmt: skip
#: A first line of yaml that says under which key the keys of an option lie.
PACKAGE = re.compile(r"# @package (\S+)")
#: A value of a list: in quotes, or up to the next comma.
ITEM = re.compile(r"""\s*('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^,]+)\s*(?:,|$)""")
#: The sentence about `${NAME}` where no key has that name.
NO_SUCH_VALUE = (
    "${{{0}}} stands for the value of a key, and conf/ has no key {0!r}. Write the text out; a "
    "shell replaces its own variables in double quotes, and not in single quotes."
)
#: Number of keys that an error suggests.
NEAREST = 4
#: Functions that give a key several values, with an example of each.
FUNCTIONS = {
    "choice": "choice(10,20,null)",
    "range": "range(1,9,2)",
    "interval": "interval(0.02,0.3)",
    "tag": "tag(log,interval(0.02,0.3))",
}


def quoted(override: str, parses: Callable[[str], bool]) -> str:
    """Return an override with its value in quotes, where Hydra would misread plain text.

    Parameters
    ----------
    override : str
        ``key=value``. A path may contain accents, blanks, commas, brackets, ``#``, ``~``.
    parses : callable
        Whether Hydra's grammar accepts an override.

    Returns
    -------
    str
        The override as it is if its value is no path and Hydra's grammar accepts it.
    """
    key, equals, value = override.partition("=")
    is_path = key.rpartition(".")[2] in PATH_KEYS
    if not equals or value in ("", "null", "???") or value.startswith(("'", '"')):
        return override
    is_list = value.startswith("[") and value.endswith("]")
    is_read = parses(override)
    if is_list and not is_read:
        text = f"{key}={_quoted_list(value, parses)}"
        if parses(text):
            return text
    # Hydra knows ASCII letters only. What else it does not read may be a slip.
    if is_read and (is_list or not is_path) or not (is_path or is_read or not value.isascii()):
        return override
    text = f"{key}={_in_quotes(value)}"
    return text if parses(text) else override


def _in_quotes(text: str) -> str:
    """Return text in quotes, in which quotes and the backslashes before them are escaped."""
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)
    whole = re.sub(r"(\\+)$", r"\1\1", escaped)
    return f"'{whole}'"


def _quoted_list(value: str, parses: Callable[[str], bool]) -> str:
    """Return a list with those of its values in quotes that Hydra would misread."""
    items = (found.strip() for found in ITEM.findall(value[1:-1]))
    return f"[{','.join(one if parses(f'key={one}') else _in_quotes(one) for one in items)}]"


def not_composed(message: str, overrides: Sequence[str], conf: Path) -> str:
    """Return the sentence about an error of Hydra, with what is known or how to quote.

    Parameters
    ----------
    message : str
        The error of Hydra, OmegaConf or the reader of yaml, on one line.
    overrides : sequence of str
        What was asked for.
    conf : Path
        Folder of the configuration.
    """
    if found := re.search(r"Could not override '([^']+)'", message):
        return f"{unknown_key(found[1], conf)}."
    if found := re.search(r"Could not (?:load|find) '([^'/]+)/([^']+)'", message):
        names = ", ".join(sorted(path.stem for path in (conf / found[1]).glob("*.yaml")))
        return f"conf/{found[1]} has no option {found[2]!r}. It has {names}."
    no_value = [one for one in overrides if "=" not in one and not one.startswith("~")]
    if no_value:
        return f"{no_value[0]!r} sets nothing. Write key=value, for instance folds.n=3."
    if "Ambiguous value" in message:
        return (
            f"{' '.join(overrides)} lists several values, where one is needed: `minecover "
            f"sweep` tries several. {quoting_advice(overrides)}."
        )
    if about := _about_value(message):
        return about
    if any(sign in message for sign in ("Error parsing", "Lexer", "token recognition")):
        return f"{' '.join(overrides)} cannot be read. {quoting_advice(overrides)}."
    return f"conf/ does not compose: {message}"


def _about_value(message: str) -> str:
    """Return a sentence about a value that cannot be evaluated; "" if it is another error."""
    if found := re.search(r"Unknown function '([^']+)' ?Available: ?([\w,]+)", message):
        return _unknown_function(found[1], found[2].split(","))
    if found := re.search(r"TypeError while evaluating '(.+?)': (.+?) See https", message):
        return (
            f"{found[1]} cannot be evaluated: {found[2]}. Write e.g. {FUNCTIONS['interval']}."
        )
    if found := re.search(r"Interpolation key '([^']+)' not found", message):
        return NO_SUCH_VALUE.format(found[1])
    return ""


def _unknown_function(name: str, known: Sequence[str]) -> str:
    """Return a sentence about a function that Hydra's grammar lacks, with an example."""
    near = difflib.get_close_matches(name, known, 1)
    examples = [FUNCTIONS[one] for one in near if one in FUNCTIONS] or FUNCTIONS.values()
    return f"there is no distribution or list called {name!r}. Write {' or '.join(examples)}."


def unknown_key(key: str, conf: Path) -> str:
    """Return a sentence about a key that the configuration lacks, with the nearest it has.

    Parameters
    ----------
    key : str
        The dotted key.
    conf : Path
        Folder of the configuration.
    """
    known = option_keys(conf)
    if options := sorted(known.get(key, ())):
        return (
            f"the chosen options have no key {key!r}, which belongs to {' or '.join(options)}. "
            "Choose that option as well"
        )
    near = difflib.get_close_matches(key, known, NEAREST, cutoff=0.6)
    last = key.rpartition(".")[2]
    same = [one for one in known if one.rpartition(".")[2] == last]
    if not near and not same:
        group = f"{key.partition('.')[0]}."
        first = [one for one in known if one.startswith(group)]
        near = difflib.get_close_matches(key, first, NEAREST, cutoff=0.0)
    found = list(dict.fromkeys([*near, *same]))[:NEAREST]
    found = found or [one for one in known if "." not in one]
    nearest = f"The nearest are {', '.join(found)}"
    return f"conf/ has no key {key!r}. {nearest}; docs/reference/configuration.md lists all"


def option_keys(conf: Path) -> dict[str, set[str]]:
    """Return the dotted keys of all options, and the options that have each.

    Parameters
    ----------
    conf : Path
        Folder of the configuration.

    Returns
    -------
    dict of set of str
        For instance ``{"model.C": {"model=linear"}}``. Keys of conf/config.yaml, and the names
        of groups, belong to no option: their sets are empty.
    """
    keys: dict[str, set[str]] = {}
    for path in sorted(conf.rglob("*.yaml")):
        group = path.parent.relative_to(conf).as_posix()
        text = path.read_text(encoding="utf-8")
        tree = yaml.safe_load(text)
        found = PACKAGE.match(text)
        package = found[1] if found else group.replace("/", ".")
        prefix = () if package in (".", "_global_") else tuple(package.split("."))
        keys.setdefault(".".join(prefix), set())
        for key in _dotted(tree, prefix):
            owners = keys.setdefault(key, set())
            if group != ".":
                owners.add(f"{group}={path.stem}")
    first = yaml.safe_load((conf / "config.yaml").read_text(encoding="utf-8"))
    always = set(_dotted(first, ()))
    return {key: set() if key in always else own for key, own in keys.items() if key}


def _dotted(node: object, prefix: tuple[str, ...]) -> Iterator[str]:
    """Yield the dotted keys of a tree, inner ones included, without lists of defaults."""
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        if key == "defaults" and not prefix:
            continue
        yield ".".join((*prefix, str(key)))
        yield from _dotted(value, (*prefix, str(key)))


def shell_word(override: str) -> str:
    """Return an override as it is typed in a shell: in quotes, its own quotes kept."""
    if "'" not in override:
        return f"'{override}'"
    return shlex.quote(override) if re.search(r'[$`"\\!]', override) else f'"{override}"'


def quoting_advice(overrides: Sequence[str]) -> str:
    """Return how to write values with special signs; the first one is the example."""
    special = [one for one in overrides if re.search(r"=.*[^\w./:+*%@,=\[\]-]", one)]
    key, _, value = (special or ["labels.input=my mines, 2019.gpkg"])[0].partition("=")
    plain = value.strip("'\"")
    return f"Text with special signs is quoted twice: \"{key}='{plain}'\""
