"""Names of runs: what differs, short, and no two alike."""

from dataclasses import replace

import pytest

from minecover.core.config import Params
from minecover.pipeline.sweep.jobs import Job
from minecover.pipeline.sweep.naming import against_name, job_name, run_names
from minecover.tracking import Tracking

TRACKING = Tracking("mlruns", "minecover", "minecover")


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        pytest.param(
            {"model": "forest", "model.max_depth": "20"}, "forest depth=20", id="model"
        ),
        pytest.param(
            {"model.n_estimators": "40", "model.num_leaves": "7"},
            "estimators=40 leaves=7",
            id="the last word of a key",
        ),
        pytest.param(
            {"model.max_depth": "20", "model.min_depth": "2"},
            "model.max_depth=20 model.min_depth=2",
            id="the whole key where two end alike",
        ),
        pytest.param({"+model.x_y": "'a b'"}, "y=a b", id="a quoted value of an added key"),
        pytest.param({}, "", id="nothing swept"),
    ],
)
def test_a_job_is_named_by_what_differs(chosen: dict[str, str], name: str) -> None:
    assert job_name(chosen) == name


def job(job_id: str) -> Job:
    params = Params({"model": {"_target_": "minecover.learning.models.forest.forest"}})
    return Job((), {"model.n_estimators": "20"}, params, job_id)


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        pytest.param({}, "estimators=20", id="free"),
        pytest.param({"estimators=20": "mine000"}, "estimators=20", id="its own"),
        pytest.param({"estimators=20": "other"}, "forest estimators=20", id="another family's"),
        pytest.param(
            {"estimators=20": "other", "forest estimators=20": "third"},
            "forest estimators=20 (mine)",
            id="another of the same family",
        ),
    ],
)
def test_two_jobs_never_have_one_name(
    monkeypatch: pytest.MonkeyPatch, taken: dict[str, str], name: str
) -> None:
    monkeypatch.setattr("minecover.tracking.runs.job_names", lambda tracking: taken)

    assert run_names(TRACKING, [job("mine000")]) == {"mine000": name}


def test_a_comparison_is_named_by_the_words_that_differ() -> None:
    assert against_name("depth=20 leaf=5", "depth=35 leaf=5") == "depth=20 against depth=35"
    assert against_name("boosted", "boosted") == "boosted against boosted"


def test_a_job_of_which_nothing_was_swept_is_named_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "minecover.tracking.runs.job_names", lambda tracking: {"forest": "other"}
    )

    alone = replace(job("mine000"), chosen={})

    assert run_names(TRACKING, [alone]) == {"mine000": "forest (mine)"}
