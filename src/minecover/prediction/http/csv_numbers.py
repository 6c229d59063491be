"""Large tables of numbers, read without a Python object for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv

from minecover.core.cube import F32

#: What stands in no list of JSON numbers and nulls, and would be read as one: text, other
#: levels, and the words for what is no number.
NOT_PLAIN = (b'"', b"[", b"]", b"a", b"i", b"N", b"I")


@dataclass(frozen=True, slots=True)
class PlainTable:
    """Names, and lines of numbers separated by commas."""

    names: list[str]
    lines: bytes


def parse(
    lines: bytes, names: Sequence[str], features: Sequence[str], *, nulls: Sequence[str]
) -> F32:
    """Read lines of numbers separated by commas.

    Parameters
    ----------
    lines : bytes
        A line a row, at least one.
    names : sequence of str
        Of the columns.
    features : sequence of str
        The columns that are wanted, in order.
    nulls : sequence of str
        How an undefined value is written.

    Returns
    -------
    (n, n_features) float32

    Raises
    ------
    pyarrow.ArrowInvalid
        If a value is no number, or a line has not as many as there are names.
    """
    table = pyarrow.csv.read_csv(
        pa.py_buffer(lines),
        read_options=pyarrow.csv.ReadOptions(column_names=list(names)),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(features, pa.float64()),
            include_columns=list(features),
            null_values=list(nulls),
        ),
    )
    X = np.empty((len(table), len(features)), np.float32)
    for index, column in enumerate(table.columns):
        X[:, index] = column.to_numpy()
    return X


def plain_split(body: bytes) -> PlainTable | None:
    """Take ``{"dataframe_split": {"columns": [...], "data": [[...], ...]}}`` apart.

    A decoder of JSON makes a Python object of every number, which for ten thousand rows takes
    longer than all the rest. So the numbers are cut out, and only what is round is decoded.

    Returns
    -------
    PlainTable or None
        None if the body is of another form, or `data` holds strings or other than two levels.
    """
    start = body.find(b"[[", body.find(b'"data"')) if b'"data"' in body else -1
    end = body.rfind(b"]]") + 2
    if not 0 <= start < end:
        return None
    lines = body[start + 2 : end - 2]
    # What stands between the first two rows is taken to stand between all: one pass less.
    first = lines.find(b"]")
    between = lines[first : lines.find(b"[", first) + 1]
    if between in (b"],[", b"], ["):
        lines = lines.replace(between, b"\n")
    if any(mark in lines for mark in NOT_PLAIN):
        return None
    try:
        round_it = orjson.loads(body[:start] + b"[]" + body[end:])
    except orjson.JSONDecodeError:
        return None
    if not isinstance(round_it, dict) or round_it.keys() != {"dataframe_split"}:
        return None
    split = round_it["dataframe_split"]
    if not isinstance(split, dict) or split.keys() != {"columns", "data"}:
        return None
    if split["data"] != [] or not isinstance(split["columns"], list):
        return None
    return PlainTable([str(name) for name in split["columns"]], lines)
