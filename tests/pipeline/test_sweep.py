"""Sweeps on the small world: some jobs fail, none runs twice, two can be compared."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml
from conftest import Checkout
from mlflow import MlflowClient
from mlflow.entities import Run
from playwright.sync_api import Browser, Page, expect
from started_servers import free_port, started

from minecover.tracking import Tracking, connect
from minecover.tracking.record import MAX_RUN_METRICS

#: What the small world was built with.
SMALL = ("world.n_sites=12", "folds.n=3", "folds.gate=false")
#: Starts from what was written when the small world was built.
SWEEP = ("minecover", "sweep", "metrics.bootstrap.replicates=20")
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
    rows = re.findall(
        r"^ *(estimators=. leaf=0)  FAILED \(run \w{8}\): .+$", first.stdout, re.M
    )
    assert sorted(rows) == ["estimators=2 leaf=0", "estimators=3 leaf=0"]
    statuses = sorted(run.info.status for run in job_runs(checkout)[:4])
    assert statuses == ["FAILED"] * 2 + ["FINISHED"] * 2


def test_the_sweep_is_one_run_over_its_jobs(
    checkout: Checkout, first: CompletedProcess[str]
) -> None:
    (sweep,) = search(checkout, "attributes.run_name LIKE 'sweep %'")
    jobs = search(checkout, f"tags.mlflow.parentRunId = '{sweep.info.run_id}'")

    assert len(jobs) == 4
    assert {path.name for path in artifacts(checkout, sweep.info.run_id).rglob("*.*")} == {
        "packages.txt",
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
        "attributes.status = 'FINISHED' and attributes.run_name LIKE 'estimators=3%'",
    )
    history = client(checkout).get_metric_history(
        run.info.run_id, "fold.location.average_precision"
    )
    folder = artifacts(checkout, run.info.run_id)
    card = run.data.tags["mlflow.note.content"]

    assert len(run.data.metrics) <= MAX_RUN_METRICS
    assert {"AP", "AP low", "AP high", "ECE", "AP truth"} <= set(run.data.metrics)
    assert card.startswith("**SIMULATED data: no evidence of skill on real ground.**")
    assert "**Risk:**" in card
    assert sorted(metric.step for metric in history) == [0, 1, 2]
    assert {path.name for path in folder.rglob("*.png")} == {
        "importance.png",
        "precision_recall.png",
        "reliability.png",
        "sites.png",
    }
    assert {path.name for path in folder.iterdir() if path.is_file()} == {
        "importance.json",
        "leakage.json",
        "metrics.json",
        "out_of_fold.parquet",
        "packages.txt",
        "params.yaml",
        "replicates.npz",
    }


def test_the_data_of_a_job_are_those_that_dvc_recorded(
    checkout: Checkout, first: CompletedProcess[str]
) -> None:
    lock = yaml.safe_load((checkout.root / "dvc.lock").read_text())["stages"]
    md5 = {out["path"]: out["md5"] for stage in lock.values() for out in stage.get("outs", ())}

    run, *_ = job_runs(checkout, "attributes.status = 'FINISHED'")

    assert run.inputs is not None
    used = {one.dataset.name: one.dataset.digest for one in run.inputs.dataset_inputs}
    assert {"data/features", "data/folds.parquet", "data/labels.parquet"} <= set(used)
    assert used == {name: md5[name] for name in used}


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
        "attributes.status = 'FINISHED' and attributes.run_name LIKE 'estimators=2%'",
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
    logged = [client(checkout).get_run(run_id).data.metrics["AP"] for run_id in two]
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

    assert re.match(r"([ab] \(.+\) is better|No difference)", output)
    assert "average precision" in output
    assert len(re.findall(r"(b better|b worse|unclear)$", output, re.M)) == 10
    (run, *_) = search(checkout, "tags.kind = 'comparison'")
    assert {path.name for path in artifacts(checkout, run.info.run_id).iterdir()} == {
        "compare.html",
        "comparison.csv",
        "packages.txt",
    }


def test_another_world_is_refused(checkout: Checkout) -> None:
    done = checkout.run(*SWEEP, "world.seed=1,2")

    assert done.returncode == 1
    assert "dvc exp run --queue" in done.stderr


@pytest.fixture(scope="module")
def ui(checkout: Checkout, first: CompletedProcess[str], browser: Browser) -> Iterator[str]:
    """Serve the UI of the sweep and of a registered model; yield the address that it prints."""
    checkout.must("minecover", "register", "--if-missing")
    port = free_port()
    with started(
        *("minecover", "ui", "--port", str(port)),
        url=f"http://127.0.0.1:{port}/health",
        cwd=checkout.root,
        env=checkout.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        yield server.stderr.readline().split()[-1]


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


def test_the_ui_opens_on_models_with_their_scores(
    ui: str, tab: Page, checkout: Checkout
) -> None:
    score = by_size(checkout)[0].data.metrics["AP"]

    tab.goto(ui)

    for name in ("AP", "AP low", "AP high", "AP truth", "ECE"):
        expect(tab.get_by_role("columnheader", name=name, exact=True).first).to_be_visible()
    # What the sweep varied.
    for name in ("model.n_estimators", "model.min_samples_leaf"):
        expect(tab.get_by_role("columnheader", name=name).first).to_be_attached()
    expect(tab.get_by_text("estimators=3 leaf=20").first).to_be_visible()
    expect(tab.get_by_text(re.compile("^build ")).first).to_be_visible()
    expect(tab.get_by_text(str(score)[:5]).first).to_be_visible()
    expect(tab.get_by_text(re.compile("^sweep ")).first).to_be_hidden()


def test_a_run_opens_on_its_card(ui: str, tab: Page, checkout: Checkout) -> None:
    tab.goto(f"{ui.partition('#')[0]}#/experiments/1/runs/{by_size(checkout)[0].info.run_id}")

    expect(tab.get_by_text("SIMULATED data: no evidence").first).to_be_visible()
    expect(tab.get_by_text(re.compile("^Average precision 0")).first).to_be_visible()
    expect(tab.get_by_text("Risk:").first).to_be_visible()


def test_builds_and_jobs_have_the_same_parameters(ui: str, checkout: Checkout) -> None:
    (build,) = search(checkout, "tags.kind = 'build'")
    job = by_size(checkout)[0]

    def common(run: Run) -> set[str]:
        return {name for name in run.data.params if not name.startswith("model.")}

    assert common(build) == common(job)
    assert len(build.data.metrics) <= MAX_RUN_METRICS


def test_the_ui_compares_two_runs(ui: str, tab: Page, checkout: Checkout) -> None:
    two = [run.info.run_id for run in by_size(checkout)[:2]]

    tab.goto(
        f"{ui.partition('#')[0]}#/compare-runs?runs={json.dumps(two)}&experiments=[%221%22]"
    )

    expect(tab.get_by_text("Comparing 2 Runs")).to_be_visible()
    expect(tab.get_by_role("link", name=two[0])).to_be_visible()
    expect(tab.get_by_role("link", name=two[1])).to_be_visible()
    tab.get_by_role("switch", name=re.compile("^Parameters")).first.click()
    expect(tab.get_by_text("model.n_estimators", exact=True).last).to_be_visible()
    expect(tab.get_by_text("design.name", exact=True)).to_have_count(0)


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
    (run,) = search(checkout, "tags.kind = 'nested choice'")
    assert run.info.status == "FINISHED"


def test_a_nested_search_over_features_is_refused_before_it_begins(checkout: Checkout) -> None:
    before = len(job_runs(checkout))

    done = checkout.run(
        "minecover", "search", "--nested", "features=[bands],[spectral]", "model=linear", *SMALL
    )

    assert done.returncode == 1
    assert "--nested chooses keys of the model alone, found features" in done.stderr
    assert len(job_runs(checkout)) == before
