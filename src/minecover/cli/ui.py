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

    Where MLFLOW_TRACKING_URI names a server, the UI is there: only its address is printed.

    Prints the address of the table of runs: builds and jobs of sweeps with their scores and the
    parameters that differ, the best first. Sweeps, nested searches and comparisons are left out
    of it; type tags.kind = 'comparison' into the search box to see those.

    \b
    minecover ui --port 5001
    """
    from minecover.core.config import load_params
    from minecover.pipeline.sweep.lifetime import end_abandoned_runs
    from minecover.tracking import connect, serve_ui
    from minecover.tracking.runs import all_runs
    from minecover.tracking.serving import check_port
    from minecover.tracking.store_checks import hidden
    from minecover.tracking.types import Tracking
    from minecover.tracking.ui_view import experiment_tags, runs_url, varied_params

    tracking: Tracking = load_params().build("tracking")
    if tracking.is_own and not tracking.database.exists():
        raise RegistryError("there are no runs to show yet. Run `make run` first.")
    if not tracking.is_server:
        check_port(port)
    client, experiment = connect(tracking, creates=False)
    if not tracking.is_read_only:
        end_abandoned_runs(tracking)
        for key, value in experiment_tags(varied_params(all_runs(tracking))).items():
            client.set_experiment_tag(experiment, key, value)
    if tracking.is_server:
        url = runs_url(experiment, hidden(tracking.uri))
        click.echo(f"The runs and the UI are on a server: {url}", err=True)
        return
    url = runs_url(experiment, f"http://127.0.0.1:{port}")
    click.echo(f"The MLflow UI (Ctrl-C stops it): {url}", err=True)
    serve_ui(tracking, port=port)
