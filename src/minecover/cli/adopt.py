"""`minecover adopt`: a run's choices become the build."""

import click


@click.command(short_help="Make the choices of RUN_ID the default.")
@click.argument("run_id")
def adopt(run_id: str) -> None:
    """Make the choices of RUN_ID the default: conf/ takes them as `champion`, and params.yaml.

    \b
    minecover adopt 350947fc1ddf427dbd4121249a8a7004
    dvc repro && minecover register --if-missing && minecover promote
    """
    from minecover.pipeline.release.adoption import adopt as adopted

    for path in adopted(run_id):
        click.echo(str(path))
    click.echo("Build it: make run. Look at the change: git diff conf/", err=True)
