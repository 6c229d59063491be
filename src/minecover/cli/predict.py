"""`minecover predict`: map mines with a registered model."""

from pathlib import Path

import click

from minecover.cli import (
    lang_option,
    mask_option,
    model_option,
    out_option,
    pictures_option,
    source_option,
)


@click.command(short_help="Map mines in a product folder, or on the sites.")
@model_option
@source_option
@out_option
@mask_option
@pictures_option
@lang_option
def predict(model: str, source: str, out: Path, mask: str, pictures: int, lang: str) -> None:
    """Map mines as Cloud Optimized GeoTIFFs.

    Each file holds the probability of a mine (NaN where not observed), and whether the model is
    applicable there. Beside them are the candidates, objects of mines by rank (candidates.gpkg,
    .geojson, .csv, .kmz), their page (index.html), and a project that opens all in QGIS
    (candidates.qgs).

    \b
    minecover predict --source LC08_products/ --out maps/
    minecover predict --model models:/minecover-brumadinho@champion \\
        --source LC08_products/ --out maps/
    minecover predict --model models/model.pkl --source simulated --out maps/
    """
    from minecover.core.language import Language
    from minecover.pipeline.map_page import PageOptions
    from minecover.pipeline.map_summary import summary_lines
    from minecover.pipeline.mapping import map_folder, map_sites
    from minecover.prediction.maps import is_folder

    is_masked, page = mask != "none", PageOptions(Language(lang), pictures)
    if is_folder(source):
        written = map_folder(model, Path(source), out, is_masked=is_masked, options=page)
    else:
        written = map_sites(model, source, out, is_masked=is_masked, options=page)
    for path in written:
        click.echo(str(path))
    click.echo("\n".join(summary_lines(written, page.language)), err=True)
