"""The whole pipeline, from simulated scenes to a registered model and its maps."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml
from conftest import Checkout

from minecover.core.raster import read_grid, read_planes
from minecover.core.sites import read_sites
from minecover.evaluation.out_of_fold import read_out_of_fold
from minecover.prediction.detector import BANDS


def number(path: Path, key: str) -> float:
    """Read the number at a dotted key of a JSON file."""
    node = json.loads(path.read_text())
    for part in key.split("."):
        node = node[part]
    return float(node)


def test_aggregated_dates_score_higher_than_single_dates(scored_by_date: Checkout) -> None:
    metrics = scored_by_date.root / "reports/metrics.json"

    assert number(metrics, "location.f1") > number(metrics, "observation.f1") + 0.1
    assert number(metrics, "location.average_precision") > 0.1
    assert number(metrics, "prevalence.location") < 0.01


def test_the_location_design_scores_higher_than_aggregated_dates(
    small_world: Checkout, scored_by_date: Checkout
) -> None:
    once, together = (
        number(checkout.root / "reports/metrics.json", "location.average_precision")
        for checkout in (small_world, scored_by_date)
    )

    assert once > together


@pytest.mark.parametrize("leak", ["split_groups", "overlapping_pairs"])
def test_no_ground_is_in_two_folds(small_world: Checkout, leak: str) -> None:
    assert number(small_world.root / "reports/leakage.json", leak) == 0


def test_a_second_repro_runs_no_stage(small_world: Checkout) -> None:
    lock = (small_world.root / "dvc.lock").read_bytes()

    output = small_world.must("dvc", "repro")

    assert "Data and pipelines are up to date." in output
    assert (small_world.root / "dvc.lock").read_bytes() == lock


@pytest.mark.parametrize("command", [("show",), ("diff", "HEAD")], ids=["show", "diff"])
def test_the_pages_of_dvc_leave_the_tree_as_it_is(
    small_world: Checkout, command: tuple[str, ...]
) -> None:
    before = small_world.must("git", "status", "--porcelain")

    small_world.must("dvc", "plots", *command)

    assert (small_world.root / "dvc_plots/index.html").is_file()
    assert small_world.must("git", "status", "--porcelain") == before


def test_a_build_is_registered_once(small_world: Checkout) -> None:
    run = small_world.root / "reports/run.json"
    before = run.read_text()

    output = small_world.must("minecover", "register", "--if-missing")

    assert "was registered before" in output
    assert run.read_text() == before
    assert json.loads(before)["alias"] == "champion"


def test_every_site_has_a_map_with_the_right_corners(small_world: Checkout) -> None:
    for site in read_sites(small_world.root / "data/sites.parquet"):
        path = small_world.root / f"data/predictions/{site.site_id}.tif"
        planes = read_planes(path)

        assert read_grid(path) == site.grid
        assert tuple(planes) == BANDS
        np.testing.assert_array_equal(
            np.isnan(planes["probability"]), planes["valid_dates"] == 0
        )


def test_the_map_of_a_site_is_marked_as_in_sample(small_world: Checkout) -> None:
    with rasterio.open(small_world.root / "data/predictions/sim0003.tif") as opened:
        output = opened.tags()["TIFFTAG_IMAGEDESCRIPTION"]

    assert output.startswith("SIMULATED data. In sample:")


def test_the_registered_model_maps_the_sites_of_the_build(
    small_world: Checkout, tmp_path: Path
) -> None:
    output = small_world.must(
        "minecover", "predict", "--model", "models:/minecover@champion",
        "--source", "simulated", "--out", str(tmp_path / "maps"),
    )  # fmt: skip

    assert output.count(".tif") == 12
    site = "sim0003"
    served = read_planes(tmp_path / "maps" / f"{site}.tif")
    built = read_planes(small_world.root / f"data/predictions/{site}.tif")
    np.testing.assert_array_equal(served["valid_dates"], built["valid_dates"])


def test_invalid_observations_have_no_probability(small_world: Checkout) -> None:
    for site in read_out_of_fold(small_world.root / "data/out_of_fold.parquet"):
        np.testing.assert_array_equal(np.isnan(site.probability), ~site.valid)


def test_the_summary_marks_simulated_data(small_world: Checkout) -> None:
    output = small_world.must("minecover", "summary")

    assert "SIMULATED" in output
    assert "reports/index.html" in output
    assert "make ui" in output


def test_the_report_marks_simulated_data(small_world: Checkout) -> None:
    page = (small_world.root / "reports/index.html").read_text()

    assert "simulated" in page.partition("</title>")[0].lower()


def test_the_index_names_every_site(small_world: Checkout) -> None:
    index = pd.read_csv(small_world.root / "data/scenes/index.csv")

    assert index["status"].tolist() == ["ok"] * 12
    assert (index["sha256"].str.len() == 64).all()


@pytest.mark.parametrize("stage", ["labels", "evaluate"])
def test_a_stage_runs_alone(small_world: Checkout, stage: str) -> None:
    assert f"{stage}: " in small_world.must("python", "-m", "minecover.pipeline", stage)


def test_the_model_card_lists_only_bands_that_are_read(small_world: Checkout) -> None:
    card = json.loads((small_world.root / "models/model.json").read_text())

    assert card["bands"] == ["blue", "green", "red", "nir08", "swir16", "swir22", "lwir11"]


def test_the_model_card_says_how_many_dates_a_location_had(small_world: Checkout) -> None:
    card = json.loads((small_world.root / "models/model.json").read_text())["dates"]
    columns = ["n_dates", "valid_strict", "ndvi_p25_p75"]
    tables = {
        kind: pd.concat(
            pd.read_parquet(path, columns=columns).query("valid_strict")
            for path in (small_world.root / "data/features" / kind).glob("*.parquet")
        )
        for kind in ("locations", "fewer_dates")
    }

    with_one = {kind: (table["n_dates"] == 1).mean() for kind, table in tables.items()}
    assert tables["fewer_dates"]["n_dates"].max() == 3
    assert with_one["locations"] < card["share_with_one"] < with_one["fewer_dates"]
    assert (card["min"], card["fewest"]) == (1, 1)
    assert card["max"] == tables["locations"]["n_dates"].max()
    for table in tables.values():
        assert table.loc[table["n_dates"] == 1, "ndvi_p25_p75"].isna().all()
    page = (small_world.root / "reports/model_card.md").read_text()
    assert f"| dates of a location | 1 to {card['max']}, median" in page


def test_a_tampered_model_is_not_opened(small_world: Checkout, tmp_path: Path) -> None:
    pickle, card = tmp_path / "model.pkl", tmp_path / "model.json"
    pickle.write_bytes((small_world.root / "models/model.pkl").read_bytes() + b"x")
    shutil.copy(small_world.root / "models/model.json", card)
    done = small_world.run(
        "minecover", "predict", "--model", str(pickle), "--source", "simulated", "--out", "maps"
    )

    assert done.returncode == 1
    assert "is not what was recorded" in done.stderr


def test_a_version_is_traced_to_its_build(small_world: Checkout) -> None:
    lock = yaml.safe_load((small_world.root / "dvc.lock").read_text())
    (pickle,) = (o for o in lock["stages"]["train"]["outs"] if o["path"] == "models/model.pkl")

    output = small_world.must("minecover", "trace", "champion")

    assert "minecover version 1 (champion)" in output
    assert small_world.must("git", "rev-parse", "HEAD").strip() in output
    assert f"models/model.pkl                 md5 {pickle['md5']}" in output
    assert "python -m minecover.pipeline train" in output
    assert "recorded in no commit" in output
    assert "nothing uncommitted" not in output


def test_a_script_traces_a_version(small_world: Checkout) -> None:
    lock = yaml.safe_load((small_world.root / "dvc.lock").read_text())
    outs = {o["path"]: o["md5"] for o in lock["stages"]["evaluate"]["outs"]}

    found = json.loads(small_world.run("minecover", "trace", "1", "--json").stdout)

    assert (found["name"], found["version"], found["alias"]) == ("minecover", 1, "champion")
    assert outs.items() <= found["made"].items()
    assert found["recorded_in"] is None


def test_an_unknown_version_is_one_clear_error(small_world: Checkout) -> None:
    done = small_world.run("minecover", "trace", "99")

    assert done.returncode != 0
    assert done.stderr.startswith("Error: ")
    assert "99" in done.stderr


def test_another_processor_builds_the_same_bytes(small_world: Checkout, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    unused = shutil.ignore_patterns("mlruns", "data", "cache")
    shutil.copytree(small_world.root, root, ignore=unused)
    vectors = ",".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"])
    baseline = (f"NPY_DISABLE_CPU_FEATURES={vectors}", "OPENBLAS_CORETYPE=Prescott")

    replace(small_world, root=root).must(
        "env", *baseline, "NUMBA_CPU_NAME=generic", "dvc", "repro", "--force", "evaluate"
    )

    built, again = (
        yaml.safe_load((folder / "dvc.lock").read_text())["stages"]
        for folder in (small_world.root, root)
    )
    for stage, done in again.items():
        assert done == built[stage], stage


def test_a_fresh_clone_pulls_the_build_from_a_remote(
    small_world: Checkout, tmp_path: Path
) -> None:
    root = tmp_path / "origin"
    shutil.copytree(small_world.root, root, ignore=shutil.ignore_patterns("mlruns"))
    origin = replace(small_world, root=root)
    origin.must("dvc", "remote", "add", "--default", "remote", str(tmp_path / "remote"))
    origin.must("git", "add", "-A")
    origin.must("git", "commit", "-qm", "Build")

    origin.must("dvc", "push", "-q")
    origin.must("git", "clone", "-q", str(root), str(tmp_path / "clone"))
    clone = replace(small_world, root=tmp_path / "clone")
    clone.must("dvc", "pull", "-q")

    assert "up to date" in clone.must("dvc", "status")
    made, pulled = (checkout.root / "models/model.pkl" for checkout in (small_world, clone))
    assert pulled.read_bytes() == made.read_bytes()
