"""docs/reference/: the pages list the messages, keys, options and stages that exist."""

import ast
import re
from pathlib import Path

import yaml

from minecover.core.config import composed
from minecover.pipeline import STAGES

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"
#: Messages of other programs that the page of error messages explains.
FOREIGN_MESSAGES = {"libgomp.so.1: cannot open shared object file", "does not exist"}


def rows(page: Path) -> list[list[str]]:
    """Return the cells of every table row of a page."""
    lines = [line for line in page.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def raised_messages() -> list[str]:
    """Return what the code raises, returns or logs, and make; what is filled in is ``...``."""
    sources = [path.read_text() for path in (ROOT / "src/minecover").rglob("*.py")]
    raises = [
        node
        for text in sources
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Raise | ast.Return)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    ]
    return [(ROOT / "Makefile").read_text()] + [
        "".join(
            node.value if isinstance(node.value, str) else "..."
            for node in ast.walk(statement)
            if isinstance(node, ast.Constant)
        )
        for statement in raises
    ]


def test_every_error_message_that_is_explained_exists() -> None:
    cells = [row[0] for row in rows(REFERENCE / "troubleshooting.md")]
    messages = {re.sub("^`|`.*$", "", cell) for cell in cells if cell.startswith("`")}
    raised = raised_messages()

    unknown = {
        message
        for message in messages - FOREIGN_MESSAGES
        if not any(
            re.search(".*".join(map(re.escape, message.split("..."))), r) for r in raised
        )
    }

    assert messages > FOREIGN_MESSAGES
    assert unknown == set()


def readers(key: str) -> set[str]:
    """Return the stages of dvc.yaml that read a top-level key or a part of it."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    return {
        stage
        for stage, content in stages.items()
        if key in {str(param).partition(".")[0] for param in content.get("params", [])}
    }


def test_the_page_of_the_configuration_is_complete() -> None:
    tables = {
        row[0].strip("`"): row
        for row in rows(REFERENCE / "configuration.md")
        if len(row) in {3, 4} and row[0].startswith("`")
    }
    menu = yaml.safe_load((ROOT / "conf/config.yaml").read_text())
    groups = {path.name: path for path in (ROOT / "conf").iterdir() if path.is_dir()}

    assert set(tables) == {*composed(conf=ROOT / "conf").tree, *menu, *groups} - {"defaults"}
    for key, row in tables.items():
        assert {word for word in STAGES if word in re.split(r"\W+", row[-1])} == readers(key), (
            key
        )
    for group, folder in groups.items():
        # Those that `minecover params --write` and `adopt` write are described in the text.
        options = {path.stem for path in folder.glob("*.yaml")} - {"chosen", "champion"}
        assert options <= set(re.findall(r"`(\w+)`", tables[group][2])), group
