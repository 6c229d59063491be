"""`minecover compare`: the difference of two runs, with an interval."""

import click

from minecover.cli import for_scripts


@click.command(short_help="Compare two runs on the same sites.")
@click.argument("run_a")
@click.argument("run_b")
@for_scripts
def compare(run_a: str, run_b: str, as_json: bool) -> None:
    """Compare two runs on the same sites: b minus a, sites drawn alike for both.

    Takes ids of runs of a sweep or of registered builds, or the beginnings of ids. The table
    is logged as a run of its own.

    \b
    minecover compare 7985496d 7c5b1f2a
    minecover compare 7985496d 7c5b1f2a --json
    """
    import json

    from minecover.core.config import load_params
    from minecover.pipeline.sweep.compare import VERDICT
    from minecover.pipeline.sweep.compare import compare as compared

    found = compared(load_params().build("tracking"), run_a, run_b)
    if as_json:
        runs = {"a": found.a.run_id, "b": found.b.run_id}
        scores = json.loads(found.table.set_index("score").to_json(orient="index"))
        click.echo(json.dumps({**runs, "scores": scores}))
        return
    click.echo(f"a: {found.a.name} ({found.a.run_id})\nb: {found.b.name} ({found.b.run_id})\n")
    click.echo(found.table.to_string(index=False, float_format="{:.3f}".format))
    click.echo("\n" + "\n".join(found.verdict(score) for score in VERDICT))
