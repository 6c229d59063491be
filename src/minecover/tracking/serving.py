"""MLflow's own servers: the scoring server of a model, and the UI that shows the runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from minecover.core.errors import ServingError
from minecover.tracking.client import quiet_mlflow
from minecover.tracking.store import open_store
from minecover.tracking.types import Tracking, ui_command

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sklearn.pipeline import Pipeline


def scoring_app(folder: Path) -> tuple[FastAPI, Pipeline]:
    """Return MLflow's scoring server for a model, and the model.

    Parameters
    ----------
    folder : Path
        Folder of a registered model whose digests were checked, see
        `minecover.tracking.registry.resolve`: its pickle is opened here.

    Returns
    -------
    app : FastAPI
        The application, with the paths ``/invocations``, ``/ping``, ``/health``, ``/version``.
    model : Pipeline
        The scikit-learn pipeline that it serves.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.pyfunc import load_model, scoring_server

    with quiet_mlflow():
        model = load_model(str(folder))
        get_pipeline: Callable[[], object] = model.get_raw_model
        return scoring_server.init(model), get_pipeline()


def check_port(port: int) -> None:
    """Raise a `ServingError` if a port of this machine is taken."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise ServingError(
                f"port {port} of this machine is taken ({error.strerror}). Choose another: "
                "--port."
            ) from error


def serve_ui(tracking: Tracking, *, port: int) -> None:
    """Serve the MLflow UI on this machine only, until Ctrl-C.

    MLflow's command runs in this process, which has imported it already: a new process would
    take seconds to import it again.

    Parameters
    ----------
    tracking : Tracking
        Names the store.
    port : int
        Port of 127.0.0.1.
    """
    # Jobs serve language models, and take a process each.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    from mlflow.cli import cli

    cli.main(ui_command(open_store(tracking), port=port), prog_name="mlflow")
