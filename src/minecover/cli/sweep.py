"""The sweep commands: sweep, search and compare."""

import click

from minecover.cli import json_option


@click.command(
    short_help="Train and score every combination of values.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sweep(arguments: tuple[str, ...]) -> None:
    """Train and score every combination of the listed values, over the tables that are built.

    ARGUMENTS are overrides in Hydra's grammar, and Hydra's own options (-m is understood, and
    may be left out). Jobs that were finished before are skipped.

    \b
    minecover sweep model=forest,boosted model.max_depth=20,35,null folds.n=5
    minecover sweep sweep=forest hydra/launcher=joblib hydra.launcher.n_jobs=2
    minecover sweep --cfg job sweep=quick
    """
    from minecover.pipeline.sweep.entry import run

    run(arguments)


@click.command(short_help="Search for good values between bounds (TPE).")
@click.option(
    "--trials",
    default=20,
    show_default=True,
    type=click.IntRange(1),
    help="Candidates to try.",
)
@click.option("--nested", is_flag=True, help="Also search inside each fold, and score that.")
@click.argument("overrides", nargs=-1, required=True)
def search(trials: int, nested: bool, overrides: tuple[str, ...]) -> None:
    """Search for good values with TPE; each candidate is a run of a sweep.

    The best of many candidates looks better than it is. --nested searches once more for each
    fold, on the ground of the others alone, and scores the fold with what was chosen there. It
    chooses keys of the model alone: others have one value each.

    \b
    minecover search --trials 30 'model.learning_rate=tag(log,interval(0.02,0.3))' \\
        'model.num_leaves=interval(7,63)'
    minecover search --nested model=forest 'model.min_samples_leaf=1,2,5,10,20'
    """
    from minecover.evaluation import get_score
    from minecover.pipeline.sweep import search as searching
    from minecover.pipeline.sweep.search_space import Space

    space = Space.of(overrides)
    if nested:
        space.check_nested()
    settings = searching.Search(space, trials, seed=int(space.base.value("seed")))
    searching.search(settings)
    if nested:
        report, choices = searching.nested(settings)
        for fold, chosen in enumerate(choices):
            words = " ".join(f"{key}={value}" for key, value in chosen.items())
            click.echo(f"without fold {fold}: {words}")
        for name in ("precision", "recall", "f1", "average_precision"):
            score, low, high = (
                get_score(report, f"location.{name}{end}") for end in ("", "_low", "_high")
            )
            click.echo(f"{name} of the choice: {score:.3f} [{low:.3f}, {high:.3f}]")


@click.command(short_help="Compare two runs on the same sites.")
@click.argument("run_a")
@click.argument("run_b")
@click.option("--all", "everything", is_flag=True, help="Print all scores, not ten of them.")
@json_option
def compare(run_a: str, run_b: str, everything: bool, as_json: bool) -> None:
    """Compare two runs on the same sites: which is better, in what, and at what risk.

    Takes ids of runs of a sweep or of registered builds, or the beginnings of ids. The same
    bootstrap samples of sites are drawn for both. The comparison is logged as a run of its own,
    with the table and a page with the maps of the site that differs most.

    \b
    minecover compare 7985496d 7c5b1f2a
    minecover compare 7985496d 7c5b1f2a --all
    minecover compare 7985496d 7c5b1f2a --json
    """
    import json

    from minecover.core.config import load_params
    from minecover.pipeline.sweep import compare as comparing

    tracking = load_params().build("tracking")
    found = comparing.compare(tracking, run_a, run_b)
    if as_json:
        runs = {"a": found.a.run_id, "b": found.b.run_id}
        scores = json.loads(found.table.set_index("score").to_json(orient="index"))
        others = [
            {"ground": one.ground, "scores": [list(row) for row in one.rows()]}
            for one in found.elsewhere
        ]
        content = {**runs, "verdict": found.verdict(), "scores": scores, "elsewhere": others}
        click.echo(json.dumps(content))
    else:
        click.echo(found.text(everything=everything))
    comparing.log_comparison(tracking, found)
