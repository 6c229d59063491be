"""`minecover labels`: check files of labels."""

from pathlib import Path

import click

from minecover.cli import json_option

FILE = click.Path(path_type=Path)


@click.group(short_help="Check a file of mine labels.")
def labels() -> None:
    """Check files of labels before they are used.

    \b
    minecover labels check mines.geojson
    """


@labels.command()
@click.argument("file", type=FILE)
@click.option("--points", type=FILE, help="File of mine points to compare the outlines with.")
@click.option("--provinces", type=FILE, help="File of province polygons.")
@click.option(
    "--province-name",
    default="name",
    show_default=True,
    help="Column of --provinces that holds the name.",
)
@click.option("--layer", help="Layer of FILE, as labels.layer.  [default: all]")
@click.option(
    "--date-format", help="Format of dates, as labels.date_format: '%d/%m/%Y'.  [default: ISO]"
)
@json_option
def check(
    file: Path,
    points: Path | None,
    provinces: Path | None,
    province_name: str,
    as_json: bool,
    **reading: str | None,
) -> None:
    """Report the quality of a file of mine outlines, points or visits.

    FILE is GeoJSON, GeoPackage, Shapefile, KML, or CSV with columns `longitude` and `latitude`.
    After the report the file is read as by the build; what it refuses ends the command with
    exit code 1.

    \b
    minecover labels check mines.geojson
    minecover labels check mines.gpkg --points visits.csv --provinces provinces.gpkg
    minecover labels check visits.csv --json
    """
    import json
    from dataclasses import asdict

    from minecover.core.watched import check_named_files
    from minecover.labels import (
        LATITUDE,
        LONGITUDE,
        check_labels,
        quality,
        quality_lines,
        read_features,
        read_provinces,
        repair_geometry,
    )

    columns = {"longitude": LONGITUDE, "latitude": LATITUDE}
    features = read_features(file, **columns, layer=reading["layer"])
    known = read_features(points, **columns) if points else None
    found = quality(
        features,
        points=known,
        provinces=read_provinces(provinces, province_name) if provinces else None,
        date_format=reading["date_format"],
    )
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        click.echo("\n".join(quality_lines(found)))
    # Visits without coordinates are counted; a file of nothing else is no file of points.
    if points is not None and known is not None and known.geometry.isna().all():
        repair_geometry(known, points)
    check_named_files("labels.input", str(file), watched=str(file))
    check_labels(features, file, **reading)
