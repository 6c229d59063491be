"""`minecover rollback`: the champion before this one."""

import click


@click.command()
@click.option("--reason", required=True, help="Why: kept as a tag of both versions.")
def rollback(reason: str) -> None:
    """Make the champion's predecessor champion again.

    \b
    minecover rollback --reason "finds roofs in Goma"
    """
    from minecover.pipeline.release.promotion import roll_back

    done = roll_back(reason)
    click.echo(f"{done.name} version {done.version} is {done.alias} again")
