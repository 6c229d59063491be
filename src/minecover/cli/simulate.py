"""`minecover simulate`: write a large simulated area as product folders."""

import sys
from pathlib import Path

import click

from minecover.cli import out_option


@click.command(short_help="Write a simulated area as Landsat products.")
@click.option(
    "--rows", required=True, type=click.IntRange(min=1), help="Size from north to south [px]."
)
@click.option(
    "--cols", required=True, type=click.IntRange(min=1), help="Size from west to east [px]."
)
@click.option(
    "--dates",
    default=7,
    show_default=True,
    type=click.IntRange(min=1),
    help="Number of dates.",
)
@click.option(
    "--mines",
    default=1.7,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Mines per 100 km2; 1.7 is about a thousand in North Kivu.",
)
@click.option(
    "--seed", default=7, show_default=True, type=click.IntRange(min=0), help="Random seed."
)
@out_option
def simulate(rows: int, cols: int, dates: int, mines: float, seed: int, out: Path) -> None:
    """Write a simulated area as Landsat 8 Collection 2 Level-1 products.

    Writes one product folder for each date, with Cloud Optimized GeoTIFFs (11 bands and quality
    bits) and an MTL file, and truth.tif, the mask of the mines. A whole Landsat scene has about
    7300 rows and columns: 54 million locations and 1.6 GB for each date.

    \b
    minecover simulate --rows 1024 --cols 1024 --dates 7 --out simulated/
    """
    from minecover.core.config import composed
    from minecover.sources.simulated_products import write_products
    from minecover.sources.simulation.wide_area import Area

    parameters = composed().build("world.parameters")
    area = Area(seed, rows, cols, dates, mines, parameters)
    for folder in write_products(area, out, quiet=not sys.stderr.isatty()):
        click.echo(str(folder))
