"""The view that the UI opens with: models alone, their scores and what differs between them."""

import json

from minecover.tracking.runs import RunSummary
from minecover.tracking.ui_view import MOST_PARAMS, VIEW, experiment_tags, varied_params


def run(kind: str, **params: str) -> RunSummary:
    tags = {"kind": kind, "adoptable": "true"} if kind in ("job", "build") else {"kind": kind}
    return RunSummary("id", "name", "FINISHED", tags, params, {})


def test_parameters_that_differ_get_a_column_those_of_the_last_sweep_first() -> None:
    found = varied_params(
        [
            run("sweep", leaves="7,31"),
            run("job", leaves="7", rate="0.1", seed="7"),
            run("job", leaves="31", rate="0.1", seed="7"),
            run("build", leaves="31", rate="0.2", seed="7"),
        ]
    )

    assert found == ["leaves", "rate"]


def test_a_parameter_that_only_some_runs_have_differs_between_the_others_alone() -> None:
    assert varied_params([run("job", depth="5"), run("job", leaves="7")]) == []


def test_sweeps_and_comparisons_add_no_column() -> None:
    assert varied_params([run("comparison", a="1"), run("comparison", a="2")]) == []


def test_columns_are_limited() -> None:
    names = [f"key{k:02d}" for k in range(30)]
    runs = [run("job", **dict.fromkeys(names, value)) for value in ("1", "2")]

    assert varied_params(runs) == names[:MOST_PARAMS]


def test_the_view_shows_models_with_their_scores_the_best_first() -> None:
    view = json.loads(experiment_tags(["model.num_leaves"])[f"mlflow.sharedViewState.{VIEW}"])

    assert view["searchFilter"] == "tags.adoptable = 'true'"
    assert view["orderByKey"] == "metrics.`AP`"
    assert view["orderByAsc"] is False
    assert "params.`model.num_leaves`" in view["selectedColumns"]
    assert {
        "metrics.`AP low`",
        "metrics.`AP high`",
        "metrics.`ECE`",
        "metrics.`AP truth`",
        "metrics.`recall at 2 false per 100 km2`",
    } <= set(view["selectedColumns"])
