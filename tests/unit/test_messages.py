"""Every key and option that a message of the source or a page names exists in conf/."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from minecover.core.overrides import option_keys

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"
KEYS = option_keys(CONF)
GROUPS = sorted(path.name for path in CONF.iterdir() if path.is_dir())
#: ``folds.n``, but no part of a path, a URL, a call or a pattern.
DOTTED = re.compile(r"(?<![\w./@<>{}\-])([a-z_]+(?:\.[A-Za-z_]\w*)+)(?![\w(/*-]|\.\w)")
#: ``labels=files``.
OPTION = re.compile(rf"(?<![\w./-])({'|'.join(GROUPS)})=([a-z_]\w*)(?![\w.(])")
#: Dotted words that are no keys: files, modules, objects of other programs, an abbreviation.
OTHER = re.compile(
    r".*\.(py|json|yaml|yml|lock|csv|tif|txt|gpkg|geojson|parquet|md|html|sh|db|pkl|vrt|npz)$"
    r"|.*\.(kmz|qgs|qml)$"
    r"|minecover\..*|attributes\..*|source\.selected\.indices|e\.g|i\.e"
)
FILES = sorted((ROOT / "src").rglob("*.py"))
PAGES = [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))
]  # fmt: skip
#: What pages show of code, and of commands and yaml.
SPAN, BLOCK = (
    re.compile(r"`([^`\n]+)`"),
    re.compile(r"^```(?:sh|yaml)\n(.*?)^```$", re.M | re.S),
)
#: Words of pages that are no keys of conf/: what a reader or `minecover params --write` makes,
#: keys of a model card and of other programs.
OF_PAGES = re.compile(
    r"my_mines\..*|model=trees|sites\.layouts\.confirmed|site\.read_grid|dates\.fewest"
    r"|source\.chips\.table\.keep\.\w+"
    r"|\w+=(chosen|null)|hydra\..*|tags\.kind|tool\.importlinter|.*\.toml"
)


def messages(code: str) -> Iterator[str]:
    """Yield the texts of a module that people may read; what is filled in is a zero byte."""
    tree = ast.parse(code)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    skipped = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):  # outer nodes come first
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node)}
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "\0"
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def unknown(code: str) -> set[str]:
    """Return the keys and options of a module's texts that conf/ has not."""
    return unknown_in([text for text in messages(code) if " " in text])


def unknown_on(page: str) -> set[str]:
    """Return the keys and options of a page's code, commands and yaml that conf/ has not."""
    shown = [*BLOCK.findall(page), *SPAN.findall(BLOCK.sub("", page))]
    return {word for word in unknown_in(shown) if not OF_PAGES.fullmatch(word)}


def unknown_in(sentences: list[str]) -> set[str]:
    """Return the keys and options of texts that conf/ has not."""
    keys = {key for text in sentences for key in DOTTED.findall(text)}
    options = {pair for text in sentences for pair in OPTION.findall(text)}
    return {key for key in keys if key not in KEYS and not OTHER.fullmatch(key)} | {
        f"{group}={name}"
        for group, name in options
        if not (CONF / group / f"{name}.yaml").is_file()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_the_keys_of_messages_exist(path: Path) -> None:
    assert unknown(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_keys_of_pages_exist(page: Path) -> None:
    assert unknown_on(page.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("page", "found"),
    [
        pytest.param("Set `folds.splits` to 3.", {"folds.splits"}, id="span"),
        pytest.param("Choose `labels=shapes`.", {"labels=shapes"}, id="option"),
        pytest.param("```sh\nx --write folds.k=3\n```\n", {"folds.k"}, id="command"),
        pytest.param("```yaml\na: {b: c}  # folds.k\n```\n", {"folds.k"}, id="yaml"),
        pytest.param("Raise folds.k, see `a/b.json`, `folds.n`.", set(), id="good"),
    ],
)
def test_a_wrong_key_on_a_page_is_noticed(page: str, found: set[str]) -> None:
    assert unknown_on(page) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param('raise E(f"{n}. Lower folds.n_splits.")', {"folds.n_splits"}, id="key"),
        pytest.param('FIX = "Fix candidates.least, now"', {"candidates.least"}, id="group"),
        pytest.param('raise E("type labels=shapes")', {"labels=shapes"}, id="option"),
        pytest.param('raise E("see a/b.json, folds.n, labels=files.")', set(), id="good"),
        pytest.param('raise E(f"Fix sites.layouts.{name}.area, now")', set(), id="filled in"),
        pytest.param('raise E(f"{n} wrong. " f"Fix folds.k: {k}")', {"folds.k"}, id="parts"),
        pytest.param('raise E("Fix folds.%s, " "or folds.k" % n)', {"folds.k"}, id="old style"),
        pytest.param('log.warning("%d lost: raise folds.k", n)', {"folds.k"}, id="log"),
        pytest.param('"""Return what folds.k says."""', set(), id="docstring"),
    ],
)
def test_a_wrong_key_is_noticed(line: str, found: set[str]) -> None:
    assert unknown(line) == found
