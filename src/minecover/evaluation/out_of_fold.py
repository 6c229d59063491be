"""Out-of-fold probabilities as a Parquet file: a row per observation, a row group per site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from minecover.core.cube import F32
from minecover.core.damaged import reading_parquet
from minecover.core.errors import ModelError
from minecover.core.files import replacing
from minecover.core.ground_kinds import UNNAMED, GroundKinds

#: Columns of the file; `date` is ``YYYY-MM-DD``.
SCHEMA = pa.schema(
    [
        ("site_id", pa.dictionary(pa.int32(), pa.string())),
        ("date", pa.dictionary(pa.int32(), pa.string())),
        ("row", pa.uint16()),
        ("col", pa.uint16()),
        ("group", pa.dictionary(pa.int32(), pa.string())),
        ("fold", pa.int8()),
        ("is_background", pa.bool_()),
        ("chip_label", pa.int8()),
        ("look_alike", pa.bool_()),
        ("ground", pa.dictionary(pa.int32(), pa.string())),
        ("label", pa.int8()),
        ("truth", pa.int8()),
        ("valid", pa.bool_()),
        ("probability", pa.float32()),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Out-of-fold probabilities of one site.

    Parameters
    ----------
    site_id : str
        Name of the site.
    fold : int
        Fold that the site was held out in: no model that scored it was trained on it.
    dates : tuple of str
        Dates as ``YYYY-MM-DD``, one for each position of the time axis.
    label : (time, row, col) int8
        1 mine, 0 not labelled as mine, -1 ignore.
    truth : (time, row, col) int8
        Where mines really are, which only a simulation knows; -1 unknown.
    valid : (time, row, col) bool
        Whether the observation is usable.
    probability : (time, row, col) float32
        Probability of a mine, 0..1; NaN where it is not valid.
    is_background : bool
        Whether the layout placed the site on ground without a mine.
    look_alike : (row, col) bool or None
        Where the labels say that ground looks mined and is not; None: nowhere.
    chip_label : int
        Of a chip, an image of a label set, whether it is known to hold a mine, 1 or 0; -1 for
        other sites.
    group : str
        Group of the site, which no fold splits; empty if it is a group of its own.
    ground : GroundKinds or None
        (row, col) what the labels call the ground; None if they name none of it.
    """

    site_id: str
    fold: int
    dates: tuple[str, ...]
    label: NDArray[np.int8]
    truth: NDArray[np.int8]
    valid: NDArray[np.bool_]
    probability: F32
    is_background: bool = False
    look_alike: NDArray[np.bool_] | None = None
    chip_label: int = -1
    group: str = ""
    ground: GroundKinds | None = None


def write_out_of_fold(path: Path, sites: Iterator[OutOfFold]) -> None:
    """Write the sites to a Parquet file, one row group each, in the order given.

    Parameters
    ----------
    path : Path
        The file; it is replaced only once the last site is written.
    sites : iterator of OutOfFold
        Only one of them is in memory at a time.
    """
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(
            temporary,
            SCHEMA,
            compression="zstd",
            compression_level=1,
            write_statistics=False,
        ) as writer,
    ):
        for site in sites:
            writer.write_table(_rows(site))


def read_out_of_fold(path: Path) -> Iterator[OutOfFold]:
    """Read the sites of a file that `write_out_of_fold` wrote.

    Parameters
    ----------
    path : Path
        The Parquet file.

    Yields
    ------
    OutOfFold
        One site after the other, in the order of the file.

    Raises
    ------
    ModelError
        If the file was written without the column `is_background`.
    """
    with reading_parquet(path):
        file = pq.ParquetFile(path)
    if "is_background" not in file.schema_arrow.names:
        raise ModelError(
            f"{path} has no column is_background: an earlier minecover wrote it. Run "
            "`dvc repro` and `minecover register` to train and register the model again."
        )
    # Absent where an earlier minecover wrote the file: it knew no chips.
    has_marks = {"chip_label", "look_alike"} <= set(file.schema_arrow.names)
    has_groups = {"group", "ground"} <= set(file.schema_arrow.names)
    for group in range(file.num_row_groups):
        with reading_parquet(path):
            rows = file.read_row_group(group, use_threads=False)
        dates = rows["date"].combine_chunks()
        shape = (
            len(dates.dictionary),
            int(rows["row"].to_numpy().max()) + 1,
            int(rows["col"].to_numpy().max()) + 1,
        )
        yield OutOfFold(
            site_id=str(rows["site_id"][0]),
            fold=int(rows["fold"][0].as_py()),
            dates=tuple(dates.dictionary.to_pylist()),
            label=rows["label"].to_numpy().reshape(shape),
            truth=rows["truth"].to_numpy().reshape(shape),
            valid=rows["valid"].to_numpy().reshape(shape),
            probability=rows["probability"].to_numpy().reshape(shape),
            is_background=bool(rows["is_background"][0].as_py()),
            look_alike=_look_alike(rows, shape) if has_marks else None,
            chip_label=int(rows["chip_label"][0].as_py()) if has_marks else -1,
            group=str(rows["group"][0]) if has_groups else "",
            ground=_ground(rows, shape) if has_groups else None,
        )


def _look_alike(rows: pa.Table, shape: tuple[int, int, int]) -> NDArray[np.bool_] | None:
    """Return the look-alike ground of a site, (row, col); None if it has none."""
    plane: NDArray[np.bool_] = rows["look_alike"].to_numpy().reshape(shape)[-1]
    return plane if plane.any() else None


def _ground(rows: pa.Table, shape: tuple[int, int, int]) -> GroundKinds | None:
    """Return what the labels call the ground of a site, (row, col); None if they name none."""
    column = rows["ground"].combine_chunks()
    names = tuple(column.dictionary.to_pylist())
    if not names:
        return None
    code = column.indices.fill_null(UNNAMED).to_numpy().reshape(shape)[-1]
    return GroundKinds(names, code.astype(np.int8))


def _rows(site: OutOfFold) -> pa.Table:
    """Return the observations of a site as rows, date by date and pixel by pixel."""
    date, row, col = np.indices(site.label.shape, np.int32).reshape(3, -1)
    n = len(date)
    look_alike = np.zeros(1, np.bool_) if site.look_alike is None else site.look_alike
    return pa.table(
        [
            pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), [site.site_id]),
            pa.DictionaryArray.from_arrays(date, list(site.dates)),
            row.astype(np.uint16),
            col.astype(np.uint16),
            pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), [site.group]),
            np.full(n, site.fold, np.int8),
            np.full(n, site.is_background, np.bool_),
            np.full(n, site.chip_label, np.int8),
            np.broadcast_to(look_alike, site.label.shape).ravel(),
            _ground_column(site),
            site.label.ravel(),
            site.truth.ravel(),
            site.valid.ravel(),
            site.probability.ravel(),
        ],
        schema=SCHEMA,
    )


def _ground_column(site: OutOfFold) -> pa.DictionaryArray:
    """Return what the labels call the ground of each observation; null where they do not."""
    names = () if site.ground is None else site.ground.names
    code = np.full(1, UNNAMED) if site.ground is None else site.ground.code
    flat = np.broadcast_to(code, site.label.shape).ravel().astype(np.int32)
    indices = pa.array(flat, mask=flat == UNNAMED)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
