"""Read the body of a request to a served model: CSV, an Arrow IPC stream, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv

from minecover.core.cube import F32
from minecover.prediction.http.checks import (
    MAX_BYTES,
    MAX_ROWS,
    RequestError,
    check_columns,
    check_n_rows,
    too_large,
)
from minecover.prediction.http.json_body import read_json

#: Content types of a request.
CSV, ARROW, JSON = "text/csv", "application/vnd.apache.arrow.stream", "application/json"
#: How CSV writes an undefined value.
CSV_NULLS = ("", "NaN", "nan", "NA", "null")


def read_request(body: bytes, content_type: str, features: Sequence[str]) -> F32:
    """Read the rows of a request.

    Parameters
    ----------
    body : bytes
        A table of the model's features, in any order of columns.
    content_type : str
        HTTP header Content-Type: `CSV`, `ARROW` or `JSON`, of text in UTF-8 only.
    features : sequence of str
        Column names of the result, in order.

    Returns
    -------
    (n, n_features) float32
        NaN where a value is undefined or infinite.

    Raises
    ------
    RequestError
        If the body is empty, too large, not of its content type, or if its columns are not the
        model's features or hold anything but numbers.
    """
    mime, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = {part for part in parameters if part} - {"charset=utf-8", 'charset="utf-8"'}
    if mime not in READERS or charsets:
        raise RequestError(
            f"the body should be {' or '.join(READERS)} in UTF-8, found {content_type!r}. Set "
            "the header Content-Type.",
            415,
        )
    if len(body) > MAX_BYTES:
        raise too_large("more")
    if not body.strip():
        raise RequestError(f"the body is empty. Send rows of {len(features)} features.")
    X = READERS[mime](body, features)
    X[~np.isfinite(X)] = np.nan
    return X


def _read_csv(body: bytes, features: Sequence[str]) -> F32:
    """Read a table whose first line names its columns."""
    header, _, lines = body.partition(b"\n")
    text = header.decode("utf-8", "replace").lstrip("\ufeff")
    names = [name.strip().strip('"') for name in text.split(",")]
    check_columns(names, features)
    lines = lines.rstrip(b"\r\n")
    check_n_rows(lines.count(b"\n") + 1 if lines.strip() else 0)
    try:
        table = pyarrow.csv.read_csv(
            pa.py_buffer(lines),
            read_options=pyarrow.csv.ReadOptions(column_names=names),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(features, pa.float64()),
                include_columns=list(features),
                null_values=list(CSV_NULLS),
            ),
        )
    except pa.ArrowInvalid as error:
        raise RequestError(f"the body is no CSV of numbers: {error}.") from error
    return _to_rows(table)


def _read_arrow(body: bytes, features: Sequence[str]) -> F32:
    """Read an Arrow IPC stream of numeric columns, batch by batch."""
    try:
        reader = pa.ipc.open_stream(pa.py_buffer(body))
        check_columns(reader.schema.names, features)
        for column in reader.schema:
            _check_numeric(column)
        batches, n_rows = [], 0
        for batch in reader:
            batch.validate()
            n_rows += len(batch)
            if n_rows > MAX_ROWS:
                break
            batches.append(batch)
        check_n_rows(n_rows)
        return _to_rows(pa.Table.from_batches(batches, reader.schema).select(list(features)))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise RequestError(f"the body is no Arrow IPC stream: {error}.") from error


def _check_numeric(column: pa.Field) -> None:
    """Refuse an Arrow column that holds anything but numbers and nulls."""
    kinds = (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal, pa.types.is_null)
    if not any(is_kind(column.type) for is_kind in kinds):
        raise RequestError(
            f"{column.name} should be a number, found a column of type {column.type}. Write "
            "null where there is none."
        )


def _to_rows(table: pa.Table) -> F32:
    """Copy Arrow columns into rows; null becomes NaN."""
    check_n_rows(len(table))
    X = np.empty((len(table), table.num_columns), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for index, column in enumerate(table.columns):
            X[:, index] = column.cast(pa.float64(), safe=False).to_numpy()
    return X


READERS: Mapping[str, Callable[[bytes, Sequence[str]], F32]] = {
    CSV: _read_csv,
    ARROW: _read_arrow,
    JSON: read_json,
}
