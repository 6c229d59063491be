"""dvc.yaml names exactly the modules that each stage can run."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text())
# The door that every stage goes through, imported by its own file name.
DOOR = "minecover.stages.__main__"
# A stage reads the configuration under one name and its options lie under another.
GROUP_OF_KEY = {"table": "features"}
# What a stage only names or notes down, and does not build.
NOTED = {("features", "context.planes"), ("train", "context.planes")}


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("minecover")


def targets(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "_target_":
                yield str(value)
            else:
                yield from targets(value)
    elif isinstance(node, list):
        for item in node:
            yield from targets(item)


def module_of(target: str) -> str:
    while target not in graph().modules:
        target = target.rpartition(".")[0]
    return target


def options(key: str) -> Iterator[object]:
    """What the files of a key's group hold under the key."""
    group, *rest = key.split(".")
    for path in (ROOT / "conf" / GROUP_OF_KEY.get(group, group)).rglob("*.yaml"):
        node = yaml.safe_load(path.read_text())
        for part in rest:
            node = node.get(part) if isinstance(node, dict) else None
        yield node


def closure(stage: str) -> set[str]:
    """Modules that a stage imports, and those its parameters can make it import."""
    roots = {f"minecover.stages.{stage}", DOOR}
    keys = {str(key) for key in PIPELINE["stages"][stage].get("params", [])}
    # The model's card, which `train` writes, names features, mask and aggregation again.
    if stage in {"predict", "report"}:
        keys |= {"features", "mask", "aggregation"}
    for key in keys:
        if (stage, key) not in NOTED:
            roots |= {
                module_of(target) for option in options(key) for target in targets(option)
            }
    upstream = {m for root in roots for m in graph().find_upstream_modules(root)}
    return roots | upstream | {"minecover"}


def file_of(module: str) -> str:
    path = Path("src", *module.split("."))
    package = path / "__init__.py"
    return (package if (ROOT / package).exists() else path.with_suffix(".py")).as_posix()


@pytest.mark.parametrize("stage", PIPELINE["stages"])
def test_code_dependencies_are_the_modules_that_a_stage_can_run(stage: str) -> None:
    wanted = {file_of(module) for module in closure(stage)} | {"requirements.lock"}

    found = {
        dep
        for dep in PIPELINE["stages"][stage]["deps"]
        if dep.endswith(".py") or dep == "requirements.lock"
    }

    assert sorted(found - wanted) == [], "too much in dvc.yaml"
    assert sorted(wanted - found) == [], "missing in dvc.yaml"
