"""The label table: one form for labels of every origin, written and read."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import geopandas as gpd

from minecover.core.errors import LabelError
from minecover.core.files import replacing

#: What a label can be: drawn by an annotator, true (only a simulator knows), a mine point round
#: which a site is laid, or ground that is neither mine nor not; and what a reviewer found a
#: candidate to be (`minecover.labels.verdicts`).
KINDS = ("mine", "truth", "point", "ignore", "confirmed", "rejected", "unsure")
#: The kinds that are mines.
MINES = ("mine", "confirmed")
COLUMNS = ("label_id", "kind", "name", "seen_from", "seen_to", "geometry")


class Labels(Protocol):
    """Anything that knows where mines are."""

    def __call__(self) -> gpd.GeoDataFrame:
        """Give the label table: `COLUMNS`, in WGS 84, sorted by kind and id."""
        ...


def label_table(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Bring a table of labels into the one form: known columns, WGS 84, sorted.

    Raises
    ------
    LabelError
        If a kind is unknown or two labels of a kind share an id.
    """
    unknown = sorted(set(frame["kind"]) - set(KINDS))
    if unknown:
        raise LabelError(f"labels are {', '.join(KINDS)}; found kind {', '.join(unknown)}.")
    twice = frame.duplicated(["kind", "label_id"])
    if twice.any():
        raise LabelError(
            "label ids are unique within a kind, found "
            f"{frame.loc[twice, 'label_id'].iloc[0]!r} twice. Rename one."
        )
    table = frame.to_crs("EPSG:4326").sort_values(["kind", "label_id"], ignore_index=True)
    return table[list(COLUMNS)]


def write_labels(path: Path, table: gpd.GeoDataFrame) -> None:
    """Write a label table as GeoParquet."""
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def read_labels(path: Path) -> gpd.GeoDataFrame:
    """Read what `write_labels` wrote."""
    return gpd.read_parquet(path)
