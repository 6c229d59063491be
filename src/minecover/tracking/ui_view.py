"""The view of the runs that the UI opens with: its pages and its columns."""

from __future__ import annotations

import json

#: Metrics, tags and parameters that get a column each.
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
#: Name of the view, in the experiment's tags and in URLs.
VIEW = "minecover"


def experiment_tags() -> dict[str, str]:
    """Return the tags that make the UI show an experiment's runs with their scores.

    Returns
    -------
    dict of str to str
        Two tags of an experiment. The first selects the UI's pages for trained models instead
        of those for language models; the second is what the UI's button "Share" writes for a
        table with these columns.
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
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view),
    }


def runs_url(experiment_id: str, *, port: int) -> str:
    """Return the URL of an experiment's runs in the view of `experiment_tags`.

    Parameters
    ----------
    experiment_id : str
        See `minecover.tracking.client.connect`.
    port : int
        Port of 127.0.0.1 that the UI is served on.

    Returns
    -------
    str
        The URL.
    """
    return (
        f"http://127.0.0.1:{port}/#/experiments/{experiment_id}/runs"
        f"?workflowType=machine_learning&viewStateShareKey={VIEW}"
    )
