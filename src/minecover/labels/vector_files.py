"""Labels from vector files: mine outlines and mine points."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from minecover.core.errors import LabelError
from minecover.labels.reading import read_vector
from minecover.labels.table import label_table

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """Labels from vector files that GDAL reads (GeoJSON, GeoPackage, Shapefile).

    Parameters
    ----------
    polygons : str
        File of mine outlines. Columns ``name``, ``seen_from`` and ``seen_to`` (ISO dates) are
        used where they exist; a polygon counts on dates inside its period, both ends included.
    points : str or None
        File of mine points, for layouts that place sites around points.
    ignored : sequence of str
        Names of outlines that are left out of training and scores.
    """

    polygons: str
    points: str | None
    ignored: Sequence[str]

    def __call__(self) -> gpd.GeoDataFrame:
        """Read, check and repair the files.

        Returns
        -------
        GeoDataFrame
            The label table, see `minecover.labels.label_table`.

        Raises
        ------
        LabelError
            If a file is missing, empty, without CRS, or holds geometry of the wrong type; if
            no outline has an ignored name.
        """
        outlines = read_outlines(Path(self.polygons))
        if unknown := sorted(set(self.ignored) - set(outlines["name"])):
            raise LabelError(
                f"{self.polygons} has no outline named {', '.join(unknown)} "
                f"(found: {', '.join(sorted(set(outlines['name'])))}). Fix labels.ignored."
            )
        outlines.loc[outlines["name"].isin(self.ignored), "kind"] = "ignore"
        tables = [outlines]
        if self.points is not None:
            tables.append(_table(Path(self.points), "point", ("Point", "MultiPoint")))
        return label_table(pd.concat(tables, ignore_index=True))


def read_outlines(path: Path) -> gpd.GeoDataFrame:
    """Read mine outlines: the columns of the label table, in the file's CRS."""
    return _table(path, "mine", ("Polygon", "MultiPolygon"))


def _table(path: Path, kind: str, types: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Read a file of one type of geometry."""
    frame = read_vector(path)
    geometry = repair_geometry(frame, path)
    wrong = sorted(set(geometry.geom_type) - set(types))
    if wrong:
        raise LabelError(
            f"{path} should hold {' or '.join(types)} geometries, found {', '.join(wrong)}. "
            "Export mine outlines as polygons (labels.reader.polygons) and points separately "
            "(labels.reader.points)."
        )
    n_digits = len(str(len(frame)))
    ids = [f"{path.stem}-{i:0{n_digits}d}" for i in range(len(frame))]
    return gpd.GeoDataFrame(
        {
            "label_id": ids,
            "kind": kind,
            "name": column_text(frame, "name"),
            "seen_from": column_dates(frame, "seen_from", path),
            "seen_to": column_dates(frame, "seen_to", path),
        },
        geometry=geometry.to_numpy(),
        crs=frame.crs,
    )


def repair_geometry(frame: gpd.GeoDataFrame, path: Path) -> gpd.GeoSeries:
    """Return the geometries with invalid ones repaired.

    Parameters
    ----------
    frame : GeoDataFrame
        Features of `path`, in any CRS.
    path : Path
        The file, for messages.

    Raises
    ------
    LabelError
        If a feature has no geometry, or an invalid polygon encloses no area.
    """
    geometry = frame.geometry
    empty = geometry.isna() | geometry.is_empty
    if empty.any():
        raise LabelError(
            f"{path} has {int(empty.sum())} features without geometry (the first is feature "
            f"{int(empty.to_numpy().argmax())}, counted from 0). Delete them."
        )
    broken = ~geometry.is_valid
    if not broken.any():
        return geometry
    repaired = geometry.where(~broken, shapely.make_valid(geometry.to_numpy()))
    lines = ~repaired.geom_type.isin(["Polygon", "MultiPolygon", "Point", "MultiPoint"])
    if lines.any():
        repaired = repaired.where(~lines, repaired.buffer(0))
    if repaired.is_empty.any():
        number = int(repaired.is_empty.to_numpy().argmax())
        why = shapely.is_valid_reason(geometry.iloc[number])
        raise LabelError(
            f"{path}: feature {number}, counted from 0, encloses no area ({why}). Redraw it."
        )
    log.warning("%s: repaired %d invalid polygons", path, int(broken.sum()))
    return repaired


def column_text(frame: gpd.GeoDataFrame, column: str) -> list[str]:
    """Return a column as text, "" where there is no value or no such column."""
    if column not in frame:
        return [""] * len(frame)
    return ["" if pd.isna(value) else str(value) for value in frame[column]]


def column_dates(frame: gpd.GeoDataFrame, column: str, path: Path) -> list[str]:
    """Return a column as ISO dates, "" where there is no value or no such column."""
    days = []
    for value in column_text(frame, column):
        try:
            days.append(pd.Timestamp(value).date().isoformat() if value else "")
        except ValueError as error:
            raise LabelError(
                f"{path}: {column} should be a date such as 2019-01-25, found {value!r}. "
                "Correct it in the file."
            ) from error
    return days
