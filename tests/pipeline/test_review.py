"""A round of review: asked from a build, answered, imported, noticed by DVC, no more."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner, Result
from geopandas.testing import assert_geodataframe_equal

from minecover.cli import main
from minecover.core.config import load_params
from minecover.core.outputs import fetched_dates, fetched_sites
from minecover.core.raster import burn, read_planes
from minecover.labels import read_labels
from minecover.pipeline.stages import labels, masks


class House(Protocol):
    root: Path

    @property
    def environment(self) -> Mapping[str, str]: ...


def minecover(*arguments: str) -> Result:
    done = CliRunner().invoke(main, ["review", *arguments])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def desk(small_world: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the small world, to review it without a trace."""
    root = tmp_path / "desk"
    unused = shutil.ignore_patterns("features", "mlruns", "cache", ".git", "predictions")
    shutil.copytree(small_world.root, root, ignore=unused)
    (root / ".git").symlink_to(small_world.root / ".git")
    monkeypatch.chdir(root)
    return root


def imported(package: str) -> dict[str, int]:
    said = minecover("import", package, "--who", "ada", "--when", "2026-03-01", "--json")
    counts: dict[str, int] = json.loads(said.stdout)
    return counts


def test_a_verdict_changes_the_labels_of_its_ground_and_nothing_else(
    desk: Path, small_world: House
) -> None:
    before = read_labels(desk / "data/labels.parquet")
    asked = json.loads(minecover("export", "--uncertain", "--top", "3", "--json").stdout)
    package = asked["files"][0]
    questions = gpd.read_file(package, layer="review")
    questions.assign(verdict="not mine").to_file(package, layer="review")

    took, again = imported(package), imported(package)
    status = subprocess.run(
        ["dvc", "status", "labels"],
        env=dict(small_world.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    labels.run(load_params())
    after = read_labels(desk / "data/labels.parquet")
    site = {one.site_id: one for one in fetched_sites()}[questions["site_id"].iloc[0]]
    masks.burn(site, after, fetched_dates()[site.site_id], 0)

    n = asked["questions"]
    assert (took["added"], again["unchanged"], again["kept"]) == (n, n, n)
    assert "modified:" in status.stdout
    old = after[after["kind"] != "rejected"].reset_index(drop=True)
    assert_geodataframe_equal(old, before)
    assert (after["kind"] == "rejected").sum() == n
    path = f"data/masks/{site.site_id}.tif"
    planes, was = read_planes(desk / path), read_planes(small_world.root / path)
    ground = questions.loc[questions["site_id"] == site.site_id].to_crs(site.grid.crs)
    judged = burn(ground.geometry, site.grid, all_touched=True)
    np.testing.assert_array_equal(planes.pop("rejected") == 1, judged)
    assert not was.pop("rejected").any()
    np.testing.assert_equal(planes, was)


def test_what_was_judged_is_not_asked_again(desk: Path) -> None:
    asked = json.loads(minecover("export", "--uncertain", "--top", "2", "--json").stdout)
    package = asked["files"][0]
    questions = gpd.read_file(package, layer="review")
    questions.assign(verdict="unsure").to_file(package, layer="review")
    imported(package)

    minecover("export", "--uncertain", "--top", "2")

    anew = gpd.read_file(package, layer="review")
    assert not set(anew["candidate_id"]) & set(questions["candidate_id"])
