"""`minecover labels`: what a file of labels holds."""

from pathlib import Path

import click

from minecover.cli import for_scripts

FILE = click.Path(path_type=Path)


@click.group()
def labels() -> None:
    """Look over files of labels before they are used.

    \b
    minecover labels check mines.geojson
    """


@labels.command()
@click.argument("file", type=FILE)
@click.option("--points", type=FILE, help="Mine points that the outlines should belong to.")
@click.option("--provinces", type=FILE, help="Areas that are provinces.")
@click.option(
    "--province-name", default="name", show_default=True, help="The column of --provinces."
)
@for_scripts
def check(
    file: Path, points: Path | None, provinces: Path | None, province_name: str, as_json: bool
) -> None:
    """Say how good a file of mine outlines, points or visits is.

    Files are GeoJSON, GeoPackage, Shapefile, or CSV with columns `longitude` and `latitude`.

    \b
    minecover labels check mines.geojson
    minecover labels check mines.gpkg --points visits.csv --provinces provinces.gpkg
    minecover labels check visits.csv --json
    """
    import json
    from dataclasses import asdict

    from minecover.labels import (
        LATITUDE,
        LONGITUDE,
        lines,
        quality,
        read_features,
        read_provinces,
    )

    columns = {"longitude": LONGITUDE, "latitude": LATITUDE}
    found = quality(
        read_features(file, **columns),
        points=read_features(points, **columns) if points else None,
        provinces=read_provinces(provinces, province_name) if provinces else None,
    )
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        click.echo("\n".join(lines(found)))
