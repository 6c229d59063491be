"""The release commands: adopt, register, promote, rollback, trace and verify."""

from pathlib import Path

import click

from minecover.cli import json_option


@click.command(short_help="Make the choices of RUN_ID the default build.")
@click.argument("run_id")
def adopt(run_id: str) -> None:
    """Make the choices of RUN_ID the default build: conf/ takes them as `champion`.

    RUN_ID is the id of a run or of a sweep (its best run), or the beginning of an id, as the
    table of a sweep prints it.

    \b
    minecover adopt 350947fc
    make run
    """
    from minecover.pipeline.release import adoption

    for path in adoption.adopt(run_id):
        click.echo(str(path))
    click.echo("Look at the change: git diff conf/. Build it: make run", err=True)


@click.command(short_help="Record the built model in the MLflow registry.")
@click.option(
    "--if-missing", is_flag=True, help="Accepted for clarity: a build is recorded once anyway."
)
@click.option(
    "--force", is_flag=True, help="Give an alias also to a model that is no better than chance."
)
def register(if_missing: bool, force: bool) -> None:
    """Record the built model in the MLflow registry, once for each state of dvc.lock.

    The first version of a name becomes champion, later ones challenger. A model that is no
    better than chance gets no alias: see docs/concepts/how-to-read-scores.md.

    \b
    minecover register --if-missing
    minecover register --force
    """
    from minecover.core.config import load_params
    from minecover.pipeline.release.register import run

    run(load_params(), force=force)


@click.command(short_help="Make VERSION the champion, if nothing is lost.")
@click.argument("version", type=int, required=False)
@click.option("--against", type=int, help="Compare with this version, not with the champion.")
def promote(version: int | None, against: int | None) -> None:
    """Make VERSION (by default the challenger) the champion, if every check passes.

    The checks: its bytes are the registered ones and its signature holds, a commit builds it
    and nothing here is uncommitted (dvc.lock and params.yaml included), its leakage audit
    passed, it is better than chance, and the paired interval over sites shows no loss
    (`promotion` in conf/config.yaml; a rule other than the committed one is named). Each
    decision is kept as a tag of the version. Where new labels leave nothing in common with the
    champion's sites, build the champion's choices on them and compare with that version.

    \b
    minecover promote
    minecover promote 5
    minecover promote 6 --against 5
    """
    from minecover.pipeline.release import promotion

    found, reason = promotion.promote(version, against)
    click.echo(f"{found.name} version {found.version} is {found.alias}: {reason}")


@click.command(short_help="Make the champion's predecessor champion again.")
@click.option("--reason", required=True, help="Why: kept as a tag of both versions.")
def rollback(reason: str) -> None:
    """Make the champion's predecessor champion again.

    \b
    minecover rollback --reason "finds roofs in Goma"
    """
    from minecover.pipeline.release.promotion import roll_back

    found = roll_back(reason)
    click.echo(f"{found.name} version {found.version} is {found.alias} again")


@click.command(short_help="Print the commit, data and commands behind VERSION.")
@click.argument("version")
@json_option
def trace(version: str, as_json: bool) -> None:
    """Print the commit, the data and the commands behind VERSION (a number or an alias).

    Also takes the id of a run or of a sweep (its best run), or the beginning of an id.

    \b
    minecover trace 3
    minecover trace 7985496d
    minecover trace champion --json
    """
    import json

    from minecover.pipeline.release import trace as tracing

    found = tracing.find_target(version)
    if as_json:
        click.echo(json.dumps(tracing.to_dict(found), indent=2))
    else:
        click.echo("\n".join(tracing.lines(found)))


@click.command(short_help="Build TARGET again and compare every byte.")
@click.argument("target")
@click.option(
    "--scratch", type=click.Path(path_type=Path), help="Build in this new folder, and keep it."
)
def verify(target: str, scratch: Path | None) -> None:
    """Build TARGET (a version or a commit) again in a scratch clone, and compare every byte.

    Everything is built with an empty cache: tables, model, scores. Whatever differs from
    dvc.lock, from the registered model or from the files here is named, in the order of the
    stages, and the exit code is 1. It takes as long as `make run`.

    \b
    minecover verify champion
    minecover verify HEAD --scratch /tmp/again
    """
    from minecover.core.errors import RegistryError
    from minecover.pipeline.release import verify as verification

    found = verification.verify(target, scratch)
    if found:
        raise RegistryError("\n".join([f"{target} was not built again as recorded:", *found]))
    click.echo(f"{target} was built again: model, tables and metrics are the same bytes.")
