"""No run stays RUNNING whose process has ended; no run of a living process is touched."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from minecover.core.errors import SweepError
from minecover.pipeline.sweep.lifetime import end_abandoned_runs, lock_name, opened_sweep
from minecover.pipeline.sweep.sharing import shared_lock
from minecover.tracking import Dataset, Record, Tracking, connect
from minecover.tracking.record import REQUIRED_TAGS
from minecover.tracking.runs import JOB, SWEEP
from minecover.tracking.sweep_runs import CHECKOUT, job_run, mark_killed

RECORD = Record(
    name="depth=20",
    params={"model": "forest"},
    metrics={"AP": 0.6},
    tags=dict.fromkeys(REQUIRED_TAGS, "known"),
    dataset=Dataset("data/features", "data/features", "f" * 36),
    artifacts=(),
    description="**Average precision 0.600**",
    by_fold={},
)


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    """A store, in whose folder the tests of this file work: creating one takes seconds."""
    root = tmp_path_factory.mktemp("checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(root)
        yield Tracking(str(root / "mlruns"), "minecover", "minecover")


def record(**tags: str) -> Record:
    return replace(RECORD, tags={**RECORD.tags, **tags})


def left_open(tracking: Tracking, **tags: str) -> str:
    """Leave a run as a process that was killed does; return its id."""
    client, experiment = connect(tracking)
    with job_run(tracking, record(**tags), parent="parent"):
        (run, *_) = client.search_runs([experiment], "attributes.status = 'RUNNING'")
    client.update_run(run.info.run_id, status="RUNNING")
    return str(run.info.run_id)


def status(tracking: Tracking, run_id: str) -> str:
    return str(connect(tracking)[0].get_run(run_id).info.status)


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({JOB: "dead", SWEEP: "s"}, id="a job"),
        pytest.param({SWEEP: "dead"}, id="a sweep"),
    ],
)
def test_a_run_of_a_killed_process_is_marked(tracking: Tracking, tags: dict[str, str]) -> None:
    run_id = left_open(tracking, **tags)

    end_abandoned_runs(tracking)

    assert status(tracking, run_id) == "KILLED"


def test_a_run_of_a_living_process_goes_on(tracking: Tracking) -> None:
    run_id = left_open(tracking, **{JOB: "alive", SWEEP: "s"})

    with shared_lock(lock_name(JOB, "alive")):
        end_abandoned_runs(tracking)
        found = status(tracking, run_id)
    mark_killed(tracking, tag=JOB, value="alive")

    assert found == "RUNNING"
    assert status(tracking, run_id) == "KILLED"


def test_a_run_of_another_checkout_is_left_to_it(tracking: Tracking) -> None:
    run_id = left_open(tracking, **{JOB: "elsewhere", SWEEP: "s"})
    client, _ = connect(tracking)
    client.set_tag(run_id, CHECKOUT, "another machine")

    end_abandoned_runs(tracking)

    assert status(tracking, run_id) == "RUNNING"
    client.set_terminated(run_id, "KILLED")


@pytest.fixture
def heard_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt: a shell switches it off for what runs behind it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def run_sweep(tracking: Tracking, sweep: str, stop: signal.Signals | None) -> None:
    """Run a sweep that a signal stops, or whose jobs fail."""
    with opened_sweep(tracking, record(**{SWEEP: sweep})):
        if stop is None:
            raise SweepError("no job has finished")
        os.kill(os.getpid(), stop)
        time.sleep(60)


@pytest.mark.usefixtures("heard_ctrl_c")
@pytest.mark.parametrize(
    ("stop", "error", "expected"),
    [
        pytest.param(signal.SIGTERM, KeyboardInterrupt, "KILLED", id="SIGTERM"),
        pytest.param(signal.SIGINT, KeyboardInterrupt, "KILLED", id="Ctrl-C"),
        pytest.param(None, SweepError, "FAILED", id="an error"),
    ],
)
def test_a_sweep_that_is_stopped_ends_its_run(
    tracking: Tracking,
    stop: signal.Signals | None,
    error: type[BaseException],
    expected: str,
) -> None:
    client, experiment = connect(tracking)

    with pytest.raises(error):
        run_sweep(tracking, expected + str(stop), stop)

    found = client.search_runs([experiment], f"tags.{SWEEP} = '{expected + str(stop)}'")
    assert [run.info.status for run in found] == [expected]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_sweep_runs_once_at_a_time(tracking: Tracking) -> None:
    with (
        shared_lock(lock_name(SWEEP, "same")),
        pytest.raises(SweepError, match="already running in another process"),
        opened_sweep(tracking, record(**{SWEEP: "same"})),
    ):
        raise AssertionError("it was opened")


def test_a_finished_job_has_its_card_its_packages_and_its_times(tracking: Tracking) -> None:
    client, experiment = connect(tracking)

    with job_run(tracking, record(**{JOB: "done", SWEEP: "s"}), parent="parent") as finish:
        finish(record(**{JOB: "done", SWEEP: "s"}))

    (run,) = client.search_runs([experiment], f"tags.{JOB} = 'done'")
    assert run.data.tags["mlflow.note.content"] == RECORD.description
    assert run.data.tags["packages"].startswith("Python 3.")
    assert "scikit-learn " in run.data.tags["packages"]
    assert {name for name in run.data.metrics if name.startswith("system/")} >= {
        "system/seconds",
        "system/cpu_seconds",
    }
    text = Path(client.download_artifacts(run.info.run_id, "packages.txt")).read_text()
    assert "mlflow==" in text
