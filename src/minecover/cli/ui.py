"""`minecover ui`: the MLflow UI, on this machine only."""

import os

import click

from minecover.core.errors import RegistryError


@click.command(short_help="Open the MLflow UI on this machine only.")
@click.option("--port", default=5000, show_default=True)
def ui(port: int) -> None:
    """Open the MLflow UI on this machine only.

    The address that it prints shows the runs with their scores; the UI's own first page is one
    for language models.

    \b
    minecover ui --port 5001
    """
    from minecover.core.config import load_params
    from minecover.tracking import connect, serve_ui
    from minecover.tracking.types import Tracking
    from minecover.tracking.ui_view import experiment_tags, page

    tracking: Tracking = load_params().build("tracking")
    if not os.environ.get("MLFLOW_TRACKING_URI") and not tracking.database.exists():
        raise RegistryError("there is no run to show yet. Type `make run`, then again.")
    client, experiment = connect(tracking)
    for key, value in experiment_tags().items():
        client.set_experiment_tag(experiment, key, value)
    click.echo(f"The MLflow UI (Ctrl-C ends it): {page(experiment, port=port)}", err=True)
    serve_ui(tracking, port=port)
