"""`minecover review`: export candidates for review, import the verdicts as labels."""

from __future__ import annotations

from pathlib import Path

import click

from minecover.cli import json_option, lang_option


@click.group(short_help="Export candidates for review, import the verdicts.")
def review() -> None:
    """Export candidates for review by people, and import their verdicts as labels.

    \b
    minecover review export --top 50
    minecover review import reviewed.geojson
    dvc repro
    """


@review.command()
@click.option(
    "--top",
    default=50,
    show_default=True,
    type=click.IntRange(1),
    help="Largest number of questions.",
)
@click.option(
    "--uncertain",
    "kind",
    flag_value="uncertain",
    help="Objects near the threshold, where a label helps the model most.",
)
@click.option("--suspicious", "kind", flag_value="suspicious", help="Labels that look wrong.")
@click.option(
    "--out",
    default=Path("reports/review"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to.",
)
@click.option(
    "--map",
    "of_map",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of `minecover map` or `predict`, whose candidates are the questions.",
)
@lang_option
@json_option
def export(
    top: int, kind: str | None, out: Path, of_map: Path | None, lang: str, as_json: bool
) -> None:
    """Write questions for a reviewer: a GeoPackage for QGIS, and an HTML page.

    By default the questions are the candidates of the report, by rank, that touch no labelled
    mine and have no verdict yet. Fill in the column `verdict` (mine, not mine, unsure), and
    `what` it is if it is no mine (river bar, slide, field, road, settlement, industrial,
    other), or use the keys of the page and save. With --map they are the candidates of a map;
    verdicts on them become labels, with sites of their own.

    \b
    minecover review export --top 50
    minecover review export --top 30 --uncertain --out uncertain/
    minecover review export --suspicious --json
    minecover review export --map maps/kivu --out reports/review_kivu
    """
    import json

    from minecover.core.config import load_params
    from minecover.core.language import Language
    from minecover.pipeline.map_review import export_map_questions
    from minecover.pipeline.review import export_questions

    if of_map is not None and kind is not None:
        raise click.UsageError(
            f"--map exports the candidates of a map, and --{kind} asks about the build. "
            "Leave one out."
        )
    params, language = load_params(), Language(lang)
    if of_map is not None:
        n, files = export_map_questions(params, of_map, top=top, out=out, language=language)
    else:
        n, files = export_questions(
            params, kind or "candidates", top=top, out=out, language=language
        )
    if as_json:
        click.echo(json.dumps({"questions": n, "files": [str(path) for path in files]}))
        return
    click.echo(f"{n} questions", err=True)
    click.echo("\n".join(map(str, files)))


@review.command("import")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--who", default="", help="Name of the reviewer, for rows that have none.")
@click.option(
    "--when", default="", help="Date of the review (2026-03-01), for rows that have none."
)
@click.option("--why", default="", help="Reason for the verdict, for rows that have none.")
@json_option
def import_file(files: tuple[Path, ...], who: str, when: str, why: str, as_json: bool) -> None:
    """Check reviewed files and merge their verdicts into the versioned labels.

    Rows without a verdict are ignored. Of two verdicts of one reviewer on one candidate the
    later one counts. Where the reviewers of several files disagree, the candidate is listed and
    left out; their agreement is reported as Cohen's kappa. Commit the file whose name is
    printed, and run `dvc repro` to train with it.

    \b
    minecover review import reviewed.geojson
    minecover review import reviewed-ada.geojson reviewed-ben.geojson
    minecover review import reports/review/review.gpkg --who "Ada L." --when 2026-03-01
    """
    import json
    from dataclasses import asdict

    from minecover.core.config import load_params
    from minecover.pipeline.review_import import import_verdicts

    blanks = {"who": who, "when": when, "why": why}
    done = import_verdicts(load_params(), files, blanks=blanks)
    counts = {**done.merge.counts, "open": done.n_open, "kept": len(done.merge.verdicts)}
    if as_json:
        compared = {
            "disagreements": done.disagreements,
            "overruled": done.overruled,
            # JSON has no NaN, which a kappa is where all verdicts are alike.
            "agreements": [
                {name: None if value != value else value for name, value in asdict(one).items()}
                for one in done.agreements
            ],
        }
        click.echo(json.dumps({**counts, **compared, "file": str(done.path)}))
        return
    click.echo(", ".join(f"{n} {name}" for name, n in counts.items()), err=True)
    for one in done.agreements:
        click.echo(
            f"{' and '.join(one.reviewers)}: {one.n} candidates judged by both, "
            f"{100 * one.share:.0f} % alike, kappa "
            + (f"{one.kappa:.2f}" if one.kappa == one.kappa else "not defined"),
            err=True,
        )
    for title, found in (
        ("disagreement, left out", done.disagreements),
        ("the later verdict counts", done.overruled),
    ):
        for name, verdicts in found.items():
            given = ", ".join(f"{by}: {verdict}" for by, verdict in verdicts.items())
            click.echo(f"{title}: {name} ({given})", err=True)
    click.echo(str(done.path))
