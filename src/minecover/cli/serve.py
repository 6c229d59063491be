"""`minecover serve`: serve a model over HTTP."""

import click


@click.command(short_help="Serve a model over HTTP on this machine.")
@click.option(
    "--model",
    default="models:/minecover@champion",
    show_default=True,
    help="A registered model, models:/name@alias or models:/name/version.",
)
@click.option(
    "--port",
    default=5002,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="TCP port; 0 takes any free port.",
)
def serve(model: str, port: int) -> None:
    """Serve a model over HTTP on this machine, with MLflow's scoring server.

    Prints its address once it listens. A request is a table of the model's features, the
    response is the probability of a mine for each row; see docs/guides/serving.md.

    \b
    minecover serve --port 5002
    minecover serve --model models:/minecover-brumadinho@champion
    curl -sS -H 'Content-Type: text/csv' --data-binary @rows.csv \\
        http://127.0.0.1:5002/invocations
    """
    from minecover.prediction.http.server import serve as run

    run(model, port=port, ready=click.echo)
    click.echo("Stopped.", err=True)
