"""`minecover map`: map a region tile by tile, on this machine or a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from minecover.cli import (
    AreaCommand,
    lang_option,
    mask_option,
    model_option,
    out_option,
    pictures_option,
    source_option,
)

if TYPE_CHECKING:
    from minecover.core.periods import Period
    from minecover.prediction.region.tile_job import MapSettings


class Settings(TypedDict):
    """Options that decide how and where tiles are computed."""

    tile: int
    screen: bool
    mask: str
    scheduler: str | None
    processes: int
    memory_gb: float
    lang: str
    pictures: int
    periods: tuple[str, ...]
    like: str | None


@click.command(cls=AreaCommand, short_help="Map the mines of a region, tile by tile.")
@click.argument("area")
@source_option
@model_option
@out_option
@click.option("--scheduler", help="Dask scheduler, tcp://host:port [default: this machine].")
@click.option(
    "--workers",
    "processes",
    default=2,
    show_default=True,
    help="Worker processes on this machine.",
)
@click.option(
    "--memory", "memory_gb", default=1.8, show_default=True, help="Memory of a worker [GB]."
)
@click.option("--tile", default=1024, show_default=True, help="Side of a tile [px].")
@click.option(
    "--screen/--no-screen",
    default=True,
    show_default=True,
    help="Skip pixels that the first few trees already rule out.",
)
@click.option(
    "--period",
    "periods",
    multiple=True,
    metavar="YEAR|FROM/TO",
    help="Map this period alone; may be given several times [default: all dates, one map].",
)
@click.option(
    "--like",
    type=click.Choice(["landsat-8", "landsat-9"]),
    help="Turn the reflectance of other satellites into that of this one, by published lines "
    "for level 2 [default: as delivered].",
)
@mask_option
@pictures_option
@lang_option
def map(area: str, source: str, model: str, out: Path, **settings: Unpack[Settings]) -> None:
    """Map the mines of AREA: a vector file, or west,south,east,north in degrees.

    Writes probability and class of every location as Cloud Optimized GeoTIFFs, a mosaic of each
    (VRT, one for each UTM zone), a STAC item collection, and a ledger of the tiles; and its
    candidates, objects of mines by rank (candidates.gpkg, .geojson, .csv, .kmz), with a page
    (index.html) and a project that opens all in QGIS (candidates.qgs). The same command resumes
    a run that was interrupted. Classes: 0 not observed, 1 no mine, 2 mine, 3 mine where the
    model extrapolates. If a tile fails, it is 0 on the map and the exit code is 1.

    With --period each period has a map of its own, in a folder of its name. Ground with fewer
    valid dates in it than change.min_dates is not observed. `minecover change` compares them.

    \b
    minecover map kivu.geojson --source LC08_products/ --out map/
    minecover map 27.9,-4.4,28.1,-4.2 --source simulated/ --model models/model.pkl --out map/
    minecover map kivu.gpkg --source earth_engine --scheduler tcp://10.0.0.5:8786 --out map/
    minecover map kivu.geojson --source earth_engine --period 2016 --period 2018 --out years/
    """
    from minecover.prediction.region import worker_processes

    if settings["scheduler"] is None:
        # Worker processes start while the modules below are imported.
        worker_processes.prepare("distributed", "minecover.prediction.region.tile_job")
    from functools import partial

    from minecover.core.errors import RegionError
    from minecover.core.language import Language
    from minecover.core.periods import Period
    from minecover.pipeline.known_ground import KnownGround
    from minecover.pipeline.map_candidates import write_region_candidates
    from minecover.pipeline.map_page import PageOptions
    from minecover.pipeline.map_summary import summary_lines
    from minecover.pipeline.period_maps import MapRun, map_periods
    from minecover.prediction.region.cluster import Workers
    from minecover.prediction.region.run import map_area

    settings_of = partial(_settings_of, model, source, settings)
    page = PageOptions(Language(settings["lang"]), settings["pictures"], settings["processes"])
    workers = Workers(settings["scheduler"], settings["processes"], settings["memory_gb"])
    if periods := [Period.parse(text) for text in settings["periods"]]:
        run = MapRun(area, workers, settings["tile"], page)
        counts, written = map_periods(run, periods, settings_of, out=out)
        files = []
    else:
        map_options, ground = settings_of(out), KnownGround.read()
        counts, written = map_area(area, map_options, workers, tile_px=settings["tile"])
        files = write_region_candidates(map_options, written, ground, page)
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items()), err=True)
    for path in [*written, *files]:
        click.echo(str(path))
    if files:
        click.echo("\n".join(summary_lines(files, page.language)), err=True)
    if undone := counts["corrupt"] + counts["failed"]:
        ledger = out / "*/ledger.csv" if periods else out / "ledger.csv"
        raise RegionError(
            f"{undone} tiles failed and are marked as not observed on the map. The ledger "
            f"{ledger} gives the reasons. Fix them and run the same command again."
        )


def _settings_of(
    model: str, source: str, settings: Settings, out: Path, period: Period | None = None
) -> MapSettings:
    """Return the settings of a map, of all dates or of a period."""
    from dataclasses import replace

    from minecover.pipeline.period_maps import change_rule
    from minecover.prediction.region.map_settings import harmonised, map_settings

    found = map_settings(
        model,
        source,
        out,
        is_screened=settings["screen"],
        is_masked=settings["mask"] != "none",
        period=period,
    )
    if settings["like"]:
        found = harmonised(found, settings["like"])
    return replace(found, min_dates=change_rule().min_dates) if period else found
