"""The waist of the hourglass: observation and location tables, one Parquet file a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.errors import ModelError
from minecover.core.files import replacing

#: What is known of a row that no model may learn from, beside ``valid_<profile>``.
MARKS = ("label", "truth", "rejected")
#: What a model may learn from, one row each. An observation is a location on one date.
DESIGNS = ("observation", "location")


@dataclass(frozen=True, slots=True, eq=False)
class SiteTable:
    """Rows of one site, dates first, then rows, then columns of its grid.

    Parameters
    ----------
    dates : tuple of str
        ISO dates; a location table has a single entry, the last date.
    shape : (rows, cols)
        Of the site's grid. There are ``len(dates) * rows * cols`` table rows.
    label, truth : (n,) int8
        1 mine, 0 not labelled as mine, -1 ignore (label) or unknown (truth).
    rejected : (n,) bool
        Looked at by a reviewer, who found no mine.
    valid : (n,) bool
        Usable by the asked mask profile; for a location, on at least one date.
    X : (n, n_features) float32
        The asked features, NaN where there is no data.
    """

    dates: tuple[str, ...]
    shape: tuple[int, int]
    label: NDArray[np.int8]
    truth: NDArray[np.int8]
    rejected: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    X: F32


def write_table(
    path: Path,
    planes: Mapping[str, F32],
    *,
    dates: Sequence[str],
    marks: Mapping[str, NDArray[np.int8] | NDArray[np.bool_]],
) -> None:
    """Write one site's table.

    Parameters
    ----------
    path : Path
        ``<folder>/<site_id>.parquet``.
    planes : dict of ([time,] row, col) float32
        Features; infinities become NaN.
    dates : sequence of str
        ISO dates, one for a location table.
    marks : dict of ([time,] row, col) arrays
        `MARKS` and one ``valid_<profile>`` per mask profile.
    """
    rows, cols = next(iter(marks.values())).shape[-2:]
    columns: dict[str, pa.Array] = {name: pa.array(np.ravel(m)) for name, m in marks.items()}
    for name, plane in planes.items():
        flat = np.ravel(plane).astype(np.float32)
        columns[name] = pa.array(np.where(np.isfinite(flat), flat, np.float32(np.nan)))
    table = pa.table(columns).replace_schema_metadata(
        {"dates": ",".join(dates), "shape": f"{rows},{cols}"}
    )
    with replacing(path) as temporary:
        # Neighbouring float32 differ in their low bytes: split by byte they compress well.
        pq.write_table(
            table,
            temporary,
            compression="zstd",
            compression_level=1,
            use_dictionary=list(marks),
            use_byte_stream_split=list(planes),
            row_group_size=len(table),
            write_statistics=False,
        )


def read_table(
    path: Path, *, features: Sequence[str], profile: str, static: Path | None
) -> SiteTable:
    """Read the asked features of one site.

    Parameters
    ----------
    path : Path
        What `write_table` wrote.
    features : sequence of str
        Columns of `SiteTable.X`, in this order. None: only the marks.
    profile : str
        Mask profile that decides what is valid.
    static : Path or None
        The same site's location table: features that only it has are repeated on every date.

    Raises
    ------
    ModelError
        If the table lacks a feature or the profile's validity column.
    """
    schema = pq.read_schema(path)
    wanted = [*MARKS, f"valid_{profile}", *features]
    known = set(schema.names)
    once: dict[str, pa.ChunkedArray] = {}
    if static is not None and not set(features) <= known:
        there = pq.read_schema(static).names
        names = [name for name in features if name not in known and name in there]
        once = dict(zip(names, pq.read_table(static, columns=names).columns, strict=True))
    missing = [name for name in wanted if name not in known and name not in once]
    if missing:
        raise ModelError(
            f"{path} has no column {', '.join(missing)} (it has: {', '.join(schema.names)}). "
            "Add the feature set to `table` in conf/config.yaml and run dvc repro features, "
            "or choose features that the source's bands allow."
        )
    here = [name for name in wanted if name in known]
    table = pq.read_table(path, columns=here, use_threads=False, memory_map=True)
    X = np.empty((len(table), len(features)), np.float32)
    for i, name in enumerate(features):
        column = (once[name] if name in once else table[name]).to_numpy()
        X[:, i] = np.tile(column, len(table) // len(column))
    rows, cols = (int(side) for side in schema.metadata[b"shape"].decode().split(","))
    return SiteTable(
        dates=tuple(schema.metadata[b"dates"].decode().split(",")),
        shape=(rows, cols),
        label=table["label"].to_numpy(),
        truth=table["truth"].to_numpy(),
        rejected=table["rejected"].to_numpy(),
        valid=table[f"valid_{profile}"].to_numpy(),
        X=X,
    )
