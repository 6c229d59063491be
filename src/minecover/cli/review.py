"""`minecover review`: candidates out to a reviewer, verdicts back into the labels."""

from __future__ import annotations

from pathlib import Path

import click

from minecover.cli import for_scripts


@click.group(short_help="Ask people what candidates are; learn from it.")
def review() -> None:
    """Ask people what candidates are, and learn from their answers.

    \b
    minecover review export --top 50
    minecover review import reviewed.geojson
    dvc repro
    """


@review.command()
@click.option("--top", default=50, show_default=True, type=click.IntRange(1))
@click.option("--uncertain", "ask", flag_value="uncertain", help="Where a label teaches most.")
@click.option("--suspicious", "ask", flag_value="suspicious", help="Labels that look wrong.")
@click.option(
    "--out",
    default=Path("reports/review"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write into.",
)
@for_scripts
def export(top: int, ask: str | None, out: Path, as_json: bool) -> None:
    """Write questions for a reviewer: a GeoPackage for QGIS, and a page with keys.

    Asked by default: candidates of the report, best first, that no label says are mines and
    nobody has judged. Fill the column `verdict` (mine, not mine, unsure), or press the keys of
    the page and save.

    \b
    minecover review export --top 50
    minecover review export --top 30 --uncertain --out asked/
    minecover review export --suspicious --json
    """
    import json

    from minecover.core.config import load_params
    from minecover.pipeline.review import export as written

    n, files = written(load_params(), ask or "candidates", top=top, out=out)
    if as_json:
        click.echo(json.dumps({"questions": n, "files": [str(path) for path in files]}))
        return
    click.echo(f"{n} questions", err=True)
    click.echo("\n".join(map(str, files)))


@review.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--who", default="", help="Who looked, where the file does not say.")
@click.option("--when", default="", help="On which day (2026-03-01), where it does not say.")
@click.option("--why", default="", help="What was to be seen, where it does not say.")
@for_scripts
def take(file: Path, who: str, when: str, why: str, as_json: bool) -> None:
    """Check a reviewed file and merge its verdicts into the versioned labels.

    Rows without a verdict are left out. Of two verdicts on one candidate the later counts.
    Commit the file that is printed, and type `dvc repro` to learn from it.

    \b
    minecover review import reviewed.geojson
    minecover review import reports/review/review.gpkg --who "Ada L." --when 2026-03-01
    """
    import json

    from minecover.core.config import load_params
    from minecover.pipeline.review import take as taken

    blanks = {"who": who, "when": when, "why": why}
    merge, n_open, path = taken(load_params(), file, blanks=blanks)
    counts = {**merge.counts, "open": n_open, "kept": len(merge.verdicts)}
    if as_json:
        click.echo(json.dumps({**counts, "file": str(path)}))
        return
    click.echo(", ".join(f"{n} {name}" for name, n in counts.items()), err=True)
    click.echo(str(path))
