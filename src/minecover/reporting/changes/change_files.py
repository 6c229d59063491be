"""Write mines that were followed as GeoPackage, CSV, GeoJSON and KMZ that know about time."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np

from minecover.core.styled_geopackage import write_styled_geopackage
from minecover.core.templates import templates_of
from minecover.reporting.candidates.writing import (
    property_rows,
    rings_of,
    write_geojson,
    write_place_csv,
    write_zipped,
)
from minecover.reporting.qgis import CHANGE_COLOURS, change_style

#: Names of the files, without suffix, and columns that are of no use outside.
CHANGES, ALERTS = "changes", "alerts"
INTERNAL = ["zone", "track"]


def write_changes(
    folder: Path, table: gpd.GeoDataFrame, in_time: gpd.GeoDataFrame, *, simulated: bool
) -> list[Path]:
    """Write ``changes.gpkg``, ``.csv``, ``.geojson`` and ``.kmz``.

    The GeoPackage and the KMZ hold a row for each mine and period, with the days for which it
    is shown: QGIS' temporal controller and Google Earth's time slider play them. CSV and
    GeoJSON hold a row for each mine, with a column for each period. The same mines give the
    same bytes.

    Parameters
    ----------
    folder : Path
        Folder to write to.
    table : GeoDataFrame
        From `minecover.reporting.changes.change_table`.
    in_time : GeoDataFrame
        From `minecover.reporting.changes.by_period`.
    simulated : bool
        Whether the data are simulated; the name of the KMZ then says so.

    Returns
    -------
    list of Path
        The files.
    """
    paths = [folder / f"{CHANGES}.{suffix}" for suffix in ("gpkg", "csv", "geojson", "kmz")]
    write_styled_geopackage(
        paths[0],
        in_time,
        layer=CHANGES,
        style=change_style(),
        description="Mines through time, by what became of them in each period",
    )
    shown = table.drop(columns=INTERNAL)
    write_place_csv(paths[1], shown)
    write_geojson(paths[2], shown, id_column="change_id")
    write_zipped(paths[3], render_changes(in_time, simulated=simulated))
    return paths


def write_alerts(folder: Path, found: gpd.GeoDataFrame) -> list[Path]:
    """Write ``alerts.csv`` and ``alerts.geojson``, and return their paths."""
    paths = [folder / f"{ALERTS}.csv", folder / f"{ALERTS}.geojson"]
    write_place_csv(paths[0], found)
    write_geojson(paths[1], found, id_column="change_id")
    return paths


def render_changes(in_time: gpd.GeoDataFrame, *, simulated: bool) -> str:
    """Return mines through time as KML with a time span for each period.

    Parameters
    ----------
    in_time, simulated
        See `write_changes`.

    References
    ----------
    OGC 12-007r2, KML 2.3, TimeSpan.
    """
    days = in_time.assign(
        begin=in_time["begin"].astype(str),
        end=in_time["end"].astype(str),
        growth_ha_a=in_time["growth_ha_a"]
        .astype(object)
        .where(np.isfinite(in_time["growth_ha_a"]), None),
    )
    rows = [
        {**row, "polygons": rings_of(shape)}
        for row, shape in zip(property_rows(days), days.geometry, strict=True)
    ]
    # Google Earth's colours: opacity, blue, green, red.
    colours = {
        state: "ff" + "".join(f"{int(part):02x}" for part in reversed(colour.split(",")))
        for state, colour in CHANGE_COLOURS.items()
    }
    document = templates_of("minecover.reporting.changes").get_template("changes.kml")
    return document.render(rows=rows, colours=colours, simulated=simulated)
