"""`minecover trace`: what a version of the model was made from."""

import click


@click.command(short_help="Print what is behind a version.")
@click.argument("version")
def trace(version: str) -> None:
    """Print the commit, the data and the commands behind VERSION (a number or an alias).

    \b
    minecover trace 3
    minecover trace champion
    """
    from minecover.release.trace import lines, origin

    click.echo("\n".join(lines(origin(version))))
