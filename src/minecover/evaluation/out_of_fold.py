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
from minecover.core.files import replacing

#: Columns of the file; `date` is ``YYYY-MM-DD``.
SCHEMA = pa.schema(
    [
        ("site_id", pa.dictionary(pa.int32(), pa.string())),
        ("date", pa.dictionary(pa.int32(), pa.string())),
        ("row", pa.uint16()),
        ("col", pa.uint16()),
        ("fold", pa.int8()),
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
    """

    site_id: str
    fold: int
    dates: tuple[str, ...]
    label: NDArray[np.int8]
    truth: NDArray[np.int8]
    valid: NDArray[np.bool_]
    probability: F32


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
    """
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
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
        )


def _rows(site: OutOfFold) -> pa.Table:
    """Return the observations of a site as rows, date by date and pixel by pixel."""
    date, row, col = np.indices(site.label.shape, np.int32).reshape(3, -1)
    n = len(date)
    return pa.table(
        [
            pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), [site.site_id]),
            pa.DictionaryArray.from_arrays(date, list(site.dates)),
            row.astype(np.uint16),
            col.astype(np.uint16),
            np.full(n, site.fold, np.int8),
            site.label.ravel(),
            site.truth.ravel(),
            site.valid.ravel(),
            site.probability.ravel(),
        ],
        schema=SCHEMA,
    )
