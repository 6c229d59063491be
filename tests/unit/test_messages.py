"""Every key and option that a message of the source names exists in conf/."""

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
    r"|minecover\..*|attributes\..*|source\.selected\.indices|e\.g|i\.e"
)
FILES = sorted((ROOT / "src").rglob("*.py"))


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
    sentences = [text for text in messages(code) if " " in text]
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


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param('raise E(f"{n}. Lower folds.n_splits.")', {"folds.n_splits"}, id="key"),
        pytest.param('FIX = "Fix candidates.least, now"', {"candidates.least"}, id="group"),
        pytest.param('raise E("type labels=shapes")', {"labels=shapes"}, id="option"),
        pytest.param('raise E("see a/b.json, folds.n, labels=files.")', set(), id="good"),
        pytest.param('raise E(f"Fix sites.layouts.{name}.area, now")', set(), id="filled in"),
        pytest.param('"""Return what folds.k says."""', set(), id="docstring"),
    ],
)
def test_a_wrong_key_is_noticed(line: str, found: set[str]) -> None:
    assert unknown(line) == found
