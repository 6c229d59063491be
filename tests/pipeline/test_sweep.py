"""Sweeps on the small world: some jobs fail, none runs twice, two can be compared."""

import json
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from subprocess import CompletedProcess

import pytest
from conftest import House
from playwright.sync_api import Browser, Page, expect

#: What the small world was built with.
SMALL = ("world.n_sites=12", "folds.n=3", "folds.gate=false")
SWEEP = (
    "python",
    "-m",
    "minecover.pipeline.sweep",
    "-m",
    *SMALL,
    "metrics.bootstrap.replicates=20",
)
#: A forest in three sizes that share their trees; no tree has no leaves.
JOBS = (*SWEEP, "model=forest", "model.n_estimators=2,3", "model.min_samples_leaf=20,0")


def rows(house: House, words: str) -> list[tuple[str, ...]]:
    """Ask the store."""
    with sqlite3.connect(house.root / "mlruns/mlflow.db") as store:
        return store.execute(words).fetchall()


def ended(house: House) -> list[tuple[str, ...]]:
    """Give the name and the end of every job, in their order."""
    return rows(
        house,
        "select name, status from runs join tags using (run_uuid) where key = 'job_id' "
        "order by start_time",
    )


@pytest.fixture(scope="module")
def house(small_world: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A copy of the small world with a store of its own."""
    root = tmp_path_factory.mktemp("swept") / "house"
    shutil.copytree(small_world.root, root, ignore=shutil.ignore_patterns("mlruns", "cache"))
    return House(root)


@pytest.fixture(scope="module")
def first(house: House) -> CompletedProcess[str]:
    """The sweep, half of whose jobs cannot be trained."""
    return house.run(*JOBS)


def test_failures_stop_no_other_job_and_are_told(
    house: House, first: CompletedProcess[str]
) -> None:
    assert first.returncode == 1
    assert "2 of 4 jobs failed" in first.stderr
    assert "min_samples_leaf=0: FAILED" in first.stderr
    assert sorted(status for _, status in ended(house)[:4]) == ["FAILED"] * 2 + ["FINISHED"] * 2


def test_the_sweep_is_one_run_over_its_jobs(house: House, first: CompletedProcess[str]) -> None:
    (parent,) = rows(house, "select run_uuid from runs where name like 'sweep %'")
    children = rows(
        house, f"select 1 from tags where key = 'mlflow.parentRunId' and value = '{parent[0]}'"
    )
    folder = house.root / "mlruns/artifacts" / parent[0] / "artifacts"

    assert len(children) == 4
    assert {path.name for path in folder.rglob("*.*")} == {
        "summary.csv",
        "summary.md",
        "parallel_coordinates.png",
        "importance.png",
    }


def test_a_finished_job_explains_itself(house: House, first: CompletedProcess[str]) -> None:
    ((run,),) = rows(
        house,
        "select run_uuid from runs where status = 'FINISHED' and name like 'n_estimators=3%'",
    )
    steps = rows(
        house,
        f"select step from metrics where run_uuid = '{run}' "
        "and key = 'fold.location.average_precision' order by step",
    )
    folder = house.root / "mlruns/artifacts" / run / "artifacts"

    assert [str(step) for (step,) in steps] == ["0", "1", "2"]
    assert {path.name for path in folder.rglob("*.png")} == {
        "importance.png",
        "precision_recall.png",
        "reliability.png",
        "sites.png",
    }
    assert {path.name for path in folder.iterdir() if path.is_file()} == {
        "leakage.json",
        "metrics.json",
        "out_of_fold.parquet",
        "params.yaml",
    }


def test_a_failed_job_keeps_its_traceback(house: House, first: CompletedProcess[str]) -> None:
    ((run,), *_) = rows(
        house, "select run_uuid from runs where status = 'FAILED' and name like 'n_%'"
    )
    text = (house.root / "mlruns/artifacts" / run / "artifacts/traceback.txt").read_text()

    assert "min_samples_leaf" in text


def test_again_runs_what_is_missing_and_buries_what_was_killed(
    house: House, first: CompletedProcess[str]
) -> None:
    with sqlite3.connect(house.root / "mlruns/mlflow.db") as store:
        # As a killed worker leaves it.
        store.execute(
            "update runs set status = 'RUNNING' where status = 'FINISHED' "
            "and name like 'n_estimators=2%'"
        )

    again = house.run(*JOBS[:-1], "model.min_samples_leaf=20")

    assert again.returncode == 0, again.stderr
    assert [status for name, status in ended(house) if "leaf=0" not in name] == [
        "KILLED",
        "FINISHED",
        "FINISHED",
    ]


def test_two_jobs_are_compared(house: House, first: CompletedProcess[str]) -> None:
    ids = rows(house, "select run_uuid from runs where status = 'FINISHED' and name like 'n_%'")

    two = [run for (run,) in ids[:2]]
    done = house.run("minecover", "compare", *(run[:12] for run in two), "--json")

    told = json.loads(done.stdout)
    values = rows(
        house, "select run_uuid, value from metrics where key = 'location.average_precision'"
    )
    logged = {run: float(value) for run, value in values}
    row = told["scores"]["location.average_precision"]
    assert [told["a"], told["b"]] == two
    assert (row["a"], row["b"]) == pytest.approx([logged[run] for run in two], abs=1e-6)
    assert row["difference"] == pytest.approx(row["b"] - row["a"], abs=2e-6)
    assert row["difference_low"] <= row["difference"] <= row["difference_high"]


def test_two_jobs_are_compared_in_words(house: House, first: CompletedProcess[str]) -> None:
    ids = rows(house, "select run_uuid from runs where status = 'FINISHED' and name like 'n_%'")

    said = house.must("minecover", "compare", *(run[:12] for (run,) in ids[:2]))

    assert "location.average_precision" in said
    assert "difference" in said


def test_another_world_is_refused(house: House) -> None:
    done = house.run(*SWEEP, "world.seed=1,2")

    assert done.returncode == 1
    assert "dvc exp run --queue" in done.stderr


@pytest.fixture(scope="module")
def ui(house: House, first: CompletedProcess[str], browser: Browser) -> Iterator[str]:
    """The UI over the sweep and a registered model; gives the address that it prints."""
    house.must("minecover", "register", "--if-missing")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        ("minecover", "ui", "--port", str(port)),
        cwd=house.root,
        env=house.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        address = server.stderr.readline().split()[-1]
        wait_for(f"http://127.0.0.1:{port}/health")
        yield address
        server.terminate()


def wait_for(url: str) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(f"{url} does not answer")


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 2200, "height": 1000})
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    return page


def jobs(house: House) -> list[str]:
    """Give the runs of finished jobs, the largest forest first."""
    found = rows(
        house,
        "select run_uuid from runs join tags using (run_uuid) where key = 'job_id' "
        "and status = 'FINISHED' order by name desc",
    )
    return [run for (run,) in found]


def test_the_ui_opens_on_runs_with_their_scores(ui: str, tab: Page, house: House) -> None:
    (score,) = rows(
        house,
        f"select value from metrics where run_uuid = '{jobs(house)[0]}' "
        "and key = 'location.average_precision'",
    )

    tab.goto(ui)

    heads = tab.get_by_role("columnheader", name="location.average_precision")
    expect(heads.first).to_be_visible()
    expect(tab.get_by_text("n_estimators=3").first).to_be_visible()
    expect(tab.get_by_text(str(score[0])[:5]).first).to_be_visible()


def test_the_ui_compares_two_runs(ui: str, tab: Page, house: House) -> None:
    two = jobs(house)[:2]

    tab.goto(
        f"{ui.partition('#')[0]}#/compare-runs?runs={json.dumps(two)}&experiments=[%221%22]"
    )

    expect(tab.get_by_text("Comparing 2 Runs")).to_be_visible()
    expect(tab.get_by_role("link", name=two[0])).to_be_visible()
    expect(tab.get_by_role("link", name=two[1])).to_be_visible()


def test_the_ui_shows_pictures(ui: str, tab: Page, house: House) -> None:
    place = f"experiments/1/runs/{jobs(house)[0]}/artifacts/figures/sites.png"

    tab.goto(f"{ui.partition('#')[0]}#/{place}")

    picture = tab.locator("img[src^='blob:'], img[src*='sites.png']").first
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.naturalWidth") > 400


def test_the_ui_shows_a_version_with_its_card(ui: str, tab: Page) -> None:
    tab.goto(f"{ui.partition('#')[0]}#/models/minecover/versions/1")

    expect(tab.get_by_role("heading", name="Version 1")).to_be_visible()
    expect(tab.get_by_text("champion").first).to_be_visible()
    expect(tab.get_by_text("SIMULATED data: no evidence").first).to_be_visible()
