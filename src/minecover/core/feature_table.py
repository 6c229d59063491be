"""Feature tables: one row per observation or location, one Parquet file per site."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.damaged import reading_parquet
from minecover.core.errors import ModelError, first_names
from minecover.core.files import replacing
from minecover.core.ground_kinds import GroundKinds

#: Columns besides ``valid_<profile>`` that are not features.
MARKS = ("label", "truth", "rejected", "look_alike", "n_dates")
#: A further column of sites whose labels say what the ground is.
GROUND = "ground"
#: A column that is not a feature.
Mark = NDArray[np.int8] | NDArray[np.int16] | NDArray[np.bool_]
#: What a row of a table stands for. An observation is a location on one date.
DESIGNS = ("observation", "location")


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
    look_alike : (n,) bool
        Whether the labels say that it looks mined and is not: a river bar, a landslide.
    valid : (n,) bool
        Whether the mask profile accepts the observation; for a location, on any date.
    n_dates : (n,) int16
        Number of valid dates that the features were computed from.
    X : (n, n_features) float32
        The requested features, NaN where there is no data.
    ground : GroundKinds or None
        (n,) what the labels call the ground; None if they name none of it.
    """

    dates: tuple[str, ...]
    shape: tuple[int, int]
    label: NDArray[np.int8]
    truth: NDArray[np.int8]
    rejected: NDArray[np.bool_]
    look_alike: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    n_dates: NDArray[np.int16]
    X: F32
    ground: GroundKinds | None = None

    @property
    def ground_plane(self) -> GroundKinds | None:
        """What the labels call the ground of the site, (row, col)."""
        if self.ground is None:
            return None
        last = self.ground.reshaped(len(self.dates), *self.shape).code[-1]
        return GroundKinds(self.ground.names, last)


def write_table(
    path: Path,
    planes: Mapping[str, F32],
    *,
    dates: Sequence[str],
    marks: Mapping[str, Mark],
    ground: GroundKinds | None = None,
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
    ground : GroundKinds or None
        (row, col) what the labels call the ground; it is repeated on every date.
    """
    rows, cols = next(iter(marks.values())).shape[-2:]
    about = {"dates": ",".join(dates), "shape": f"{rows},{cols}"}
    if ground is not None:
        marks = {**marks, GROUND: np.broadcast_to(ground.code, (len(dates), rows, cols))}
        about[GROUND] = json.dumps(ground.names)
    columns: dict[str, pa.Array] = {name: pa.array(np.ravel(m)) for name, m in marks.items()}
    for name, plane in planes.items():
        flat = np.ravel(plane).astype(np.float32)
        columns[name] = pa.array(np.where(np.isfinite(flat), flat, np.float32(np.nan)))
    table = pa.table(columns).replace_schema_metadata(about)
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
    schema = table_schema(path)
    columns = [*MARKS, f"valid_{profile}", *features]
    known = set(schema.names)
    once: dict[str, pa.ChunkedArray] = {}
    if static is not None and not set(features) <= known:
        there = table_schema(static).names
        names = [name for name in features if name not in known and name in there]
        # Such rows know all dates of their location.
        names += ["n_dates"] if names else []
        with reading_parquet(static):
            once = dict(zip(names, pq.read_table(static, columns=names).columns, strict=True))
    missing = [name for name in columns if name not in known and name not in once]
    if missing:
        raise ModelError(
            f"{path} has no column {first_names(missing)} (it has {len(schema.names)} others). "
            "Add the feature set to `table` in conf/config.yaml and run dvc repro features, "
            "or choose features that the source's bands allow."
        )
    here = [name for name in (*columns, GROUND) if name in known]
    with reading_parquet(path):
        table = pq.read_table(path, columns=here, use_threads=False, memory_map=True)
    X = np.empty((len(table), len(features)), np.float32)
    for i, name in enumerate(features):
        X[:, i] = _repeated(once[name] if name in once else table[name], len(table))
    rows, cols = (int(side) for side in schema.metadata[b"shape"].decode().split(","))
    ground = None
    if GROUND in here:
        kinds = tuple(json.loads(schema.metadata[GROUND.encode()]))
        ground = GroundKinds(kinds, table[GROUND].to_numpy())
    return SiteTable(
        dates=tuple(schema.metadata[b"dates"].decode().split(",")),
        shape=(rows, cols),
        label=table["label"].to_numpy(),
        truth=table["truth"].to_numpy(),
        rejected=table["rejected"].to_numpy(),
        look_alike=table["look_alike"].to_numpy(),
        valid=table[f"valid_{profile}"].to_numpy(),
        n_dates=_repeated(once.get("n_dates", table["n_dates"]), len(table)).astype(np.int16),
        X=X,
        ground=ground,
    )


def feature_names(path: Path) -> list[str]:
    """Return the names of the features of a table: all columns but labels and masks."""
    names = table_schema(path).names
    return [n for n in names if n not in (*MARKS, GROUND) and not n.startswith("valid_")]


def table_schema(path: Path) -> pa.Schema:
    """Return the schema of a table; a damaged file is refused."""
    with reading_parquet(path):
        return pq.read_schema(path)


def _repeated(column: pa.ChunkedArray, n: int) -> NDArray[np.generic]:
    """Return a column of `n` values; one of locations alone is repeated on every date."""
    values: NDArray[np.generic] = column.to_numpy()
    return np.tile(values, n // len(values))
