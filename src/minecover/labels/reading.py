"""Readers of label files: vector files, and tables with longitude and latitude."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from minecover.core.errors import LabelError

#: Columns of a table that hold the coordinates of a point [degrees, WGS 84].
LONGITUDE, LATITUDE = "longitude", "latitude"
#: Column of province names.
PROVINCE = "province"
#: A time of day after a date, or the time zone that some exports append.
CLOCK = re.compile(r"([T ]\d{1,2}:\d{2}.*|Z)$")


def read_features(path: Path, *, longitude: str, latitude: str) -> gpd.GeoDataFrame:
    """Read a vector file, or a CSV with a column of longitudes and one of latitudes.

    Rows are not checked: a row of a CSV without usable coordinates has no geometry.

    Parameters
    ----------
    path : Path
        ``*.csv`` (comma or semicolon, UTF-8 or Windows-1252), or anything GDAL reads.
    longitude, latitude : str
        Names of a CSV's columns of coordinates [degrees, WGS 84].

    Returns
    -------
    GeoDataFrame
        The file's columns as they are; those of a CSV are text.

    Raises
    ------
    LabelError
        If the file is missing, empty, in another format, or lacks the columns.
    """
    if path.suffix.lower() != ".csv":
        return read_vector(path)
    table = _read_csv(path)
    require_columns(table, (longitude, latitude), path)
    lon, lat = (pd.to_numeric(table[c], errors="coerce") for c in (longitude, latitude))
    usable = (lon.abs() <= 180) & (lat.abs() <= 90)
    points = gpd.points_from_xy(lon.where(usable), lat.where(usable))
    return gpd.GeoDataFrame(table, geometry=np.where(usable, points, None), crs="EPSG:4326")


def read_vector(path: Path) -> gpd.GeoDataFrame:
    """Read a vector file, columns and CRS as they are.

    Raises
    ------
    LabelError
        If the file is missing, is not a vector file, or has no features or no CRS.
    """
    if not path.exists():
        raise LabelError(
            f"there is no label file at {path}. Correct labels.input, or "
            "labels.reader.polygons and labels.reader.points."
        )
    try:
        layers = gpd.list_layers(path)
        # QGIS stores the style of a GeoPackage's layer as a layer without geometry.
        named = layers.loc[layers["geometry_type"].notna(), "name"].tolist()
        frame = gpd.read_file(path, layer=named[0]) if len(named) == 1 else gpd.read_file(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise LabelError(f"{path} is not a vector file that GDAL reads: {error}") from error
    if frame.empty:
        raise LabelError(f"{path} has no features. Draw at least one, or name another file.")
    if frame.crs is None:
        raise LabelError(
            f"{path} has no coordinate reference system, so the location of its {len(frame)} "
            "features is unknown. Save it with one (a Shapefile needs its .prj)."
        )
    return frame


def read_provinces(path: Path, name: str) -> gpd.GeoDataFrame:
    """Read the areas of provinces.

    Parameters
    ----------
    path : Path
        A vector file of areas.
    name : str
        Name of the file's column of province names.

    Returns
    -------
    GeoDataFrame
        Columns `PROVINCE` and geometry, in the file's CRS.

    Raises
    ------
    LabelError
        If the file cannot be read or has no such column.
    """
    areas = read_vector(path)
    if name not in areas:
        columns = ", ".join(areas.columns.drop(areas.geometry.name))
        raise LabelError(
            f"{path} has no column {name} (found: {columns}). Set the column of province names "
            "with --province-name."
        )
    return areas.rename(columns={name: PROVINCE})[[PROVINCE, areas.geometry.name]]


def require_columns(table: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Refuse a table that lacks columns; the error names those it has."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise LabelError(
            f"{path} has no column {', '.join(missing)} (found: {', '.join(table.columns)}). "
            "Set the names of the file's columns in labels.reader.columns, or rename them."
        )


def parse_date(value: object, formats: Sequence[str]) -> date | None:
    """Parse a date by the first format that fits; None where there is no value.

    A time of day and a trailing Z are dropped: "2009-01-01Z", "1/14/2017 0:00".

    Parameters
    ----------
    value : object
        Text of a date, or a missing value (None, NaN, blank).
    formats : sequence of str
        Formats of `datetime.strptime`.

    Raises
    ------
    ValueError
        If no format fits.
    """
    if pd.isna(value) or not str(value).strip():
        return None
    text = CLOCK.sub("", str(value).strip())
    for form in formats:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise ValueError(f"{value} is not a date of the format {' or '.join(formats)}")


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise LabelError(f"there is no label file at {path}. Set labels.input.")
    content = path.read_bytes()
    # Spreadsheets on Windows write cp1252 instead of UTF-8.
    try:
        content.decode("utf-8")
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding = "cp1252"
    header = content.partition(b"\n")[0]
    delimiter = ";" if header.count(b";") > header.count(b",") else ","
    try:
        table = pd.read_csv(path, sep=delimiter, dtype=str, encoding=encoding)
    except (ValueError, pd.errors.ParserError) as error:
        raise LabelError(f"{path} is not a table of comma-separated values: {error}") from error
    if table.empty:
        raise LabelError(f"{path} has no rows. Export it again, or name another file.")
    return table
