"""`minecover serve`: a registered model that answers questions on this machine."""

import click


@click.command(short_help="Answer questions about locations on this machine.")
@click.option("--model", default="models:/minecover@champion", show_default=True)
@click.option("--port", default=5002, show_default=True, type=click.IntRange(0, 65535))
def serve(model: str, port: int) -> None:
    """Answer questions about locations on this machine, with MLflow's scoring server.

    Prints its address once it listens; --port 0 takes any free port. A question is a table of
    the model's features, an answer the probability of a mine for each row: docs/serving.md.

    \b
    minecover serve --port 5002
    minecover serve --model models:/minecover-brumadinho@champion
    curl -sS -H 'Content-Type: text/csv' --data-binary @rows.csv \\
        http://127.0.0.1:5002/invocations
    """
    from minecover.prediction.http.server import serve as run

    run(model, port=port, ready=click.echo)
    click.echo("Ended.", err=True)
