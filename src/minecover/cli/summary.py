"""`minecover summary`: what `make run` prints last."""

import click


@click.command(short_help="Print the scores, and where the report is.")
def summary() -> None:
    """Print the scores, where the report is, and how to open the MLflow UI.

    \b
    minecover summary
    """
    from minecover.stages.register import summary as lines

    click.echo("\n".join(lines()))
