"""Connect to the MLflow store, create what it lacks, and download a model from it."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.errors import RegistryError
from minecover.tracking.store import answering, open_store
from minecover.tracking.store_checks import check_exists, check_one_store
from minecover.tracking.types import Tracking

# MLflow takes seconds to import, so each function imports it for itself.
if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Loggers that report what is done on purpose: a database created, a model pickled, no pip.
NOISY_LOGGERS = (
    "mlflow.store.db.utils",
    "mlflow.pyfunc",
    "mlflow.utils.environment",
    "alembic.runtime.migration",
)


def connect(tracking: Tracking, *, creates: bool = True) -> tuple[MlflowClient, str]:
    """Connect to the store, and create the database and the experiment if they are missing.

    Only one process at a time creates them: two migrations of one new database fail.

    Parameters
    ----------
    tracking : Tracking
        Names the store and the experiment.
    creates : bool
        Whether a database that is missing is created. What looks for a run or a model says
        False: then it is an error.

    Returns
    -------
    client : MlflowClient
        Connected to the store, for runs and for the registry.
    experiment_id : str
        Id of the experiment; empty if it does not exist in a store that is read-only.

    Raises
    ------
    RegistryError
        If the store does not respond, or cannot be opened.
    """
    check_one_store(tracking)
    if not creates:
        check_exists(tracking)
    # Read when mlflow is imported, and again by the processes that it starts.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # Where the store is a server it would print URLs among our own output, which may be JSON.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    from mlflow import MlflowClient

    # A server needs no folder here.
    is_locked = not tracking.is_read_only and (tracking.is_own or os.access(".", os.W_OK))
    held = tracking.lock("create") if is_locked else nullcontext()
    with answering(tracking), held, quiet_mlflow():
        uri = open_store(tracking)
        client = MlflowClient(uri, registry_uri=uri)
        experiment = client.get_experiment_by_name(tracking.experiment)
        if experiment is not None:
            return client, str(experiment.experiment_id)
        if tracking.is_read_only:
            return client, ""
        created = client.create_experiment(tracking.experiment, tracking.artifacts)
        return client, str(created)


def download_model(tracking: Tracking, client: MlflowClient, model_id: str) -> Path:
    """Return the folder of a logged model on this disk.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    client : MlflowClient
        See `connect`.
    model_id : str
        See `minecover.tracking.log.log_model`.

    Returns
    -------
    Path
        The store's own folder if it is on this disk, else a download of it.

    Raises
    ------
    RegistryError
        If its files are gone.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    # By location and not by name: MLflow writes a file into a folder downloaded by name.
    location = client.get_logged_model(model_id).artifact_location
    try:
        return Path(download_artifacts(artifact_uri=location, tracking_uri=tracking.uri))
    except (MlflowException, OSError) as error:
        raise RegistryError(
            f"the registered model's files are not at {location}. Were they moved? Move them "
            "back, or delete the store and run `make run` to register again."
        ) from error


@contextmanager
def current_store(uri: str) -> Iterator[None]:
    """Point MLflow's global functions at a store, and back at the former one at the end.

    Parameters
    ----------
    uri : str
        See `Tracking.uri`.
    """
    import mlflow

    former, variable = mlflow.get_tracking_uri(), os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)  # writes the variable too
    try:
        yield
    finally:
        mlflow.set_tracking_uri(former)
        if variable is None:
            del os.environ["MLFLOW_TRACKING_URI"]


@contextmanager
def quiet_mlflow() -> Iterator[None]:
    """Silence MLflow's warnings about its own internals and about pickled models."""
    loggers = [logging.getLogger(name) for name in NOISY_LOGGERS]
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
