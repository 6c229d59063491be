"""Log a run to MLflow, with or without its model."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.digests import check_digest, file_digest
from minecover.tracking import flavor
from minecover.tracking.client import connect, current_store, quiet_mlflow
from minecover.tracking.environment import packages_tag, packages_text
from minecover.tracking.record import Dataset, Record
from minecover.tracking.types import Tracking

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

#: Limits of MLflow: parameters and metrics in one call, characters of a dataset's digest.
MAX_PARAMS, MAX_METRICS, MAX_DIGEST = 100, 1000, 36
#: Tag with the versions of the packages that decide what a model is; packages.txt has all.
PACKAGES = "packages"


def log_run(tracking: Tracking, record: Record) -> str:
    """Log one run without a model.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    record : Record
        What the run logs.

    Returns
    -------
    str
        Id of the run.
    """
    with _open_run(tracking, record) as (client, run_id):
        log_metrics(client, run_id, record, model_id=None)
    return run_id


def log_model(
    tracking: Tracking, record: Record, *, model: Path, card: Path
) -> tuple[str, str]:
    """Log one run with its model.

    The folder of the logged model holds the very bytes of `model` and `card`, see
    `minecover.tracking.flavor`; the pickle is not opened.

    Parameters
    ----------
    tracking : Tracking
        Names the store, the experiment and the model.
    record : Record
        What the run logs.
    model, card : Path
        The pickle, and its card.

    Returns
    -------
    run_id : str
        Id of the run.
    model_id : str
        Id of the logged model.

    Raises
    ------
    ModelError
        If the pickle is not the one that its card describes, or the card lacks a key.
    """
    recorded = json.loads(card.read_text(encoding="utf-8"))["sha256"]
    check_digest(model, found=file_digest(model), recorded=str(recorded))
    with _open_run(tracking, record) as (client, run_id), quiet_mlflow():
        from mlflow.models import Model

        info = Model.log(
            artifact_path=None,
            flavor=flavor,
            name=tracking.registered_name,
            model=model,
            card=card,
            validate_serving_input=False,
        )
        log_metrics(client, run_id, record, model_id=info.model_id)
    return run_id, str(info.model_id)


@contextmanager
def _open_run(tracking: Tracking, record: Record) -> Iterator[tuple[MlflowClient, str]]:
    """Open a run with everything but its metrics; the block decides how it ends."""
    tracking.check_writable()
    client, experiment = connect(tracking)
    import mlflow

    with (
        current_store(tracking.uri),
        mlflow.start_run(
            experiment_id=experiment,
            run_name=record.name,
            tags=dict(record.tags),
            description=record.description or None,
        ) as run,
    ):
        run_id = str(run.info.run_id)
        try:
            log_inputs(client, run_id, record)
            log_artifacts(client, run_id, record)
            yield client, run_id
        except BaseException as error:
            # MLflow would call a run FAILED that Ctrl-C or the end of the process stopped.
            if not isinstance(error, Exception):
                mlflow.end_run("KILLED")
            raise


def log_inputs(client: MlflowClient, run_id: str, record: Record) -> None:
    """Log the parameters, the data sets and the installed packages of a run.

    Parameters
    ----------
    client : MlflowClient
        See `minecover.tracking.client.connect`.
    run_id : str
        A run that is open.
    record : Record
        Of it, `params`, `dataset` and `lineage` are logged.
    """
    from mlflow import entities

    params = [entities.Param(name, value) for name, value in record.flat_params.items()]
    for first in range(0, len(params), MAX_PARAMS):
        client.log_batch(run_id, params=params[first : first + MAX_PARAMS])
    inputs = [_dataset_input(one) for one in (record.dataset, *record.lineage)]
    client.log_inputs(run_id, inputs)
    client.set_tag(run_id, PACKAGES, packages_tag())
    client.log_text(run_id, packages_text(), "packages.txt")


def _dataset_input(dataset: Dataset) -> DatasetInput:
    """Return a data set as MLflow's pages show it."""
    from mlflow import entities

    profile = {"bytes": dataset.size_bytes, "files": dataset.files}
    known = {name: number for name, number in profile.items() if number is not None}
    return entities.DatasetInput(
        entities.Dataset(
            dataset.name,
            dataset.digest[:MAX_DIGEST],
            "local",
            json.dumps({"uri": dataset.source}),
            profile=json.dumps(known) if known else None,
        ),
        [entities.InputTag("mlflow.data.context", dataset.context)],
    )


def log_artifacts(client: MlflowClient, run_id: str, record: Record) -> None:
    """Log the files and folders of a run.

    Parameters
    ----------
    client : MlflowClient
        See `minecover.tracking.client.connect`.
    run_id : str
        A run that is open.
    record : Record
        Of it, `artifacts` are logged.
    """
    for path in record.artifacts:
        if path.is_dir():
            client.log_artifacts(run_id, str(path), path.name)
        else:
            client.log_artifact(run_id, str(path))


def log_metrics(
    client: MlflowClient, run_id: str, record: Record, *, model_id: str | None
) -> None:
    """Log the metrics of a run, and those of each fold as steps of ``fold.<name>``.

    Parameters
    ----------
    client : MlflowClient
        See `minecover.tracking.client.connect`.
    run_id : str
        A run that is open.
    record : Record
        Of it, `metrics` and `by_fold` are logged.
    model_id : str or None
        The logged model that carries the metrics as well, if there is one.
    """
    from mlflow.entities import Metric

    now_ms = int(time.time() * 1000)
    name, digest = record.dataset.name, record.dataset.digest[:MAX_DIGEST]
    values = [(key, value, 0) for key, value in record.flat_metrics.items()]
    values += [
        (f"fold.{key}", value, fold)
        for key, each in record.by_fold.items()
        for fold, value in enumerate(each)
        if math.isfinite(value)
    ]
    metrics = [
        Metric(key, value, now_ms, fold, model_id, name, digest, run_id)
        for key, value, fold in values
    ]
    for first in range(0, len(metrics), MAX_METRICS):
        client.log_batch(run_id, metrics=metrics[first : first + MAX_METRICS])
