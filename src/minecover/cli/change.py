"""`minecover change`: what changed between the maps of several periods."""

import math
from datetime import datetime
from pathlib import Path

import click

from minecover.cli import lang_option


def _area(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """Refuse an area that is no number: no alert is larger than nan or inf."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not an area in hectares.", ctx, param)
    return value


@click.command(short_help="Follow mines over the maps of several periods.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day from which alerts are counted [default: the first day of the last period].",
)
@click.option(
    "--alert-ha",
    type=click.FloatRange(min=0),
    callback=_area,
    help="Least growth of an alert [ha].",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to [default: FOLDER]; the page has its true colour in FOLDER alone.",
)
@lang_option
def change(
    folder: Path, since: datetime | None, alert_ha: float | None, out: Path | None, lang: str
) -> None:
    """Follow mines over the maps of FOLDER, which `minecover map --period` wrote.

    Writes changes.csv and .geojson, a row for each mine: what became of it, its area in each
    period, when it was first and last seen, its growth a year with an interval; changes.gpkg
    and .kmz, its outline in each period, for the time sliders of QGIS and Google Earth;
    alerts.csv and .geojson, the mines that are new or have grown; and a page of all of them
    with a slider over the periods (changes.html). How maps are compared: keys change.* of conf.

    \b
    minecover map kivu.geojson --source earth_engine --period 2016 --period 2018 --out years/
    minecover change years/ --since 2018-01-01 --alert-ha 0.5
    """
    from dataclasses import replace

    from minecover.core.language import Language
    from minecover.pipeline.change import write_change
    from minecover.pipeline.period_maps import change_rule

    rule = change_rule()
    if alert_ha is not None:
        rule = replace(rule, alert_ha=alert_ha)
    day = since.date() if since else None
    for path in write_change(folder, rule, since=day, out=out, language=Language(lang)):
        click.echo(str(path))
