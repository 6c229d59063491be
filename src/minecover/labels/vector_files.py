"""Labels from vector files: outlines of mines, and points."""

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
        File of mine outlines. Columns `name`, `seen_from` and `seen_to` (ISO dates) are used
        where they exist; a polygon counts on dates inside its period, both ends included.
    points : str or None
        File of mine points, for layouts that lay sites round points.
    ignored : sequence of str
        Names of outlines that are neither mine nor other ground: nothing is learnt or scored
        there.
    """

    polygons: str
    points: str | None
    ignored: Sequence[str]

    def __call__(self) -> gpd.GeoDataFrame:
        """Read, check and repair the files.

        Raises
        ------
        LabelError
            If a file is missing, empty, without CRS, or holds geometry of the wrong type; if
            an ignored name does not exist.
        """
        drawn = outlines(Path(self.polygons))
        if unknown := sorted(set(self.ignored) - set(drawn["name"])):
            raise LabelError(
                f"{self.polygons} has no outline named {', '.join(unknown)} "
                f"(there are: {', '.join(sorted(set(drawn['name'])))}). Fix labels.ignored."
            )
        drawn.loc[drawn["name"].isin(self.ignored), "kind"] = "ignore"
        tables = [drawn]
        if self.points is not None:
            tables.append(_table(Path(self.points), "point", ("Point", "MultiPoint")))
        return label_table(pd.concat(tables, ignore_index=True))


def outlines(path: Path) -> gpd.GeoDataFrame:
    """Read mine outlines, not yet in the label table's form."""
    return _table(path, "mine", ("Polygon", "MultiPolygon"))


def _table(path: Path, kind: str, types: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Read one file of one kind of geometry."""
    frame = read_vector(path)
    geometry = repaired(frame, path)
    wrong = sorted(set(geometry.geom_type) - set(types))
    if wrong:
        raise LabelError(
            f"{path} should hold {' or '.join(types)} geometries, found {', '.join(wrong)}. "
            "Export the mine outlines as polygons (labels.polygons) and points apart "
            "(labels.points)."
        )
    n_digits = len(str(len(frame)))
    ids = [f"{path.stem}-{i:0{n_digits}d}" for i in range(len(frame))]
    return gpd.GeoDataFrame(
        {
            "label_id": ids,
            "kind": kind,
            "name": text_of(frame, "name"),
            "seen_from": days_of(frame, "seen_from", path),
            "seen_to": days_of(frame, "seen_to", path),
        },
        geometry=geometry.to_numpy(),
        crs=frame.crs,
    )


def repaired(frame: gpd.GeoDataFrame, path: Path) -> gpd.GeoSeries:
    """Mend self-intersections where the ground covered stays what it was; refuse the rest."""
    geometry = frame.geometry
    empty = geometry.isna() | geometry.is_empty
    if empty.any():
        raise LabelError(
            f"{path} has {int(empty.sum())} features without geometry (the first is number "
            f"{int(empty.to_numpy().argmax())}). Delete them."
        )
    broken = ~geometry.is_valid
    if not broken.any():
        return geometry
    mended = geometry.where(~broken, shapely.make_valid(geometry.to_numpy()))
    lines = ~mended.geom_type.isin(["Polygon", "MultiPolygon", "Point", "MultiPoint"])
    if lines.any():
        mended = mended.where(~lines, mended.buffer(0))
    if mended.is_empty.any():
        number = int(mended.is_empty.to_numpy().argmax())
        why = shapely.is_valid_reason(geometry.iloc[number])
        raise LabelError(
            f"{path}: feature number {number} encloses no ground ({why}). Redraw it."
        )
    log.warning("%s: repaired %d invalid polygons", path, int(broken.sum()))
    return mended


def text_of(frame: gpd.GeoDataFrame, column: str) -> list[str]:
    """Text of a column, empty where there is none."""
    if column not in frame:
        return [""] * len(frame)
    return ["" if pd.isna(value) else str(value) for value in frame[column]]


def days_of(frame: gpd.GeoDataFrame, column: str, path: Path) -> list[str]:
    """ISO dates of a column, empty where there is none."""
    days = []
    for value in text_of(frame, column):
        try:
            days.append(pd.Timestamp(value).date().isoformat() if value else "")
        except ValueError as error:
            raise LabelError(
                f"{path}: {column} should be a date such as 2019-01-25, found {value!r}."
            ) from error
    return days
