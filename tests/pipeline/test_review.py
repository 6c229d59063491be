"""Review of a build: export questions, import verdicts, and rebuild what they change."""

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


class Checkout(Protocol):
    root: Path

    @property
    def environment(self) -> Mapping[str, str]: ...


def review(*arguments: str) -> Result:
    """Run a command of `minecover review`."""
    done = CliRunner().invoke(main, ["review", *arguments])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def copy(small_world: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the small world, and make the copy the working directory."""
    root = tmp_path / "copy"
    unused = shutil.ignore_patterns("features", "mlruns", "cache", ".git", "predictions")
    shutil.copytree(small_world.root, root, ignore=unused)
    (root / ".git").symlink_to(small_world.root / ".git")
    monkeypatch.chdir(root)
    return root


def import_counts(package: str) -> dict[str, int]:
    """Import a reviewed GeoPackage, and return the counts of its verdicts."""
    done = review("import", package, "--who", "ada", "--when", "2026-03-01", "--json")
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def test_a_verdict_changes_only_the_labels_of_its_ground(
    copy: Path, small_world: Checkout
) -> None:
    before = read_labels(copy / "data/labels.parquet")
    exported = json.loads(review("export", "--uncertain", "--top", "3", "--json").stdout)
    package = exported["files"][0]
    questions = gpd.read_file(package, layer="review")
    questions.assign(verdict="not mine").to_file(package, layer="review")

    first, second = import_counts(package), import_counts(package)
    status = subprocess.run(
        ["dvc", "status", "labels"],
        env=dict(small_world.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    labels.run(load_params())
    after = read_labels(copy / "data/labels.parquet")
    site = {one.site_id: one for one in fetched_sites()}[questions["site_id"].iloc[0]]
    masks.burn(site, after, fetched_dates()[site.site_id], 0)

    n = exported["questions"]
    assert (first["added"], second["unchanged"], second["kept"]) == (n, n, n)
    assert "modified:" in status.stdout
    others = after[after["kind"] != "rejected"].reset_index(drop=True)
    assert_geodataframe_equal(others, before)
    assert (after["kind"] == "rejected").sum() == n
    path = f"data/masks/{site.site_id}.tif"
    planes, before_planes = read_planes(copy / path), read_planes(small_world.root / path)
    ground = questions.loc[questions["site_id"] == site.site_id].to_crs(site.grid.crs)
    reviewed = burn(ground.geometry, site.grid, all_touched=True)
    np.testing.assert_array_equal(planes.pop("rejected") == 1, reviewed)
    assert not before_planes.pop("rejected").any()
    np.testing.assert_equal(planes, before_planes)


def test_reviewed_candidates_are_not_exported_again(copy: Path) -> None:
    exported = json.loads(review("export", "--uncertain", "--top", "2", "--json").stdout)
    package = exported["files"][0]
    questions = gpd.read_file(package, layer="review")
    questions.assign(verdict="unsure").to_file(package, layer="review")
    import_counts(package)

    review("export", "--uncertain", "--top", "2")

    new_questions = gpd.read_file(package, layer="review")
    assert not set(new_questions["candidate_id"]) & set(questions["candidate_id"])
