"""Reviewed files: verdicts as a reviewer saved them, checked row by row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd

from minecover.core.errors import LabelError
from minecover.core.vector_checks import VectorFileKind
from minecover.core.vectors import find_column, in_degrees, read_vector
from minecover.labels.dates import iso_or, read_day
from minecover.labels.reading import column_days, column_text, require_columns
from minecover.labels.vector_files import check_periods, repair_geometry
from minecover.labels.verdicts import (
    FIELDS,
    VERDICTS,
    check_look_alike,
    choice,
    sorted_verdicts,
)

#: What to do about a file without the columns of verdicts.
EXPORTED = (
    "Name the file that the reviewer saved, from the page or the layers of "
    "`minecover review export`."
)
#: Tables that spreadsheets write.
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
REVIEWED_FILE = VectorFileKind(
    LabelError, "reviewed file", "Name the file that the reviewer saved.", "another file"
)


def read_reviewed(
    path: Path, *, blanks: Mapping[str, str], date_format: str | None = None
) -> tuple[gpd.GeoDataFrame, int]:
    """Read a reviewed file and check every row.

    Parameters
    ----------
    path : Path
        File from `minecover review export`, GeoPackage or GeoJSON, with verdicts filled in.
    blanks : mapping of str to str
        Values for empty cells of the columns ``who``, ``when`` and ``why``; "" leaves them so.
    date_format : str or None
        Format of dates that are text and not ISO 8601, as ``labels.date_format``.

    Returns
    -------
    verdicts : GeoDataFrame
        `FIELDS` and outlines of the rows with a verdict, in WGS 84, sorted by candidate.
    n_open : int
        Number of rows without a verdict, which are left out.

    Raises
    ------
    LabelError
        If a row cannot be used; it names the first one.
    """
    formats = iso_or(date_format)
    try:
        blanks = {**blanks, "when": read_day(blanks["when"], formats)}
    except ValueError as error:
        raise LabelError(f"--when: {error}. Write it as 2026-03-01.") from error
    if path.is_file() and path.suffix.lower() in TABLES:
        raise LabelError(
            f"{path} is a table without the outlines that labels are made of. Give verdicts "
            "in the page (index.html or review.html) and save them there, or in review.gpkg "
            "with QGIS, and import that file."
        )
    frame = read_vector(path, REVIEWED_FILE)
    # A Shapefile keeps ten characters of a name.
    cases = {find_column(frame, name, name[:10]): name for name in FIELDS}
    frame = frame.rename(columns={found: name for found, name in cases.items() if found})
    require_columns(frame, ("candidate_id", "verdict"), path, advice=EXPORTED)
    frame = frame.assign(verdict=_verdicts(frame, path), what=_words(frame, "what"))
    # Dates of rows without a verdict too: who typed them may have forgotten it.
    days = {
        name: column_days(frame, name, path, date_formats=formats, is_end=name == "seen_to")
        for name in ("when", "seen_from", "seen_to")
    }
    check_periods(days["seen_from"], days["seen_to"], frame.index, path)
    is_open = frame["verdict"] == ""
    closed = frame[~is_open]
    if closed.empty:
        raise LabelError(
            f"{path} holds {len(frame)} candidates and no verdict. Write {choice(VERDICTS)} "
            "into the column verdict of those that you looked at."
        )
    geometry = repair_geometry(closed, path)
    wrong = sorted(set(geometry.geom_type) - {"Polygon", "MultiPolygon"})
    if wrong:
        raise LabelError(
            f"{path} should hold outlines (polygons), found {', '.join(wrong)}. "
            "Delete the other features."
        )
    columns = {
        name: _stripped(closed, name) for name in ("candidate_id", "site_id", "verdict", "what")
    }
    columns |= {name: _fill(column_text(closed, name), blanks[name]) for name in ("who", "why")}
    columns |= {
        name: [day for day, is_left_out in zip(found, is_open, strict=True) if not is_left_out]
        for name, found in days.items()
    }
    columns["when"] = _fill(columns["when"], blanks["when"])
    table = gpd.GeoDataFrame(columns, geometry=geometry.to_numpy(), crs=frame.crs)
    table = table.set_index(closed.index)
    table = in_degrees(table[[*FIELDS, "geometry"]], path, REVIEWED_FILE)
    _check(table, path)
    return sorted_verdicts(table), int(is_open.sum())


def _verdicts(frame: gpd.GeoDataFrame, path: Path) -> list[str]:
    """Return the column of verdicts, in words as of `VERDICTS`."""
    found = _words(frame, "verdict")
    for row, name, word in zip(frame.index, frame["candidate_id"], found, strict=True):
        if word and word not in VERDICTS:
            raise LabelError(
                f"{path}, row {row}: the verdict on {name} is {word!r}. "
                f"Write {choice(VERDICTS)}, or leave it empty."
            )
    return found


def _words(frame: gpd.GeoDataFrame, name: str) -> list[str]:
    """Return a column in lower case with single spaces."""
    return [" ".join(word.lower().split()) for word in column_text(frame, name)]


def _stripped(frame: gpd.GeoDataFrame, name: str) -> list[str]:
    """Return a column as text, without blanks around it."""
    return [text.strip() for text in column_text(frame, name)]


def _fill(values: list[str], blank: str) -> list[str]:
    return [value.strip() or blank for value in values]


def _check(table: gpd.GeoDataFrame, path: Path) -> None:
    """Refuse verdicts that lack something, contradict themselves, or are given twice."""
    # Where the reviewer is, tomorrow may have begun.
    latest = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    for row in table.itertuples():
        if not row.candidate_id:
            raise LabelError(
                f"{path}: row {row.Index} has no candidate_id. Fill the column candidate_id."
            )
        where = f"{path}, row {row.Index}"
        check_look_alike(row.candidate_id, row.verdict, row.what, where=where)
        if not row.who:
            raise LabelError(
                f"{path}: the verdict on {row.candidate_id} has no reviewer. Fill the column "
                "who, or set it for all rows with --who."
            )
        if not row.when or row.when > latest:
            raise LabelError(
                f"{path}: the date of the verdict on {row.candidate_id} is "
                f"{row.when or 'missing'}. Fill the column when with the day of the review, or "
                "set it for all rows with --when."
            )
    twice = table["candidate_id"].str.casefold().duplicated()
    if twice.any():
        raise LabelError(
            f"{path} holds two verdicts on {table.loc[twice, 'candidate_id'].iloc[0]}. Delete "
            "one, or give the parts of a split outline different ids."
        )
