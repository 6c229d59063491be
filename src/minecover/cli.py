"""The command line: `minecover ...`, results on stdout, everything else on stderr."""

import logging
import os
import sys
from pathlib import Path

import click

from minecover import __version__
from minecover.errors import MinecoverError, RegistryError


class _Group(click.Group):
    """A group that prints a user's mistake as one sentence and exits with 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MinecoverError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Find mines in public satellite imagery, pixel by pixel.

    Exit codes: 0 done, 1 something you can mend (the message says how), 2 wrong usage.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)


@main.command()
@click.option("--write", "action", flag_value="write", help="Compose conf/ into params.yaml.")
@click.option("--check", "action", flag_value="check", help="Fail unless params.yaml is that.")
@click.option("--experiment", help="An option of conf/experiment.")
@click.argument("overrides", nargs=-1)
def params(action: str | None, experiment: str | None, overrides: tuple[str, ...]) -> None:
    """Compose conf/ into params.yaml, or check that it still is so.

    \b
    minecover params --check
    minecover params --write
    minecover params --write --experiment brumadinho
    minecover params --write model=forest folds.splitter.n=3
    """
    from minecover.config import PARAMS, check_params, composed, write_params

    if action == "check":
        check_params()
    elif action == "write":
        chosen = [f"experiment={experiment}"] if experiment else []
        write_params(composed([*chosen, *overrides]))
        click.echo(f"wrote {PARAMS}", err=True)
    else:
        raise click.UsageError("say --write or --check.")


@main.command()
@click.option("--if-missing", is_flag=True, help="Accepted for clarity: it is always so.")
def register(if_missing: bool) -> None:
    """Record the built model in the MLflow registry, once for each state of dvc.lock.

    \b
    minecover register --if-missing
    """
    from minecover.config import load_params
    from minecover.stages.register import run

    run(load_params())


@main.command()
def summary() -> None:
    """Print the scores, where the report is, and how to open the MLflow UI.

    \b
    minecover summary
    """
    from minecover.stages.register import summary as lines

    click.echo("\n".join(lines()))


@main.command()
@click.option("--model", default="models:/minecover@champion", show_default=True)
@click.option("--source", required=True, help="A product folder, or an option of conf/source.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def predict(model: str, source: str, out: Path) -> None:
    """Map mines: a COG of probability (NaN = not observed) and of the count of valid dates.

    \b
    minecover predict --source LC08_products/ --out maps/
    minecover predict --model models:/minecover-brumadinho@champion \\
        --source LC08_products/ --out maps/
    minecover predict --model models/model.pkl --source simulated --out maps/
    """
    from minecover.serving import predict_folder, predict_sites

    if Path(source).exists():
        written = predict_folder(model, Path(source), out)
    else:
        written = predict_sites(model, source, out)
    for path in written:
        click.echo(str(path))


@main.command()
@click.option("--port", default=5000, show_default=True)
def ui(port: int) -> None:
    """Open the MLflow UI on this machine only.

    \b
    minecover ui --port 5001
    """
    from minecover.config import load_params
    from minecover.tracking.nouns import Tracking, ui_command

    tracking: Tracking = load_params().build("tracking")
    if not os.environ.get("MLFLOW_TRACKING_URI") and not tracking.database.exists():
        raise RegistryError("there is no run to show yet. Type `make run`, then again.")
    command = ui_command(tracking, port=port)
    click.echo(f"The MLflow UI: http://127.0.0.1:{port} (Ctrl-C ends it)", err=True)
    # The environment need not be activated for its own mlflow to be found.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
