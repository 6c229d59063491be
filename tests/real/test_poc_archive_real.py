"""The archive at hand: every array as bcolz gives it, and the whole way from it to a report."""

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from minecover.core.config import composed
from minecover.core.sensors import OLI
from minecover.core.sites import Site
from minecover.features.validity import valid
from minecover.labels.burning import label_cube
from minecover.pipeline import STAGES
from minecover.sources.poc_archive import Archive, ArchiveScenes
from minecover.sources.poc_ground import ArchiveLabels, ArchiveSites, ArchiveWater

BANDS = tuple(OLI.bands)

bcolz = pytest.importorskip("bcolz", reason="the extra `archive` has no wheel for this Python")

ROOT = Path(__file__).parents[2]
LOCATIONS = [f"codmine{number:05d}" for number in range(100, 108)]


@pytest.fixture(scope="module")
def archive(real_data: Path) -> Archive:
    return Archive(str(real_data / "poc_archive"))


@pytest.fixture(scope="module")
def sites(archive: Archive) -> dict[str, Site]:
    return {site.site_id: site for site in ArchiveSites(archive, size_px=100)(None)}


def stored(archive: Archive, location: str, source: str) -> NDArray[np.float64]:
    image: NDArray[np.float64] = bcolz.open(f"{archive.folder}/{location}/{source}", "r")[:]
    return image


def test_every_location_is_a_site(sites: dict[str, Site]) -> None:
    assert list(sites) == LOCATIONS


@pytest.mark.parametrize("location", LOCATIONS)
def test_scenes_are_what_bcolz_gives(
    archive: Archive, sites: dict[str, Site], location: str
) -> None:
    cube = ArchiveScenes(archive, BANDS, drop_last_date=False).scenes(sites[location])

    image = stored(archive, location, "landsat8")
    np.testing.assert_array_equal(cube.values().transpose(2, 3, 1, 0), image[:, :, :11])
    np.testing.assert_array_equal(cube.qa.transpose(1, 2, 0), image[:, :, 11])


@pytest.mark.parametrize("location", LOCATIONS)
def test_masks_are_burned_back_to_the_pixel(
    archive: Archive, sites: dict[str, Site], location: str
) -> None:
    labels = ArchiveLabels(archive)()

    label, _ = label_cube(labels, sites[location].grid, [date(2016, 10, 1)], ignore_ring_m=0)

    np.testing.assert_array_equal(label[0], stored(archive, location, "mask"))


@pytest.mark.parametrize("location", LOCATIONS)
def test_water_is_what_bcolz_gives(
    archive: Archive, sites: dict[str, Site], location: str
) -> None:
    plane = ArchiveWater(archive)(sites[location].read_grid)

    np.testing.assert_array_equal(plane, stored(archive, location, "water"))


def test_the_pocs_mask_drops_high_clouds_and_dates_without_data(
    archive: Archive, sites: dict[str, Site]
) -> None:
    profile = composed(["experiment=poc_archive"]).build("masks")["poc"]
    cube = ArchiveScenes(archive, BANDS, drop_last_date=False).scenes(sites["codmine00106"])

    usable = valid(cube, profile)

    image = stored(archive, "codmine00106", "landsat8")
    cloudy = image[:, :, 11].astype(np.uint16) >> 14 == 3
    wanted = ~cloudy & np.isfinite(image).all(axis=2)
    np.testing.assert_array_equal(usable.transpose(1, 2, 0), wanted)
    assert not usable[3].any()


@pytest.fixture(scope="module")
def built(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run every stage of the experiment, with a small forest."""
    root = tmp_path_factory.mktemp("poc_archive")
    # Copied: what is chosen is written into it.
    shutil.copytree(ROOT / "conf", root / "conf")
    (root / "src").symlink_to(ROOT / "src")
    must(root, "minecover", "params", "--write", "--experiment", "poc_archive",
         f"paths.real_data={real_data}", "model.n_estimators=4",
         "metrics.bootstrap.replicates=20")  # fmt: skip
    for stage in STAGES:
        must(root, "python", "-m", "minecover.pipeline", stage)
    return root


def must(root: Path, *command: str) -> None:
    here = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
    env["PYTHONPATH"] = str(ROOT / "src")
    done = subprocess.run(
        command, cwd=root, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_experiment_reaches_its_report(built: Path) -> None:
    metrics = json.loads((built / "reports/metrics.json").read_text())
    candidates = pd.read_csv(built / "reports/candidates/candidates.csv")

    assert metrics["location"]["average_precision"] > 3 * metrics["prevalence"]["location"]
    assert candidates["candidate_id"].str.startswith("LL-E28.").all()
    assert (built / "reports/index.html").is_file()


def test_predictions_go_back_into_an_archive(
    built: Path, archive: Archive, tmp_path: Path
) -> None:
    must(built, "minecover", "archive", "export", "--archive", archive.folder,
         "--out", str(tmp_path))  # fmt: skip

    rows = pd.read_parquet(built / "data/out_of_fold.parquet")
    scores = rows.loc[rows["site_id"] == "codmine00105", "probability"].to_numpy()
    by_date = bcolz.open(str(tmp_path / "codmine00105" / "landsat8_inference"), "r")[:]
    together = bcolz.open(str(tmp_path / "codmine00105" / "landsat8_inference_timeagg"), "r")[:]
    np.testing.assert_array_equal(by_date, scores.reshape(7, 100, 100))
    np.testing.assert_array_equal(np.isnan(together), np.isnan(by_date).all(axis=0))
    assert set(np.unique(together[np.isfinite(together)])) <= {0.0, 1.0}
    table = json.loads((tmp_path / "metadata.json").read_text())
    assert len(table["location_id"]) == 16
