"""How the runs look when they are first opened: which pages, and which columns."""

from __future__ import annotations

import json

#: Metrics, tags and parameters that get a column of their own.
METRICS = (
    "location.average_precision",
    "location.f1",
    "location.precision",
    "location.recall",
    "observation.f1",
    "objects.at_2_false_per_100km2.mine_recall",
    "calibration.location.ece",
)
TAGS = ("family", "design", "source")
PARAMS = ("features", "mask")
#: Under this key the view stands in the experiment and in an address.
KEY = "minecover"


def experiment_tags() -> dict[str, str]:
    """Tag an experiment so that the UI shows runs and their scores.

    The first tag chooses the pages of trained models, which are not the default ones; the
    second is what the UI's button "Share" would write for a table with these columns.
    """
    columns = [f"metrics.`{name}`" for name in METRICS]
    columns += [f"tags.`{name}`" for name in TAGS]
    columns += [f"params.`{name}`" for name in PARAMS]
    view = {
        "selectedColumns": ["attributes.`Created`", "attributes.`Duration`", *columns],
        "orderByKey": f"metrics.`{METRICS[0]}`",
        "orderByAsc": False,
    }
    return {
        "mlflow.experimentKind": "custom_model_development",
        f"mlflow.sharedViewState.{KEY}": json.dumps(view),
    }


def page(experiment_id: str, *, port: int) -> str:
    """Address of an experiment's runs, in that view."""
    return (
        f"http://127.0.0.1:{port}/#/experiments/{experiment_id}/runs"
        f"?workflowType=machine_learning&viewStateShareKey={KEY}"
    )
