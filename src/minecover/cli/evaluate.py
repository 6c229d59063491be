"""`minecover evaluate`: try a finished model on ground that it never saw."""

from pathlib import Path

import click

from minecover.cli import json_option, mask_option, model_option, out_option

#: Scores that are printed: their names in evaluation.json, and in words.
SHOWN = {
    "location.average_precision": "average precision",
    "location.f1": "F1 of locations",
    "objects.mine_recall": "mines found",
    "look_alike.auc": "AUC, look-alikes",
    "look_alike.called": "look-alikes called",
    "site.auc": "AUC, sites",
    "site.recall_at_5_percent_false": "sites found at 5 % false",
    "applicable.share": "model applies to",
}


@click.command(short_help="Try a model on ground that it never saw.")
@model_option
@click.option("--source", help="A product folder, or an option of conf/source.")
@click.option("--labels", help="A file of outlines, or an option of conf/labels.")
@click.option("--experiment", help="An option of conf/experiment: source, labels and sites.")
@out_option
@click.option(
    "--drop-overlap",
    is_flag=True,
    help="Leave out sites where the model was trained, instead of stopping.",
)
@mask_option
@json_option
@click.argument("overrides", nargs=-1)
def evaluate(
    model: str,
    out: Path,
    overrides: tuple[str, ...],
    *,
    as_json: bool,
    mask: str,
    drop_overlap: bool,
    **ground: str | None,
) -> None:
    """Score a finished model on ground that it never saw, and log it on the model's version.

    The ground is a source with labels: --source and --labels, or --experiment. OVERRIDES are
    choices and values in Hydra's grammar, as of `minecover params`. Ground that the model was
    trained on is refused. Writes evaluation.json and evaluation.html: all scores with
    intervals, where the model applies and where it does not.

    \b
    minecover evaluate --source simulated world.seed=8 --out elsewhere/
    minecover evaluate --source LC08_products/ --labels mines.gpkg --out elsewhere/
    minecover evaluate --model models:/minecover-amazon@champion --experiment amazon \\
        --out elsewhere/ '+source.chips.table.keep.group=[1,3,5]'
    """
    import json

    from minecover.evaluation import get_score
    from minecover.pipeline.external.asked import Asked
    from minecover.pipeline.external.evaluation import evaluate as try_model

    asked = Asked(**ground, overrides=overrides)
    found = try_model(model, asked, out, is_masked=mask != "none", drop_overlap=drop_overlap)
    if as_json:
        click.echo(json.dumps(found.content))
        return
    content = found.content
    kind = " (SIMULATED)" if content["ground"]["is_simulated"] else ""
    click.echo(f"{content['model']['title']} on {content['ground']['title']}{kind}")
    if content["no_skill"]:
        click.echo(f"  on this ground it is {content['no_skill']}")
    for key, name in SHOWN.items():
        value, low, high = (
            get_score(content["scores"], f"{key}{end}") for end in ("", "_low", "_high")
        )
        if value == value:
            interval = f" [{low:.3f}, {high:.3f}]" if low == low else ""
            click.echo(f"  {name:<25} {value:.3f}{interval}")
    for sentence in [*content["unknown"], *content["warnings"]]:
        click.echo(f"  {sentence}")
    for path in found.files:
        click.echo(str(path))
