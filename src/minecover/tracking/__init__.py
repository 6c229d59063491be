"""Runs and their models: the one door to MLflow. The registry goes through it."""

from __future__ import annotations

import json
import logging
import math
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from minecover.core.digests import load_model
from minecover.core.errors import RegistryError
from minecover.tracking.record import Dataset, Record
from minecover.tracking.types import Tracking, ui_words

# MLflow takes seconds to import, so that each function does it for itself.
if TYPE_CHECKING:
    from fastapi import FastAPI
    from mlflow import MlflowClient as MlflowClient
    from mlflow.entities.model_registry import ModelVersion as ModelVersion
    from sklearn.pipeline import Pipeline

__all__ = ["Dataset", "Record", "Tracking", "log_run", "prepare", "scoring_app", "serve_ui"]

#: What a pickle needs to be loaded, beside minecover itself. Left to itself, MLflow finds it
#: out by loading the model in another process, for most of a minute.
REQUIREMENTS = ("lightgbm", "numpy", "pandas", "scikit-learn", "scipy")
#: Limits of MLflow: parameters and metrics in one call, characters of a dataset's digest.
MAX_PARAMS, MAX_METRICS, MAX_DIGEST = 100, 1000, 36
#: Loggers that speak of what is done on purpose: a database made, a model pickled, no pip here.
CHATTER = (
    "mlflow.store.db.utils",
    "mlflow.sklearn",
    "mlflow.utils.environment",
    "alembic.runtime.migration",
)


def prepare(tracking: Tracking) -> None:
    """Create the database and the experiment where they are missing, before workers start."""
    connect(tracking)


def log_run(tracking: Tracking, record: Record) -> str:
    """Log one run; give its id."""
    with _started(tracking, record) as (client, run_id):
        log_metrics(client, run_id, record, model_id=None)
    return run_id


def log_model(
    tracking: Tracking, record: Record, *, model: Path, card: Path
) -> tuple[str, str]:
    """Log one run with its model; give the ids of both.

    The model's folder holds the very bytes of `model` and `card`.

    Parameters
    ----------
    model, card : Path
        The pickle, and the JSON that names its `features` and its `sha256`.

    Raises
    ------
    ModelError
        If the pickle is not the one that its card describes; it is not opened then.
    """
    content = json.loads(card.read_text(encoding="utf-8"))
    pipeline = load_model(model, str(content["sha256"]))
    names = [str(name) for name in content["features"]]
    example = pd.DataFrame(np.zeros((1, len(names))), columns=names)
    with _started(tracking, record) as (client, run_id), calm():
        import mlflow.sklearn
        from mlflow.models import ModelSignature, infer_signature
        from mlflow.types import Schema

        # Signed as doubles it would refuse pandas' integers, signed as floats doubles too.
        # The model's first step makes float32 of them all.
        columns = [{"type": "any", "name": name, "required": True} for name in names]
        answer = infer_signature(example, pipeline.predict(example.to_numpy())).outputs
        info = mlflow.sklearn.log_model(
            pipeline,
            name=tracking.registered_name,
            serialization_format="pickle",
            pip_requirements=[f"{name}=={installed(name)}" for name in REQUIREMENTS],
            signature=ModelSignature(Schema.from_json(json.dumps(columns)), answer),
            input_example=example,
        )
        # MLflow pickles anew and gets other bytes. Those that were trained and hashed take
        # their place, and the card joins them.
        client.log_model_artifact(info.model_id, str(model))
        client.log_model_artifact(info.model_id, str(card))
        log_metrics(client, run_id, record, model_id=info.model_id)
    return run_id, str(info.model_id)


def connect(tracking: Tracking) -> tuple[MlflowClient, str]:
    """Connect to the store; give the client and the experiment's id.

    What is missing is created by one process at a time: two that create a database at once
    kill each other.
    """
    # Read when mlflow is imported, and again by the processes that it starts.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    from mlflow import MlflowClient

    with tracking.alone("create"), calm():
        client = MlflowClient(tracking.uri, registry_uri=tracking.uri)
        experiment = client.get_experiment_by_name(tracking.experiment)
        if experiment is not None:
            return client, str(experiment.experiment_id)
        made = client.create_experiment(tracking.experiment, tracking.artifacts)
        return client, str(made)


def add_version(
    tracking: Tracking,
    client: MlflowClient,
    *,
    run_id: str,
    model_id: str,
    tags: dict[str, str],
) -> ModelVersion:
    """Make a logged model the next version of the registered name."""
    name = tracking.registered_name
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    with _current(tracking.uri):  # where the client looks the model up, whatever its own store
        return client.create_model_version(
            name, f"models:/{model_id}", run_id, tags=tags, model_id=model_id
        )


def look_up(
    client: MlflowClient, name: str, *, alias: str | None, version: str | None
) -> ModelVersion | None:
    """Find a version by its alias, or else by its number; None if there is none."""
    from mlflow.exceptions import MlflowException

    try:
        if alias:
            return client.get_model_version_by_alias(name, alias)
        return client.get_model_version(name, str(version))
    except MlflowException:
        return None


def fetch(tracking: Tracking, client: MlflowClient, model_id: str) -> Path:
    """Give the folder of a logged model on this disk.

    Raises
    ------
    RegistryError
        If its files are gone.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    # By place and not by name: MLflow writes a note into a folder that is fetched by name.
    place = client.get_logged_model(model_id).artifact_location
    try:
        return Path(download_artifacts(artifact_uri=place, tracking_uri=tracking.uri))
    except (MlflowException, OSError) as error:
        raise RegistryError(
            f"the registered model's files are not at {place}. Were they moved? Put them back, "
            "or delete the store and run `make run` to register again."
        ) from error


def scoring_app(folder: Path) -> tuple[FastAPI, Pipeline]:
    """Open MLflow's scoring server on a model's folder, and give the model inside it as well.

    Parameters
    ----------
    folder : Path
        As `minecover.tracking.registry.resolve` gives it, its bytes checked.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.pyfunc import load_model as served
    from mlflow.pyfunc import scoring_server

    with calm():
        model = served(str(folder))
        raw: Callable[[], object] = model.get_raw_model
        return scoring_server.init(model), raw()


def serve_ui(tracking: Tracking, *, port: int) -> None:
    """Show the runs in a browser, on this machine only, until Ctrl-C.

    MLflow's own command in this process: what it imports is here already, and a process of its
    own would take as long again.
    """
    # Jobs are for language models, and a process each.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    from mlflow.cli import cli

    cli.main(ui_words(tracking, port=port), prog_name="mlflow")


@contextmanager
def _started(tracking: Tracking, record: Record) -> Iterator[tuple[MlflowClient, str]]:
    """Start a run with everything but its metrics; it ends, or fails, with the block."""
    client, experiment = connect(tracking)
    import mlflow

    with (
        _current(tracking.uri),
        mlflow.start_run(
            experiment_id=experiment,
            run_name=record.name,
            tags=dict(record.tags),
            description=record.description or None,
        ) as run,
    ):
        run_id = str(run.info.run_id)
        log_inputs(client, run_id, record)
        log_artifacts(client, run_id, record)
        yield client, run_id


def log_inputs(client: MlflowClient, run_id: str, record: Record) -> None:
    """Log what went into a run: its parameters and its table."""
    from mlflow import entities

    params = [entities.Param(name, value) for name, value in record.flat_params.items()]
    for first in range(0, len(params), MAX_PARAMS):
        client.log_batch(run_id, params=params[first : first + MAX_PARAMS])
    name, digest = record.dataset.name, record.dataset.digest[:MAX_DIGEST]
    source = json.dumps({"uri": record.dataset.source})
    table = entities.DatasetInput(entities.Dataset(name, digest, "local", source), [])
    client.log_inputs(run_id, [table])


def log_artifacts(client: MlflowClient, run_id: str, record: Record) -> None:
    """Log the files and folders of a run."""
    for path in record.artifacts:
        if path.is_dir():
            client.log_artifacts(run_id, str(path), path.name)
        else:
            client.log_artifact(run_id, str(path))


def log_metrics(
    client: MlflowClient, run_id: str, record: Record, *, model_id: str | None
) -> None:
    """Log all metrics of a run, those of its folds as steps, and of its model if it has one."""
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


@contextmanager
def _current(uri: str) -> Iterator[None]:
    """Turn MLflow's global functions to a store, and back."""
    import mlflow

    before, variable = mlflow.get_tracking_uri(), os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)  # writes the variable too
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)
        if variable is None:
            del os.environ["MLFLOW_TRACKING_URI"]


@contextmanager
def calm() -> Iterator[None]:
    """Keep back what MLflow says of its own inside and of pickles."""
    loggers = [logging.getLogger(name) for name in CHATTER]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"mlflow\.")
        warnings.filterwarnings("ignore", ".*type hint is inferred as AnyType", UserWarning)
        warnings.filterwarnings("ignore", "X has feature names", UserWarning)
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
