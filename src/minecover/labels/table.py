"""The label table: one format for labels of every origin, written and read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

import geopandas as gpd

from minecover.core.damaged import reading_parquet
from minecover.core.errors import LabelError
from minecover.core.files import replacing

#: Kinds of labels: "mine" (an annotated outline), "truth" (known in simulated data only),
#: "point" (a mine point, for layouts), "background" (a point on ground without a mine, for
#: layouts), "ignore" (ground left out of training and scores), "look_alike" (ground known to
#: look mined and not to be: a river bar, a landslide; verdicts say which in the name); and
#: "confirmed", "rejected", "unsure" (review verdicts, see `minecover.labels.verdicts`).
KINDS = (
    "mine",
    "truth",
    "point",
    "background",
    "ignore",
    "look_alike",
    "confirmed",
    "rejected",
    "unsure",
)
#: The kinds that are mines.
MINES = ("mine", "confirmed")
#: A day as text, by which labels are compared with the dates of scenes.
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
COLUMNS = ("label_id", "kind", "name", "seen_from", "seen_to", "geometry")
#: A further column where labels are masks of chips: the only site that a label counts on; empty
#: where it counts on every site.
SITE = "site_id"


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
        `COLUMNS` alone, and `SITE` where a label has it, in WGS 84, sorted by kind and id.

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
    if SITE not in table:
        return table[list(COLUMNS)]
    return table.assign(**{SITE: table[SITE].fillna("")})[[*COLUMNS, SITE]]


def write_labels(path: Path, table: gpd.GeoDataFrame) -> None:
    """Write a label table as GeoParquet."""
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def read_labels(path: Path) -> gpd.GeoDataFrame:
    """Read a label table that `write_labels` wrote, in WGS 84."""
    with reading_parquet(path):
        return gpd.read_parquet(path)
