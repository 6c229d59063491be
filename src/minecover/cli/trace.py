"""`minecover trace`: what a version of the model was made from."""

import click

from minecover.cli import for_scripts


@click.command(short_help="Print what is behind a version.")
@click.argument("version")
@for_scripts
def trace(version: str, as_json: bool) -> None:
    """Print the commit, the data and the commands behind VERSION (a number or an alias).

    \b
    minecover trace 3
    minecover trace champion --json
    """
    import json

    from minecover.pipeline.release.trace import facts, lines, origin

    found = origin(version)
    click.echo(json.dumps(facts(found), indent=2) if as_json else "\n".join(lines(found)))
