"""`minecover promote`: a version becomes champion, if nothing is lost by it."""

import click


@click.command(short_help="Make VERSION champion, if nothing is lost.")
@click.argument("version", type=int, required=False)
@click.option("--against", type=int, help="Compare with this version, not with the champion.")
def promote(version: int | None, against: int | None) -> None:
    """Make VERSION (by default the challenger) the champion, if every check passes.

    Its bytes are the registered ones and its signature holds, its checkout was clean, its audit
    of leaks passed, and the paired interval over sites shows no loss (conf/promotion). Each
    decision is kept as a tag of the version. Where new labels leave nothing in common with the
    champion's sites, build the champion's choices on them and compare with that version.

    \b
    minecover promote
    minecover promote 5
    minecover promote 6 --against 5
    """
    from minecover.pipeline.release.promotion import promote as promoted

    done, why = promoted(version, against)
    click.echo(f"{done.name} version {done.version} is {done.alias}: {why}")
