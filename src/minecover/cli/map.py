"""`minecover map`: a whole region, tile by tile, on this machine or a cluster."""

from pathlib import Path
from typing import TypedDict, Unpack

import click


class How(TypedDict):
    """The options that say how tiles are done, and where."""

    tile: int
    screen: bool
    scheduler: str | None
    processes: int
    memory_gb: float


@click.command(short_help="Map the mines of AREA, tile by tile.")
@click.argument("area")
@click.option("--source", required=True, help="A product folder, or an option of conf/source.")
@click.option("--model", default="models:/minecover@champion", show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--scheduler", help="A Dask scheduler, tcp://host:port [default: this machine].")
@click.option("--workers", "processes", default=2, show_default=True, help="On this machine.")
@click.option("--memory", "memory_gb", default=1.8, show_default=True, help="A worker's [GB].")
@click.option("--tile", default=1024, show_default=True, help="Side of a tile [px].")
@click.option(
    "--screen/--no-screen", default=True, help="Few trees look first [default: screen]."
)
def map(area: str, source: str, model: str, out: Path, **how: Unpack[How]) -> None:
    """Map the mines of AREA: a vector file, or west,south,east,north in degrees.

    Writes probability and class of every location as Cloud Optimized GeoTIFFs, a mosaic of each
    (VRT, one a UTM zone), a STAC item collection, and a ledger. A run that was interrupted
    goes on when it is started again. Classes: 0 not observed, 1 no mine, 2 mine, 3 mine where
    the model extrapolates. What could not be done is 0, and the command ends with exit code 1.

    \b
    minecover map kivu.geojson --source LC08_products/ --out map/
    minecover map 27.9,-4.4,28.1,-4.2 --source simulated/ --model models/model.pkl --out map/
    minecover map kivu.gpkg --source earth_engine --scheduler tcp://10.0.0.5:8786 --out map/
    """
    from minecover.prediction.region import worker_processes

    if how["scheduler"] is None:
        # Ahead of the imports below, beside which it goes on.
        worker_processes.prepare("distributed", "minecover.prediction.region.tile_job")
    from minecover.core.errors import RegionError
    from minecover.prediction.region.cluster import Workers
    from minecover.prediction.region.run import map_area, map_settings

    settings = map_settings(model, source, out, is_screened=how["screen"])
    workers = Workers(how["scheduler"], how["processes"], how["memory_gb"])
    counts, written = map_area(area, settings, workers, tile_px=how["tile"])
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items()), err=True)
    for path in written:
        click.echo(str(path))
    if undone := counts["corrupt"] + counts["failed"]:
        raise RegionError(
            f"{undone} tiles could not be done and are not observed on the map; the ledger "
            f"{out}/ledger.sqlite says why. Mend it and start the same command again."
        )
