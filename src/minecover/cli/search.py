"""`minecover search`: good values between bounds, and what choosing them is worth."""

import click


@click.command(short_help="Look for good values with TPE.")
@click.option("--trials", default=20, show_default=True, help="Candidates of a study.")
@click.option("--nested", is_flag=True, help="Also search inside each fold, and score that.")
@click.argument("overrides", nargs=-1, required=True)
def search(trials: int, nested: bool, overrides: tuple[str, ...]) -> None:
    """Look for good values with TPE; each candidate is a run of a sweep.

    The best of many candidates looks better than it is. --nested searches once more for each
    fold, on the ground of the others alone, and scores the fold with what was chosen there.

    \b
    minecover search --trials 30 'model.learning_rate=tag(log,interval(0.02,0.3))' \\
        'model.num_leaves=interval(7,63)'
    minecover search --nested model=forest 'model.min_samples_leaf=1,2,5,10,20'
    """
    from minecover.evaluation import number
    from minecover.pipeline.sweep import search as searching
    from minecover.pipeline.sweep.job_run import HEADLINE

    space = searching.Space.of(overrides)
    asked = searching.Search(space, trials, seed=int(space.base.value("seed")))
    searching.search(asked)
    if nested:
        report, choices = searching.nested(asked)
        for fold, chosen in enumerate(choices):
            words = " ".join(f"{key}={value}" for key, value in chosen.items())
            click.echo(f"without fold {fold}: {words}")
        for name in HEADLINE:
            score, low, high = (
                number(report, f"location.{name}{end}") for end in ("", "_low", "_high")
            )
            click.echo(f"{name} of the choice: {score:.3f} [{low:.3f}, {high:.3f}]")
