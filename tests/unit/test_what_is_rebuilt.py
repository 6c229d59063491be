"""docs/results/what-is-rebuilt.md: the stages that read what changes are those of dvc.yaml."""

import re
from pathlib import Path

import pytest
import yaml

from minecover.core.config import composed

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/results/what-is-rebuilt.md"
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
#: The file or the parameter that benchmarks/rebuilds.py changes, by the name of its row.
CHANGED = {
    "a comment in `core/`": "src/minecover/core/errors.py",
    "a comment in `sources/`": "src/minecover/sources/mtl.py",
    "a comment in `features/`": "src/minecover/features/spectral.py",
    "a comment in `learning/`": "src/minecover/learning/fitting.py",
    "a comment in `evaluation/`": "src/minecover/evaluation/metrics.py",
    "a comment in `reporting/`": "src/minecover/reporting/figures/curves.py",
    "a comment in `pipeline/stages/folds.py`": "src/minecover/pipeline/stages/folds.py",
    "a comment in `release/`, `sweep/` or `cli/`": "src/minecover/cli/release.py",
    "a comment in `requirements.lock`": "requirements.lock",
    "`model.num_leaves`": "model.num_leaves",
    "`mask`": "mask",
    "`folds.n`": "folds.n",
    "`metrics.bootstrap.replicates`": "metrics.bootstrap.replicates",
    "`report.checks_a_week`": "report.checks_a_week",
    "`promotion.tolerated`": "promotion.tolerated",
    "a file of outlines (`labels.input`)": "outlines/mines.geojson",
    "a verdict of a reviewer": "labels/simulated.geojson",
    "a scene (`source.input`)": "scenes/LC08.txt",
}


def rows() -> dict[str, str]:
    """Return the second cell of each row of the page's table, by the first cell."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[1:]]
    return {row[0]: row[1] for row in cells}


def readers(changed: str) -> list[str]:
    """Return the stages of dvc.yaml that read a file or a parameter themselves."""
    params = composed(["source.input=scenes", "labels.input=outlines"], conf=ROOT / "conf")

    def path(dep: str) -> str:
        key = re.fullmatch(r"\$\{([\w.]+)(?:\[(\d+)\])?\}", dep)
        if key is None:
            return dep
        value = params.value(key[1])
        return str(value if key[2] is None else value[int(key[2])])

    return [
        name
        for name, stage in STAGES.items()
        if any(f"{changed}/".startswith(f"{path(dep)}/") for dep in stage["deps"])
        or any(f"{changed}.".startswith(f"{key}.") for key in stage.get("params", []))
    ]


def test_the_page_has_a_row_for_each_change() -> None:
    assert set(rows()) == set(CHANGED)
    script = (ROOT / "benchmarks/rebuilds.py").read_text()
    assert [name for name in CHANGED if f'"{name}"' not in script] == []


@pytest.mark.parametrize(("name", "changed"), CHANGED.items(), ids=CHANGED)
def test_the_stages_that_read_it_are_those_of_the_page(name: str, changed: str) -> None:
    found = readers(changed)

    assert rows()[name] == ("all" if found == list(STAGES) else ", ".join(found) or "none")
