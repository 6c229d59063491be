"""Readers of label files: vector files, and tables with longitude and latitude."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from minecover.core.errors import LabelError
from minecover.core.vector_checks import VectorFileKind
from minecover.core.vectors import POLYGONS, find_column, read_vector
from minecover.labels.dates import date_advice, impossible_year, read_day, shown_formats

#: Columns of a table that hold the coordinates of a point [degrees, WGS 84].
LONGITUDE, LATITUDE = "longitude", "latitude"
#: What separates the cells of a CSV table.
DELIMITERS = (",", ";", "\t")
#: Column of province names.
PROVINCE = "province"
#: The words of messages about label files, and about files of provinces.
LABEL_FILE = VectorFileKind(
    LabelError,
    "label file",
    "Correct labels.input, or labels.reader.polygons and labels.reader.points.",
    "labels.layer",
)
PROVINCE_FILE = VectorFileKind(
    LabelError, "file of provinces", "Correct --provinces.", "--provinces"
)


def read_features(
    path: Path, *, longitude: str, latitude: str, layer: str | None = None
) -> gpd.GeoDataFrame:
    """Read a vector file, or a CSV with a column of longitudes and one of latitudes.

    Rows are not checked: a row of a CSV without usable coordinates has no geometry.

    Parameters
    ----------
    path : Path
        ``*.csv`` (comma or semicolon, UTF-8 or Windows-1252), or anything GDAL reads.
    longitude, latitude : str
        Names of a CSV's columns of coordinates [degrees, WGS 84], in any case.
    layer : str or None
        Layer to read, see `minecover.core.vectors.read_vector`.

    Returns
    -------
    GeoDataFrame
        The file's columns as they are; those of a CSV are text. The index holds row numbers,
        counted from 1.

    Raises
    ------
    LabelError
        If the file is missing, empty, in another format, or lacks the columns.
    """
    if path.suffix.lower() != ".csv":
        return read_vector(path, LABEL_FILE, layer=layer)
    table = _read_csv(path)
    longitude, latitude = (find_column(table, c) or c for c in (longitude, latitude))
    require_columns(table, (longitude, latitude), path)
    lon, lat = (pd.to_numeric(table[c], errors="coerce") for c in (longitude, latitude))
    usable = (lon.abs() <= 180) & (lat.abs() <= 90)
    if (lon.notna() & lat.notna()).any() and not usable.any():
        raise LabelError(
            f"{path} has no row with a longitude and a latitude in degrees (row 1: {longitude} "
            f"{table[longitude].iloc[0]}, {latitude} {table[latitude].iloc[0]}). Write decimal "
            "degrees in WGS 84, such as 28.75, or save the points as GeoPackage."
        )
    table.index = pd.RangeIndex(1, len(table) + 1)
    usable.index = table.index
    points = np.where(usable, gpd.points_from_xy(lon, lat), None)
    return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326")


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
    areas = read_vector(path, PROVINCE_FILE, types=POLYGONS)
    column = find_column(areas, name)
    if column is None:
        columns = ", ".join(areas.columns.drop(areas.geometry.name))
        raise LabelError(
            f"{path} has no column {name} (found: {columns}). Set the column of province names "
            "with --province-name."
        )
    return areas.rename(columns={column: PROVINCE})[[PROVINCE, areas.geometry.name]]


#: What to do about a table of points that lacks columns.
RENAME = (
    "Rename the file's columns; labels=ipis takes other names as well (labels.reader.columns)."
)


def require_columns(
    table: pd.DataFrame, columns: Sequence[str], path: Path, *, advice: str = RENAME
) -> None:
    """Refuse a table that lacks columns; the error names those it has, and says what to do."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise LabelError(
            f"{path} has no column {', '.join(missing)} (found: {', '.join(table.columns)}). "
            f"{advice}"
        )


def column_text(frame: gpd.GeoDataFrame, column: str | None) -> list[str]:
    """Return a column as text, "" where there is no value or no such column."""
    if column is None or column not in frame:
        return [""] * len(frame)
    return ["" if pd.isna(value) else str(value) for value in frame[column]]


def column_days(
    frame: gpd.GeoDataFrame,
    column: str | None,
    path: Path,
    *,
    date_formats: Sequence[str] = (),
    is_end: bool = False,
) -> list[str]:
    """Return a column as ISO days, "" where there is no value or no such column.

    Parameters
    ----------
    frame : GeoDataFrame
        Features of `path`; its index holds their rows.
    column : str or None
        Name of the column.
    path : Path
        The file, for messages.
    date_formats, is_end : sequence of str, bool
        See `minecover.labels.dates.read_day`.

    Raises
    ------
    LabelError
        If a value is no date; it names the row, the value and what would read the column.
    """
    if column is None or column not in frame:
        return [""] * len(frame)
    days = []
    for row, value in zip(frame.index, frame[column], strict=True):
        try:
            days.append(read_day(value, date_formats, is_end=is_end))
        except ValueError as error:
            raise LabelError(
                f"{path}, row {row}: {column} should be a date such as "
                f"{shown_formats(date_formats)}, found {value!r}. "
                f"{date_advice(frame[column], value)}"
            ) from error
        if wrong := impossible_year(days[-1]):
            raise LabelError(
                f"{path}, row {row}: {column} is {value!r}, read as {days[-1]}: {wrong}. "
                "Correct it, or leave it empty where nobody knows the day."
            )
    return days


def csv_format(path: Path) -> tuple[str, str]:
    """Return delimiter and encoding of a CSV table, as spreadsheets in any language write it.

    Parameters
    ----------
    path : Path
        The table.

    Returns
    -------
    delimiter : str
        Comma, semicolon or tab: the one that the header has most of.
    encoding : str
        UTF-8, with or without a byte order mark, or else Windows-1252.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    content = path.read_bytes()
    # Spreadsheets on Windows write cp1252 instead of UTF-8.
    try:
        content.decode("utf-8")
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding = "cp1252"
    header = content.partition(b"\n")[0]
    return max(DELIMITERS, key=lambda one: header.count(one.encode())), encoding


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise LabelError(f"there is no label file at {path}. Set labels.input.")
    delimiter, encoding = csv_format(path)
    try:
        table = pd.read_csv(path, sep=delimiter, dtype=str, encoding=encoding)
    except (ValueError, pd.errors.ParserError) as error:
        raise LabelError(f"{path} is not a table of comma-separated values: {error}") from error
    if table.empty:
        raise LabelError(f"{path} has no rows. Export it again, or name another file.")
    return table
