"""`minecover plan`: estimate the cost of mapping a region."""

from pathlib import Path

import click

from minecover.cli import AreaCommand, json_option, model_option, source_option


@click.command(cls=AreaCommand, short_help="Estimate the cost of mapping a region.")
@click.argument("area")
@source_option
@model_option
@click.option("--tile", default=1024, show_default=True, help="Side of a tile [px].")
@click.option(
    "--dates",
    default=7,
    show_default=True,
    help="Scenes at each location, if the source is remote.",
)
@json_option
def plan(area: str, source: str, model: str, tile: int, dates: int, as_json: bool) -> None:
    """Estimate what mapping AREA would read, write and request, and how long it would take.

    AREA is a vector file, or west,south,east,north in degrees. The speed is measured by
    computing tiles with the model on one core of this machine for ten seconds.

    \b
    minecover plan kivu.geojson --source LC08_products/
    minecover plan 28,-2,29,-1 --source earth_engine --tile 512
    minecover plan -44.2,-20.2,-44.1,-20.1 --source LC08_products/
    minecover plan kivu.geojson --source LC08_products/ --json
    """
    import json

    from minecover.prediction.region.cost import format_plan, plan_area, plan_to_dict
    from minecover.prediction.region.map_settings import map_settings

    settings = map_settings(model, source, Path())
    found = plan_area(area, settings, tile_px=tile, dates=dates)
    click.echo(json.dumps(plan_to_dict(found)) if as_json else "\n".join(format_plan(found)))
