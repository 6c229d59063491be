"""Labels from vector files: mine outlines and mine points."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from minecover.core.errors import LabelError
from minecover.core.valid_shapes import made_valid
from minecover.core.vector_checks import rows
from minecover.core.vectors import (
    POINTS,
    POLYGONS,
    find_column,
    in_degrees,
    read_vector,
)
from minecover.labels.dates import VISIT_DATE, VISIT_FORMATS, check_format, read_day
from minecover.labels.identity import label_ids, own_ids
from minecover.labels.parts import split_parts
from minecover.labels.plausibility import odd_places
from minecover.labels.reading import (
    LABEL_FILE,
    LATITUDE,
    LONGITUDE,
    column_days,
    column_text,
    read_features,
)
from minecover.labels.table import label_table

log = logging.getLogger(__name__)

#: Columns of a label file that are used, and their names in files, the first that there is.
USED = {
    "label_id": ("label_id",),
    "name": ("name",),
    "seen_from": ("seen_from",),
    "seen_to": ("seen_to",),
}
#: GDAL's names of the period of a feature in KML.
KML_USED = {**USED, "seen_from": ("seen_from", "begin"), "seen_to": ("seen_to", "end")}


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """Labels from vector files that GDAL reads (GeoJSON, GeoPackage, Shapefile, KML).

    Parameters
    ----------
    polygons : str
        File of mine outlines. Columns ``name``, ``seen_from``, ``seen_to`` and ``label_id`` are
        used where they exist, in any case; a polygon counts on dates inside its period, both
        ends included. Parts of a MultiPolygon that lie apart are mines of their own.
    points : str or None
        File of mine points, for layouts that place sites around points: a vector file, or a
        CSV with columns longitude and latitude.
    ignored : sequence of str
        Names of outlines that are left out of training and scores.
    layer, points_layer : str or None
        Layer of the outlines, and of the points; None reads all layers of such geometry.
    date_format : str or None
        Format of dates that are text (`datetime.strptime`); None reads ISO 8601 alone.
    """

    polygons: str
    points: str | None
    ignored: Sequence[str]
    layer: str | None = None
    points_layer: str | None = None
    date_format: str | None = None

    def __post_init__(self) -> None:
        """Refuse a format that is none."""
        check_format(self.date_format)

    def __call__(self) -> gpd.GeoDataFrame:
        """Read, check and repair the files.

        Returns
        -------
        GeoDataFrame
            The label table, see `minecover.labels.label_table`.

        Raises
        ------
        LabelError
            If a file is missing, empty, without CRS, or holds geometry of the wrong type,
            impossible coordinates or impossible dates; if no outline has an ignored name.
        """
        outlines = read_outlines(
            Path(self.polygons), layer=self.layer, date_format=self.date_format
        )
        if unknown := sorted(set(self.ignored) - set(outlines["name"])):
            raise LabelError(
                f"{self.polygons} has no outline named {', '.join(unknown)} "
                f"(found: {', '.join(sorted(set(outlines['name'])))}). Fix labels.ignored."
            )
        outlines.loc[outlines["name"].isin(self.ignored), "kind"] = "ignore"
        tables = [outlines]
        if self.points is not None:
            tables.append(
                read_points(
                    Path(self.points), layer=self.points_layer, date_format=self.date_format
                )
            )
        return label_table(pd.concat(tables, ignore_index=True))


def read_outlines(
    path: Path, *, layer: str | None = None, date_format: str | None = None
) -> gpd.GeoDataFrame:
    """Read mine outlines: the columns of the label table, in WGS 84."""
    frame = read_vector(path, LABEL_FILE, types=POLYGONS, layer=layer)
    return _table(frame, path, "mine", date_format)


def read_points(
    path: Path, *, layer: str | None = None, date_format: str | None = None
) -> gpd.GeoDataFrame:
    """Read mine points: the columns of the label table, in WGS 84."""
    frame = (
        read_features(path, longitude=LONGITUDE, latitude=LATITUDE)
        if path.suffix.lower() == ".csv"
        else read_vector(path, LABEL_FILE, types=POINTS, layer=layer)
    )
    return _table(frame, path, "point", date_format)


def check_labels(
    features: gpd.GeoDataFrame, path: Path, *, layer: str | None, date_format: str | None
) -> None:
    """Read a vector file as the build does, to refuse what the build would refuse.

    Parameters
    ----------
    features : GeoDataFrame
        All features of the file, from `read_features`: they tell outlines from points. Rows
        of a CSV file are visits.
    path : Path
        The file.
    layer, date_format : str or None
        See `LabelFiles`.

    Raises
    ------
    LabelError
        As `LabelFiles`.
    """
    check_format(date_format)
    if path.suffix.lower() == ".csv":
        _check_visits(features, path)
        return
    are_points = set(features.geom_type.dropna()) <= set(POINTS)
    read = read_points if are_points else read_outlines
    read(path, layer=layer, date_format=date_format)


def _check_visits(visits: gpd.GeoDataFrame, path: Path) -> None:
    """Refuse visits without place, and with dates that the reader of visits would refuse."""
    lost = visits.geometry.isna().to_numpy()
    if lost.any():
        raise LabelError(
            f"{path} has no usable longitude and latitude in {rows(visits.index[lost])}. Write "
            "decimal degrees in WGS 84, such as 28.75, or delete them."
        )
    for row, value in visits[VISIT_DATE].items() if VISIT_DATE in visits else ():
        try:
            read_day(value, VISIT_FORMATS)
        except ValueError as error:
            raise LabelError(
                f"{path}, row {row}, {VISIT_DATE}: {error}. Correct it, or set "
                "labels.reader.date_formats."
            ) from error


def _table(
    frame: gpd.GeoDataFrame, path: Path, kind: str, date_format: str | None
) -> gpd.GeoDataFrame:
    """Return the features of a file as labels."""
    columns = _choose_columns(frame, path)
    frame = in_degrees(frame.set_geometry(repair_geometry(frame, path)), path, LABEL_FILE)
    for oddity in odd_places(frame):
        log.warning("%s: %s", path, oddity)
    text = {name: column_text(frame, columns[name]) for name in ("label_id", "name")}
    formats = (date_format,) if date_format else ()
    days = {
        name: column_days(
            frame, columns[name], path, date_formats=formats, is_end=name == "seen_to"
        )
        for name in ("seen_from", "seen_to")
    }
    check_periods(days["seen_from"], days["seen_to"], frame.index, path)
    own = own_ids(text["label_id"], text["name"])
    shapes, row = split_parts(frame.geometry.to_numpy())
    if len(shapes) > len(frame):
        several = np.unique(row, return_counts=True)[1] > 1
        log.info(
            "%s: the parts of %s lie apart and count one by one, %d in all",
            path, rows(frame.index[several]), len(shapes),
        )  # fmt: skip
    prefix = "" if kind == "mine" else f"{kind}-"
    return gpd.GeoDataFrame(
        {
            "label_id": [prefix + one for one in label_ids([own[i] for i in row], row, shapes)],
            "kind": kind,
            "name": [text["name"][i] for i in row],
            "seen_from": [days["seen_from"][i] for i in row],
            "seen_to": [days["seen_to"][i] for i in row],
        },
        geometry=shapes,
        crs="EPSG:4326",
    )


def _choose_columns(frame: gpd.GeoDataFrame, path: Path) -> dict[str, str | None]:
    """Return the file's columns that are used, and say which ones are, and which are not."""
    wanted = KML_USED if path.suffix.lower() in (".kml", ".kmz") else USED
    columns = {name: find_column(frame, *names) for name, names in wanted.items()}
    used = [f"{name} from {column}" for name, column in columns.items() if column]
    rest = [
        str(c) for c in frame.columns.drop(frame.geometry.name) if c not in columns.values()
    ]
    log.info(
        "%s: %d features; columns used: %s; ignored: %s",
        path, len(frame), ", ".join(used) or "none", ", ".join(rest) or "none",
    )  # fmt: skip
    return columns


def check_periods(
    seen_from: Sequence[str], seen_to: Sequence[str], index: pd.Index, path: Path
) -> None:
    """Refuse periods that end before they begin; the index holds the rows of the file."""
    periods = zip(seen_from, seen_to, strict=True)
    wrong = np.array([bool(end) and end < begin for begin, end in periods], bool)
    if wrong.any():
        first = int(wrong.argmax())
        raise LabelError(
            f"{path}, {rows(index[wrong])}: seen_to lies before seen_from (the first: "
            f"{seen_to[first]} before {seen_from[first]}), so the mine would count "
            "on no date. Correct the dates (swapped columns?)."
        )


def repair_geometry(frame: gpd.GeoDataFrame, path: Path) -> gpd.GeoSeries:
    """Return the geometries with invalid ones repaired.

    Parameters
    ----------
    frame : GeoDataFrame
        Features of `path` from `read_vector`, in any CRS.
    path : Path
        The file, for messages.

    Raises
    ------
    LabelError
        If a feature has no geometry, or an invalid polygon encloses no area.
    """
    geometry = frame.geometry
    empty = (geometry.isna() | geometry.is_empty).to_numpy()
    if empty.any():
        raise LabelError(
            f"{path} has {int(empty.sum())} features without geometry "
            f"({rows(frame.index[empty])}). Delete them."
        )
    broken = ~geometry.is_valid
    if not broken.any():
        return geometry
    repaired = geometry.where(~broken, made_valid(geometry.to_numpy()))
    lines = ~repaired.geom_type.isin([*POLYGONS, *POINTS])
    if lines.any():
        repaired = repaired.where(~lines, repaired.buffer(0))
    if repaired.is_empty.any():
        number = int(repaired.is_empty.to_numpy().argmax())
        why = shapely.is_valid_reason(geometry.iloc[number])
        raise LabelError(
            f"{path}: row {frame.index[number]} encloses no area ({why}). Redraw it."
        )
    log.warning(
        "%s: repaired %d invalid polygons (%s)",
        path, int(broken.sum()), rows(frame.index[broken.to_numpy()]),
    )  # fmt: skip
    return repaired
