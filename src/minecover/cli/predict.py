"""`minecover predict`: maps from a registered model."""

from pathlib import Path

import click


@click.command(short_help="Map mines in a folder of products, or on the sites.")
@click.option("--model", default="models:/minecover@champion", show_default=True)
@click.option("--source", required=True, help="A product folder, or an option of conf/source.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def predict(model: str, source: str, out: Path) -> None:
    """Map mines: a COG of probability (NaN = not observed), and where the model may speak.

    \b
    minecover predict --source LC08_products/ --out maps/
    minecover predict --model models:/minecover-brumadinho@champion \\
        --source LC08_products/ --out maps/
    minecover predict --model models/model.pkl --source simulated --out maps/
    """
    from minecover.prediction.maps import predict_folder, predict_sites

    if Path(source).exists():
        written = predict_folder(model, Path(source), out)
    else:
        written = predict_sites(model, source, out)
    for path in written:
        click.echo(str(path))
