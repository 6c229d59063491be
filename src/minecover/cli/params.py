"""`minecover params`: compose conf/ into params.yaml."""

import click


@click.command(short_help="Compose conf/ into params.yaml, or check it.")
@click.option("--write", "action", flag_value="write", help="Compose conf/ into params.yaml.")
@click.option(
    "--check", "action", flag_value="check", help="Fail if params.yaml differs from conf/."
)
@click.option("--experiment", help="Name of an option of conf/experiment.")
@click.argument("overrides", nargs=-1)
def params(action: str | None, experiment: str | None, overrides: tuple[str, ...]) -> None:
    """Compose conf/ into params.yaml, or check that params.yaml is up to date.

    OVERRIDES are choices and values in Hydra's grammar; a path is taken as it is, with blanks,
    commas, accents and brackets. --write keeps them in conf/ (conf/chosen.yaml), and adds them
    to those that were written before; an experiment starts anew.

    \b
    minecover params --check
    minecover params --write model=forest folds.n=3
    minecover params --write --experiment brumadinho
    minecover params --write --experiment champion
    """
    from minecover.core.config import check_params, load_params
    from minecover.pipeline import params as writing
    from minecover.pipeline.choices import check_choices

    if action == "check":
        check_params()
        check_choices(load_params())
    elif action == "write":
        chosen = [f"experiment={experiment}"] if experiment else []
        for path in writing.write([*chosen, *overrides]):
            click.echo(f"{'wrote' if path.exists() else 'deleted'} {path}", err=True)
    else:
        raise click.UsageError("choose --write or --check.")
