"""`minecover predict`: map mines with a registered model."""

from pathlib import Path

import click


@click.command(short_help="Map mines in a product folder, or on the sites.")
@click.option(
    "--model",
    default="models:/minecover@champion",
    show_default=True,
    help="A registered model, or the path of a pickle.",
)
@click.option("--source", required=True, help="A product folder, or an option of conf/source.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to.",
)
def predict(model: str, source: str, out: Path) -> None:
    """Map mines as Cloud Optimized GeoTIFFs.

    Each file holds the probability of a mine (NaN where not observed), and whether the model is
    applicable there.

    \b
    minecover predict --source LC08_products/ --out maps/
    minecover predict --model models:/minecover-brumadinho@champion \\
        --source LC08_products/ --out maps/
    minecover predict --model models/model.pkl --source simulated --out maps/
    """
    from minecover.prediction.maps import is_folder, predict_folder, predict_sites

    if is_folder(source):
        written = predict_folder(model, Path(source), out)
    else:
        written = predict_sites(model, source, out)
    for path in written:
        click.echo(str(path))
