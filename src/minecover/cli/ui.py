"""`minecover ui`: start the MLflow UI on this machine."""

import click

from minecover.core.errors import RegistryError


@click.command(short_help="Start the MLflow UI on this machine.")
@click.option(
    "--port",
    default=5000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="TCP port.",
)
def ui(port: int) -> None:
    """Start the MLflow UI; it accepts connections from this machine only.

    Prints the address of the table of runs and scores.

    \b
    minecover ui --port 5001
    """
    from minecover.core.config import load_params
    from minecover.tracking import connect, serve_ui
    from minecover.tracking.serving import check_port
    from minecover.tracking.store import hidden
    from minecover.tracking.types import Tracking
    from minecover.tracking.ui_view import experiment_tags, runs_url

    tracking: Tracking = load_params().build("tracking")
    if tracking.is_own and not tracking.database.exists():
        raise RegistryError("there are no runs to show yet. Run `make run` first.")
    if tracking.is_server:
        raise RegistryError(
            f"the runs are on the server {hidden(tracking.uri)}: open that address in a "
            "browser, or unset MLFLOW_TRACKING_URI to see those of this folder."
        )
    check_port(port)
    client, experiment = connect(tracking)
    if not tracking.is_read_only:
        for key, value in experiment_tags().items():
            client.set_experiment_tag(experiment, key, value)
    click.echo(f"The MLflow UI (Ctrl-C stops it): {runs_url(experiment, port=port)}", err=True)
    serve_ui(tracking, port=port)
