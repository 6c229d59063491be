"""`minecover simulate`: a large simulated area, as product folders on disk."""

import sys
from pathlib import Path

import click


@click.command(short_help="Write a simulated area as Landsat products.")
@click.option("--rows", required=True, type=click.IntRange(min=1), help="Size southward [px].")
@click.option("--cols", required=True, type=click.IntRange(min=1), help="Size eastward [px].")
@click.option("--dates", default=7, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--mines",
    default=1.7,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Mines per 100 km2: about a thousand in North Kivu.",
)
@click.option("--seed", default=7, show_default=True, type=click.IntRange(min=0))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def simulate(rows: int, cols: int, dates: int, mines: float, seed: int, out: Path) -> None:
    """Write a simulated area as Landsat 8 Collection 2 Level-1 products.

    Each date is a product folder of Cloud Optimized GeoTIFFs (11 bands, quality bits) with its
    MTL file. Beside them lies truth.tif: what is mined. A whole Landsat scene has about 7300
    rows and columns: 54 million locations, 1.6 GB a date.

    \b
    minecover simulate --rows 1024 --cols 1024 --dates 7 --out simulated/
    """
    from minecover.core.config import composed
    from minecover.sources.simulated_products import write_products
    from minecover.sources.simulation.wide_area import Area

    parameters = composed().build("world.parameters")
    area = Area(seed, rows, cols, dates, mines, parameters)
    for home in write_products(area, out, quiet=not sys.stderr.isatty()):
        click.echo(str(home))
