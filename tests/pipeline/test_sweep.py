"""Sweeps on the small world: some jobs fail, none runs twice, two can be compared."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from conftest import Checkout
from mlflow import MlflowClient
from mlflow.entities import Run
from playwright.sync_api import Browser, Page, expect

from minecover.tracking import Tracking, connect

#: What the small world was built with.
SMALL = ("world.n_sites=12", "folds.n=3", "folds.gate=false")
SWEEP = ("minecover", "sweep", *SMALL, "metrics.bootstrap.replicates=20")
#: A forest in three sizes that share their trees; no tree has no leaves.
JOBS = (*SWEEP, "model=forest", "model.n_estimators=2,3", "model.min_samples_leaf=20,0")


def client(checkout: Checkout) -> MlflowClient:
    """Connect to the store of a checkout."""
    folder = str(checkout.root / "mlruns")
    return connect(Tracking(folder, experiment="minecover", registered_name="minecover"))[0]


def search(checkout: Checkout, filter_string: str) -> list[Run]:
    """Return the runs that match a filter, the first one first."""
    store = client(checkout)
    experiment = store.get_experiment_by_name("minecover")
    assert experiment is not None
    return list(
        store.search_runs(
            [experiment.experiment_id], filter_string, order_by=["attributes.start_time ASC"]
        )
    )


def job_runs(checkout: Checkout, filter_string: str = "") -> list[Run]:
    """Return the runs of jobs that match a filter, the first one first."""
    is_job = "tags.job_id != ''"
    return search(checkout, f"{is_job} and {filter_string}" if filter_string else is_job)


def finished_ids(checkout: Checkout) -> list[str]:
    """Return the ids of the finished runs of jobs, the first one first."""
    return [run.info.run_id for run in job_runs(checkout, "attributes.status = 'FINISHED'")]


def artifacts(checkout: Checkout, run_id: str) -> Path:
    """Return the folder with the artifacts of a run."""
    return checkout.root / "mlruns/artifacts" / run_id / "artifacts"


@pytest.fixture(scope="module")
def checkout(small_world: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Copy the small world, without its store."""
    root = tmp_path_factory.mktemp("sweep") / "checkout"
    shutil.copytree(small_world.root, root, ignore=shutil.ignore_patterns("mlruns", "cache"))
    return Checkout(root)


@pytest.fixture(scope="module")
def first(checkout: Checkout) -> CompletedProcess[str]:
    """The sweep, half of whose jobs cannot be trained."""
    return checkout.run(*JOBS)


def test_failures_stop_no_other_job_and_are_reported(
    checkout: Checkout, first: CompletedProcess[str]
) -> None:
    assert first.returncode == 1
    assert "2 of 4 jobs failed" in first.stderr
    assert "min_samples_leaf=0: FAILED" in first.stderr
    statuses = sorted(run.info.status for run in job_runs(checkout)[:4])
    assert statuses == ["FAILED"] * 2 + ["FINISHED"] * 2


def test_the_sweep_is_one_run_over_its_jobs(
    checkout: Checkout, first: CompletedProcess[str]
) -> None:
    (sweep,) = search(checkout, "attributes.run_name LIKE 'sweep %'")
    jobs = search(checkout, f"tags.mlflow.parentRunId = '{sweep.info.run_id}'")

    assert len(jobs) == 4
    assert {path.name for path in artifacts(checkout, sweep.info.run_id).rglob("*.*")} == {
        "summary.csv",
        "summary.md",
        "parallel_coordinates.png",
        "importance.png",
    }


def test_a_finished_job_has_scores_figures_and_files(
    checkout: Checkout, first: CompletedProcess[str]
) -> None:
    (run,) = job_runs(
        checkout,
        "attributes.status = 'FINISHED' and attributes.run_name LIKE 'n_estimators=3%'",
    )
    history = client(checkout).get_metric_history(
        run.info.run_id, "fold.location.average_precision"
    )
    folder = artifacts(checkout, run.info.run_id)

    assert sorted(metric.step for metric in history) == [0, 1, 2]
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


def test_a_failed_job_has_its_traceback(
    checkout: Checkout, first: CompletedProcess[str]
) -> None:
    run, *_ = job_runs(checkout, "attributes.status = 'FAILED'")
    text = (artifacts(checkout, run.info.run_id) / "traceback.txt").read_text()

    assert "min_samples_leaf" in text


def test_a_second_sweep_runs_what_is_missing_and_marks_what_was_killed(
    checkout: Checkout, first: CompletedProcess[str]
) -> None:
    (run,) = job_runs(
        checkout,
        "attributes.status = 'FINISHED' and attributes.run_name LIKE 'n_estimators=2%'",
    )
    # A worker that is killed leaves its run open.
    client(checkout).update_run(run.info.run_id, status="RUNNING")

    again = checkout.run(*JOBS[:-1], "model.min_samples_leaf=20")

    assert again.returncode == 0, again.stderr
    runs = job_runs(checkout)
    assert [run.info.status for run in runs if "leaf=0" not in str(run.info.run_name)] == [
        "KILLED",
        "FINISHED",
        "FINISHED",
    ]


def test_two_jobs_are_compared(checkout: Checkout, first: CompletedProcess[str]) -> None:
    two = finished_ids(checkout)[:2]

    done = checkout.run("minecover", "compare", *(run_id[:12] for run_id in two), "--json")

    found = json.loads(done.stdout)
    logged = [
        client(checkout).get_run(run_id).data.metrics["location.average_precision"]
        for run_id in two
    ]
    row = found["scores"]["location.average_precision"]
    assert [found["a"], found["b"]] == two
    assert (row["a"], row["b"]) == pytest.approx(logged, abs=1e-6)
    assert row["difference"] == pytest.approx(row["b"] - row["a"], abs=2e-6)
    assert row["difference_low"] <= row["difference"] <= row["difference_high"]


def test_a_comparison_is_printed_as_a_table(
    checkout: Checkout, first: CompletedProcess[str]
) -> None:
    two = finished_ids(checkout)[:2]

    output = checkout.must("minecover", "compare", *(run_id[:12] for run_id in two))

    assert "location.average_precision" in output
    assert "difference" in output


def test_another_world_is_refused(checkout: Checkout) -> None:
    done = checkout.run(*SWEEP, "world.seed=1,2")

    assert done.returncode == 1
    assert "dvc exp run --queue" in done.stderr


@pytest.fixture(scope="module")
def ui(checkout: Checkout, first: CompletedProcess[str], browser: Browser) -> Iterator[str]:
    """Serve the UI of the sweep and of a registered model; yield the address that it prints."""
    checkout.must("minecover", "register", "--if-missing")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        ("minecover", "ui", "--port", str(port)),
        cwd=checkout.root,
        env=checkout.environment,
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


def by_size(checkout: Checkout) -> list[Run]:
    """Return the finished runs of jobs, the largest forest first."""
    runs = job_runs(checkout, "attributes.status = 'FINISHED'")
    return sorted(runs, key=lambda run: str(run.info.run_name), reverse=True)


def test_the_ui_opens_on_runs_with_their_scores(ui: str, tab: Page, checkout: Checkout) -> None:
    score = by_size(checkout)[0].data.metrics["location.average_precision"]

    tab.goto(ui)

    heads = tab.get_by_role("columnheader", name="location.average_precision")
    expect(heads.first).to_be_visible()
    expect(tab.get_by_text("n_estimators=3").first).to_be_visible()
    expect(tab.get_by_text(str(score)[:5]).first).to_be_visible()


def test_the_ui_compares_two_runs(ui: str, tab: Page, checkout: Checkout) -> None:
    two = [run.info.run_id for run in by_size(checkout)[:2]]

    tab.goto(
        f"{ui.partition('#')[0]}#/compare-runs?runs={json.dumps(two)}&experiments=[%221%22]"
    )

    expect(tab.get_by_text("Comparing 2 Runs")).to_be_visible()
    expect(tab.get_by_role("link", name=two[0])).to_be_visible()
    expect(tab.get_by_role("link", name=two[1])).to_be_visible()


def test_the_ui_shows_pictures(ui: str, tab: Page, checkout: Checkout) -> None:
    place = f"experiments/1/runs/{by_size(checkout)[0].info.run_id}/artifacts/figures/sites.png"

    tab.goto(f"{ui.partition('#')[0]}#/{place}")

    picture = tab.locator("img[src^='blob:'], img[src*='sites.png']").first
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.naturalWidth") > 400


def test_the_ui_shows_a_version_with_its_card(ui: str, tab: Page) -> None:
    tab.goto(f"{ui.partition('#')[0]}#/models/minecover/versions/1")

    expect(tab.get_by_role("heading", name="Version 1")).to_be_visible()
    expect(tab.get_by_text("champion").first).to_be_visible()
    expect(tab.get_by_text("SIMULATED data: no evidence").first).to_be_visible()


def test_a_nested_search_scores_each_fold_by_the_choice_made_without_it(
    checkout: Checkout,
) -> None:
    words = ("model=linear", "model.C=0.01,1", *SMALL)

    output = checkout.must("minecover", "search", "--trials", "2", "--nested", *words)

    chosen = re.findall(r"^without fold (\d): model\.C=(.+)$", output, re.MULTILINE)
    assert [fold for fold, _ in chosen] == ["0", "1", "2"]
    assert {value for _, value in chosen} <= {"0.01", "1"}
    assert re.search(r"^average_precision of the choice: 0\.\d+ \[", output, re.MULTILINE)
    (run,) = search(checkout, "tags.role = 'nested choice'")
    assert run.info.status == "FINISHED"


def test_a_nested_search_over_features_is_refused_before_it_begins(checkout: Checkout) -> None:
    before = len(job_runs(checkout))

    done = checkout.run(
        "minecover", "search", "--nested", "features=[bands],[spectral]", "model=linear", *SMALL
    )

    assert done.returncode == 1
    assert "--nested chooses keys of the model alone, found features" in done.stderr
    assert len(job_runs(checkout)) == before
