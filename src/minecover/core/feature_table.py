"""Feature tables: one row per observation or location, one Parquet file per site."""

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

#: Columns besides ``valid_<profile>`` that are not features.
MARKS = ("label", "truth", "rejected")
#: What a row of a table stands for. An observation is a location on one date.
DESIGNS = ("observation", "location")
#: Missing columns that an error names.
N_NAMED = 5


@dataclass(frozen=True, slots=True, eq=False)
class SiteTable:
    """Table of one site, with rows ordered by date, then grid row, then grid column.

    Parameters
    ----------
    dates : tuple of str
        ISO dates; a location table has one entry, the last date.
    shape : (rows, cols)
        Shape of the site's grid. The table has n = ``len(dates) * rows * cols`` rows.
    label, truth : (n,) int8
        1 mine, 0 not labelled as mine, -1 ignore (label) or unknown (truth).
    rejected : (n,) bool
        Whether a reviewer found no mine there.
    valid : (n,) bool
        Whether the mask profile accepts the observation; for a location, on any date.
    X : (n, n_features) float32
        The requested features, NaN where there is no data.
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
    """Write the feature table of one site.

    Parameters
    ----------
    path : Path
        ``<folder>/<site_id>.parquet``.
    planes : dict of ([time,] row, col) float32
        Features by name; infinities become NaN.
    dates : sequence of str
        ISO dates; one for a location table.
    marks : dict of ([time,] row, col) arrays
        Columns `MARKS` and one ``valid_<profile>`` per mask profile.
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
        # Neighbouring float32 differ in their low bytes: columns split by byte compress well.
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
    """Return requested features of one site.

    Parameters
    ----------
    path : Path
        A file written by `write_table`.
    features : sequence of str
        Columns of `SiteTable.X`, in this order; may be empty.
    profile : str
        Name of the mask profile that defines `SiteTable.valid`.
    static : Path or None
        Location table of the same site; features found only there are repeated on every date.

    Raises
    ------
    ModelError
        If a feature or the validity column of the profile is missing.
    """
    schema = pq.read_schema(path)
    columns = [*MARKS, f"valid_{profile}", *features]
    known = set(schema.names)
    once: dict[str, pa.ChunkedArray] = {}
    if static is not None and not set(features) <= known:
        there = pq.read_schema(static).names
        names = [name for name in features if name not in known and name in there]
        once = dict(zip(names, pq.read_table(static, columns=names).columns, strict=True))
    missing = [name for name in columns if name not in known and name not in once]
    if missing:
        raise ModelError(
            f"{path} has no column {', '.join(missing[:N_NAMED])}"
            + (f" and {len(missing) - N_NAMED} more" if len(missing) > N_NAMED else "")
            + f" (it has {len(schema.names)} others). "
            "Add the feature set to `table` in conf/config.yaml and run dvc repro features, "
            "or choose features that the source's bands allow."
        )
    here = [name for name in columns if name in known]
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
