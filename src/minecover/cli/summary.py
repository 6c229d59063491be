"""`minecover summary`: print the scores of the build."""

import click


@click.command(short_help="Print the scores and the path of the report.")
@click.option("--json", "as_json", is_flag=True, help="Print reports/metrics.json.")
def summary(as_json: bool) -> None:
    """Print the scores, the path of the report, and how to open the MLflow UI.

    \b
    minecover summary
    minecover summary --json
    """
    from minecover.core import paths
    from minecover.core.damaged import read_json
    from minecover.core.errors import ModelError
    from minecover.evaluation import find_no_skill
    from minecover.pipeline.release.register import summary as lines

    if not paths.METRICS.is_file():
        raise ModelError(f"no {paths.METRICS}, so there are no scores. Run `dvc repro`.")
    if as_json:
        if no_skill := find_no_skill(read_json(paths.METRICS)):
            click.echo(f"the model is {no_skill}", err=True)
        click.echo(paths.METRICS.read_text(encoding="utf-8"), nl=False)
    else:
        click.echo("\n".join(lines()))
