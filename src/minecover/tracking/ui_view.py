"""The view of the runs that the UI opens with: its rows and its columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from minecover.tracking.record import ADOPTABLE, SWEEP_RUN
from minecover.tracking.runs import RunSummary

#: Metrics that get a column each, where runs have them: the score that ranks runs with its
#: interval, whole mines, calibration, in a simulation the truth, look-alikes and whole sites.
METRICS = (
    "AP",
    "AP low",
    "AP high",
    "AP truth",
    "ECE",
    "recall at 2 false per 100 km2",
    "AUC look-alikes",
    "AUC sites",
)
TAGS = ("kind", "family")
#: Most parameters that get a column.
MOST_PARAMS = 8
#: Name of the view, in the experiment's tags and in URLs.
VIEW = "minecover"
#: Rows of the view: models that can be adopted. Sweeps, nested searches and comparisons are
#: found by their tag ``kind``, e.g. ``tags.kind = 'comparison'``.
FILTER = f"tags.{ADOPTABLE} = 'true'"


def varied_params(runs: Sequence[RunSummary]) -> list[str]:
    """Return the parameters that differ between runs, those of the last sweeps first.

    Parameters
    ----------
    runs : sequence of RunSummary
        Runs of all kinds, the latest first.

    Returns
    -------
    list of str
        At most `MOST_PARAMS` names.
    """
    models = [run for run in runs if run.tags.get(ADOPTABLE) == "true"]
    values: dict[str, set[str]] = {}
    for run in models:
        for name, value in run.params.items():
            values.setdefault(name, set()).add(value)
    varied = [name for name, found in values.items() if len(found) > 1]
    swept = [name for run in runs if run.tags.get("kind") == SWEEP_RUN for name in run.params]
    ranked = sorted(varied, key=lambda name: (_place(name, swept), name))
    return ranked[:MOST_PARAMS]


def experiment_tags(params: Iterable[str]) -> dict[str, str]:
    """Return the tags that make the UI show an experiment's runs with their scores.

    Parameters
    ----------
    params : iterable of str
        Parameters that get a column, see `varied_params`.

    Returns
    -------
    dict of str to str
        Two tags of an experiment. The first selects the UI's pages for trained models instead
        of those for language models; the second is what the UI's button "Share" writes for a
        table with these rows and columns.
    """
    columns = [f"metrics.`{name}`" for name in METRICS]
    columns += [f"params.`{name}`" for name in params]
    columns += [f"tags.`{name}`" for name in TAGS]
    view = {
        "searchFilter": FILTER,
        "selectedColumns": ["attributes.`Created`", "attributes.`Models`", *columns],
        "orderByKey": f"metrics.`{METRICS[0]}`",
        "orderByAsc": False,
    }
    return {
        "mlflow.experimentKind": "custom_model_development",
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view),
    }


def runs_url(experiment_id: str, server: str) -> str:
    """Return the URL of an experiment's runs in the view of `experiment_tags`.

    Parameters
    ----------
    experiment_id : str
        See `minecover.tracking.client.connect`.
    server : str
        Address that the UI is served on, ``http://host:port``.

    Returns
    -------
    str
        The URL.
    """
    return (
        f"{server.rstrip('/')}/#/experiments/{experiment_id}/runs"
        f"?workflowType=machine_learning&viewStateShareKey={VIEW}"
    )


def _place(name: str, swept: Sequence[str]) -> int:
    """Return the first place of a parameter among the swept ones; behind all if it is none."""
    return swept.index(name) if name in swept else len(swept)
