"""`minecover register`: the built model into the registry."""

import click


@click.command(short_help="Record the built model in the MLflow registry.")
@click.option("--if-missing", is_flag=True, help="Accepted for clarity: it is always so.")
def register(if_missing: bool) -> None:
    """Record the built model in the MLflow registry, once for each state of dvc.lock.

    \b
    minecover register --if-missing
    """
    from minecover.core.config import load_params
    from minecover.pipeline.release.register import run

    run(load_params())
