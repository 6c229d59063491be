"""The label table: one format for labels of every origin, written and read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

import geopandas as gpd

from minecover.core.errors import LabelError
from minecover.core.files import replacing

#: Kinds of labels: "mine" (an annotated outline), "truth" (known in simulated data only),
#: "point" (a mine point, for layouts), "ignore" (ground left out of training and scores); and
#: "confirmed", "rejected", "unsure" (review verdicts, see `minecover.labels.verdicts`).
KINDS = ("mine", "truth", "point", "ignore", "confirmed", "rejected", "unsure")
#: The kinds that are mines.
MINES = ("mine", "confirmed")
#: A day as text, by which labels are compared with the dates of scenes.
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
COLUMNS = ("label_id", "kind", "name", "seen_from", "seen_to", "geometry")


class Labels(Protocol):
    """Anything that returns labels of mines."""

    def __call__(self) -> gpd.GeoDataFrame:
        """Return the label table: `COLUMNS`, in WGS 84, sorted by kind and id."""
        ...


def label_table(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table of labels in the common format.

    Parameters
    ----------
    frame : GeoDataFrame
        At least `COLUMNS`, in any CRS.

    Returns
    -------
    GeoDataFrame
        `COLUMNS` alone, in WGS 84, sorted by kind and id.

    Raises
    ------
    LabelError
        If a kind is unknown, two labels of a kind share an id, or a date is not an ISO day.
    """
    unknown = sorted(set(frame["kind"]) - set(KINDS))
    if unknown:
        raise LabelError(
            f"the kind of a label must be one of {', '.join(KINDS)}, "
            f"found {', '.join(unknown)}. Correct what labels.reader returns."
        )
    twice = frame.duplicated(["kind", "label_id"])
    if twice.any():
        raise LabelError(
            "label ids must be unique within a kind, found "
            f"{frame.loc[twice, 'label_id'].iloc[0]!r} twice. Rename one."
        )
    for name in ("seen_from", "seen_to"):
        if wrong := sorted({day for day in frame[name] if day and not DAY.fullmatch(day)}):
            raise LabelError(
                f"{name} of a label must be a day such as 2019-01-25, or empty, found "
                f"{wrong[0]!r}. Correct what labels.reader returns."
            )
    table = frame.to_crs("EPSG:4326").sort_values(["kind", "label_id"], ignore_index=True)
    return table[list(COLUMNS)]


def write_labels(path: Path, table: gpd.GeoDataFrame) -> None:
    """Write a label table as GeoParquet."""
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def read_labels(path: Path) -> gpd.GeoDataFrame:
    """Read a label table that `write_labels` wrote: `COLUMNS`, in WGS 84."""
    return gpd.read_parquet(path)
