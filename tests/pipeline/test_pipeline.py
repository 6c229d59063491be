"""The whole way: from a seed to a registered model and its maps."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml
from conftest import House

from minecover.core.raster import read_grid, read_planes
from minecover.core.sites import read_sites
from minecover.evaluation.out_of_fold import read_out_of_fold


def number(path: Path, key: str) -> float:
    """Read the number at a dotted key of a JSON file."""
    node = json.loads(path.read_text())
    for part in key.split("."):
        node = node[part]
    return float(node)


def test_dates_together_tell_more_than_dates_apart(scored_by_date: House) -> None:
    metrics = scored_by_date.root / "reports/metrics.json"

    assert number(metrics, "location.f1") > number(metrics, "observation.f1") + 0.1
    assert number(metrics, "location.average_precision") > 0.1
    assert number(metrics, "prevalence.location") < 0.01


def test_locations_scored_once_tell_more_than_dates_together(
    small_world: House, scored_by_date: House
) -> None:
    once, together = (
        number(house.root / "reports/metrics.json", "location.average_precision")
        for house in (small_world, scored_by_date)
    )

    assert once > together


@pytest.mark.parametrize("leak", ["split_groups", "overlapping_pairs"])
def test_no_ground_is_in_two_folds(small_world: House, leak: str) -> None:
    assert number(small_world.root / "reports/leakage.json", leak) == 0


def test_nothing_changed_means_nothing_to_do(small_world: House) -> None:
    lock = (small_world.root / "dvc.lock").read_bytes()

    said = small_world.must("dvc", "repro")

    assert "Data and pipelines are up to date." in said
    assert (small_world.root / "dvc.lock").read_bytes() == lock


def test_registering_again_gives_the_same_version(small_world: House) -> None:
    run = small_world.root / "reports/run.json"
    before = run.read_text()

    said = small_world.must("minecover", "register", "--if-missing")

    assert "was there already" in said
    assert run.read_text() == before
    assert json.loads(before)["alias"] == "champion"


def test_every_site_has_a_map_with_the_right_corners(small_world: House) -> None:
    for site in read_sites(small_world.root / "data/sites.parquet"):
        path = small_world.root / f"data/predictions/{site.site_id}.tif"
        planes = read_planes(path)

        assert read_grid(path) == site.grid
        assert set(planes) == {"probability", "valid_dates", "dissimilarity", "applicable"}
        np.testing.assert_array_equal(
            np.isnan(planes["probability"]), planes["valid_dates"] == 0
        )


def test_a_map_of_a_site_says_that_it_is_in_sample(small_world: House) -> None:
    with rasterio.open(small_world.root / "data/predictions/sim0003.tif") as opened:
        said = opened.tags()["TIFFTAG_IMAGEDESCRIPTION"]

    assert said.startswith("SIMULATED data. In sample:")


def test_the_registry_serves_what_was_built(small_world: House, tmp_path: Path) -> None:
    said = small_world.must(
        "minecover", "predict", "--model", "models:/minecover@champion",
        "--source", "simulated", "--out", str(tmp_path / "maps"),
    )  # fmt: skip

    # Of 200 configured sites the world here has twelve, and a site can be made alone.
    assert said.count(".tif") == 12
    site = "sim0003"
    served = read_planes(tmp_path / "maps" / f"{site}.tif")
    built = read_planes(small_world.root / f"data/predictions/{site}.tif")
    np.testing.assert_array_equal(served["valid_dates"], built["valid_dates"])


def test_what_is_not_valid_was_never_scored(small_world: House) -> None:
    for site in read_out_of_fold(small_world.root / "data/out_of_fold.parquet"):
        np.testing.assert_array_equal(np.isnan(site.probability), ~site.valid)


def test_the_summary_says_that_the_data_are_simulated(small_world: House) -> None:
    said = small_world.must("minecover", "summary")

    assert "SIMULATED" in said
    assert "reports/index.html" in said
    assert "make ui" in said


def test_the_report_says_that_the_data_are_simulated(small_world: House) -> None:
    page = (small_world.root / "reports/index.html").read_text()

    assert "simulated" in page.partition("</title>")[0].lower()


def test_the_index_names_every_site(small_world: House) -> None:
    index = pd.read_csv(small_world.root / "data/scenes/index.csv")

    assert index["status"].tolist() == ["ok"] * 12
    assert (index["sha256"].str.len() == 64).all()


@pytest.mark.parametrize("stage", ["labels", "evaluate"])
def test_a_stage_runs_alone(small_world: House, stage: str) -> None:
    assert f"{stage}: " in small_world.must("python", "-m", "minecover.pipeline.stages", stage)


def test_a_model_asks_for_no_band_that_it_does_not_look_at(small_world: House) -> None:
    card = json.loads((small_world.root / "models/model.json").read_text())

    assert card["bands"] == ["B2", "B3", "B4", "B5", "B6", "B7", "B10"]


def test_a_tampered_model_is_not_opened(small_world: House, tmp_path: Path) -> None:
    pickle, card = tmp_path / "model.pkl", tmp_path / "model.json"
    pickle.write_bytes((small_world.root / "models/model.pkl").read_bytes() + b"x")
    shutil.copy(small_world.root / "models/model.json", card)
    done = small_world.run(
        "minecover", "predict", "--model", str(pickle), "--source", "simulated", "--out", "maps"
    )

    assert done.returncode == 1
    assert "is not what was recorded" in done.stderr


def test_a_version_is_traced_to_its_build(small_world: House) -> None:
    lock = yaml.safe_load((small_world.root / "dvc.lock").read_text())
    (pickle,) = (o for o in lock["stages"]["train"]["outs"] if o["path"] == "models/model.pkl")

    said = small_world.must("minecover", "trace", "champion")

    assert "minecover version 1 (champion)" in said
    assert small_world.must("git", "rev-parse", "HEAD").strip() in said
    assert f"models/model.pkl                 md5 {pickle['md5']}" in said
    assert "python -m minecover.pipeline.stages train" in said
    assert "in no commit" in said


def test_a_script_traces_a_version(small_world: House) -> None:
    lock = yaml.safe_load((small_world.root / "dvc.lock").read_text())
    outs = {o["path"]: o["md5"] for o in lock["stages"]["evaluate"]["outs"]}

    told = json.loads(small_world.run("minecover", "trace", "1", "--json").stdout)

    assert (told["name"], told["version"], told["alias"]) == ("minecover", 1, "champion")
    assert outs.items() <= told["made"].items()
    assert told["recorded_in"] is None


def test_a_version_that_is_not_there_is_one_clear_error(small_world: House) -> None:
    done = small_world.run("minecover", "trace", "99")

    assert done.returncode != 0
    assert done.stderr.startswith("Error: ")
    assert "99" in done.stderr


def test_another_processor_builds_the_same_bytes(small_world: House, tmp_path: Path) -> None:
    root = tmp_path / "house"
    left_behind = shutil.ignore_patterns("mlruns", "data", "cache")
    shutil.copytree(small_world.root, root, ignore=left_behind)
    vectors = ",".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"])
    plain = (f"NPY_DISABLE_CPU_FEATURES={vectors}", "OPENBLAS_CORETYPE=Prescott")

    replace(small_world, root=root).must(
        "env", *plain, "NUMBA_CPU_NAME=generic", "dvc", "repro", "--force", "evaluate"
    )

    built, again = (
        yaml.safe_load((each / "dvc.lock").read_text())["stages"]
        for each in (small_world.root, root)
    )
    for stage, done in again.items():
        assert done == built[stage], stage


def test_a_fresh_clone_pulls_the_build_from_a_remote(
    small_world: House, tmp_path: Path
) -> None:
    root = tmp_path / "origin"
    shutil.copytree(small_world.root, root, ignore=shutil.ignore_patterns("mlruns"))
    origin = replace(small_world, root=root)
    origin.must("dvc", "remote", "add", "--default", "depot", str(tmp_path / "depot"))
    origin.must("git", "add", "-A")
    origin.must("git", "commit", "-qm", "Build")

    origin.must("dvc", "push", "-q")
    origin.must("git", "clone", "-q", str(root), str(tmp_path / "clone"))
    clone = replace(small_world, root=tmp_path / "clone")
    clone.must("dvc", "pull", "-q")

    assert "up to date" in clone.must("dvc", "status")
    made, pulled = (house.root / "models/model.pkl" for house in (small_world, clone))
    assert pulled.read_bytes() == made.read_bytes()
