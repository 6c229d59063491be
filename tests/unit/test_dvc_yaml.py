"""dvc.yaml names the packages that each stage can run, and no others."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import grimp
import pytest
import yaml

from minecover.pipeline import STAGES

ROOT = Path(__file__).parents[2]
PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text())
# What starts every stage, imported by its own file name.
ENTRY = "minecover.pipeline.__main__"
# Docstrings alone: nothing that runs lies there.
ALWAYS = {"src/minecover/__init__.py", "src/minecover/pipeline/stages/__init__.py"}


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
    # Common keys, and keys without options, stand in config.yaml; shared ones in a file each.
    shared = [path for path in (ROOT / "conf" / f"{group}.yaml",) if path.exists()]
    menu = yaml.safe_load((ROOT / "conf" / "config.yaml").read_text()).get(group)
    experiments = [
        yaml.safe_load(path.read_text()).get(group)
        for path in (ROOT / "conf" / "experiment").glob("*.yaml")
    ]
    yield from (below(node, rest) for node in (menu, *experiments))
    for path in [*(ROOT / "conf" / group).rglob("*.yaml"), *shared]:
        node = yaml.safe_load(path.read_text())
        is_global = path.read_text().startswith("# @package _global_")
        yield below(node[group] if is_global else node, rest)


def below(node: object, keys: Sequence[str]) -> object:
    """What stands below some keys of a tree; None where there are none."""
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def closure(stage: str) -> set[str]:
    """Modules that a stage imports, and those its parameters can make it import."""
    roots = {f"minecover.pipeline.stages.{stage}", ENTRY}
    keys = {str(key) for key in PIPELINE["stages"][stage].get("params", [])}
    # The tables' settings and the model's card name feature sets, masks and aggregation again.
    if stage in {"train", "predict", "report"}:
        keys |= {"table", "masks", "aggregation"}
    for key in keys:
        roots |= {module_of(target) for option in options(key) for target in targets(option)}
    upstream = {m for root in roots for m in graph().find_upstream_modules(root)}
    return roots | upstream | {"minecover"}


def files_of(module: str) -> set[str]:
    """The file of a module, and those of the packages it lies in."""
    parts = module.split(".")
    packages = [Path("src", *parts[:n], "__init__.py") for n in range(1, len(parts))]
    own = Path("src", *parts).with_suffix(".py")
    path = own if (ROOT / own).exists() else Path("src", *parts, "__init__.py")
    return {one.as_posix() for one in (*packages, path)}


@pytest.mark.parametrize("stage", PIPELINE["stages"])
def test_code_dependencies_cover_what_a_stage_can_run(stage: str) -> None:
    files = {path for module in closure(stage) for path in files_of(module)} - ALWAYS
    deps = [dep for dep in PIPELINE["stages"][stage]["deps"] if dep.startswith("src/")]

    covered = {dep: {f for f in files if f == dep or f.startswith(f"{dep}/")} for dep in deps}

    assert sorted(files - set().union(*covered.values())) == [], "missing in dvc.yaml"
    assert [dep for dep, own in covered.items() if not own] == [], "too much in dvc.yaml"


@pytest.mark.parametrize("stage", PIPELINE["stages"])
def test_a_stage_depends_on_the_lock_and_on_its_own_file_alone(stage: str) -> None:
    deps = PIPELINE["stages"][stage]["deps"]

    assert "requirements.lock" in deps
    assert "requirements-dev.lock" not in deps
    assert [dep for dep in deps if dep.startswith("src/minecover/pipeline")] == [
        "src/minecover/pipeline/__init__.py",
        "src/minecover/pipeline/__main__.py",
        f"src/minecover/pipeline/stages/{stage}.py",
    ]


@pytest.mark.parametrize("stage", PIPELINE["stages"])
def test_how_services_are_asked_reruns_nothing(stage: str) -> None:
    read = PIPELINE["stages"][stage].get("params", [])

    assert [key for key in read if key.split(".")[0] == "network"] == []


def test_every_stage_is_described() -> None:
    assert all(stage["desc"] for stage in PIPELINE["stages"].values())
    assert list(PIPELINE["stages"]) == list(STAGES)
