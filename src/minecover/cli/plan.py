"""`minecover plan`: what a map of a region would cost."""

from pathlib import Path

import click

from minecover.cli import for_scripts


@click.command(short_help="Say what mapping AREA would cost.")
@click.argument("area")
@click.option("--source", required=True, help="A product folder, or an option of conf/source.")
@click.option("--model", default="models:/minecover@champion", show_default=True)
@click.option("--tile", default=1024, show_default=True, help="Side of a tile [px].")
@click.option("--dates", default=7, show_default=True, help="Scenes a place, over a network.")
@for_scripts
def plan(area: str, source: str, model: str, tile: int, dates: int, as_json: bool) -> None:
    """Say what mapping AREA would read, write and ask for, and how long it would take.

    Makes tiles with this model on this machine for ten seconds, on one core, and throws them
    away. AREA is a vector file, or west,south,east,north in degrees.

    \b
    minecover plan kivu.geojson --source LC08_products/
    minecover plan 28,-2,29,-1 --source earth_engine --tile 512
    minecover plan kivu.geojson --source LC08_products/ --json
    """
    import json

    from minecover.prediction.region.cost import figures, lines, plan_area
    from minecover.prediction.region.run import map_settings

    settings = map_settings(model, source, Path())
    found = plan_area(area, settings, tile_px=tile, dates=dates)
    click.echo(json.dumps(figures(found)) if as_json else "\n".join(lines(found)))
