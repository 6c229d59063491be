"""`minecover summary`: print the scores of the build."""

from pathlib import Path

import click

from minecover.cli import lang_option


@click.command(short_help="Print the scores and the path of the report.")
@click.option("--json", "as_json", is_flag=True, help="Print reports/metrics.json.")
@click.option(
    "--map",
    "of_map",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of `minecover map` or `predict`, to print what it found instead.",
)
@lang_option
def summary(as_json: bool, of_map: Path | None, lang: str) -> None:
    """Print the scores, the first candidates, the report, and how to open the MLflow UI.

    \b
    minecover summary
    minecover summary --json
    minecover summary --map maps/kivu --lang fr
    """
    from minecover.core import paths
    from minecover.core.damaged import read_json
    from minecover.core.errors import ModelError
    from minecover.core.language import Language
    from minecover.evaluation import find_no_skill
    from minecover.pipeline.map_summary import build_lines, map_lines
    from minecover.pipeline.release.register import summary as lines

    language = Language(lang)
    if of_map is not None:
        click.echo("\n".join(map_lines(of_map, language)))
        return
    if not paths.METRICS.is_file():
        raise ModelError(f"no {paths.METRICS}, so there are no scores. Run `dvc repro`.")
    if as_json:
        if no_skill := find_no_skill(read_json(paths.METRICS)):
            click.echo(f"the model is {no_skill}", err=True)
        click.echo(paths.METRICS.read_text(encoding="utf-8"), nl=False)
    else:
        click.echo("\n".join([*lines(), *build_lines(language)]))
